"""Logs in through the official Python SDK of MCP, or FastMCP: login, list, call, refresh after expiry, revoke."""

import argparse
import asyncio
import json
import pathlib
import urllib.parse
import urllib.request

import fastmcp
from fastmcp.client.auth import OAuth
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

PERSON = pathlib.Path(__file__).with_name("person.mjs")


class Person:
    """Logs in when asked to, and counts how often that was."""

    def __init__(self, node):
        self.node = node
        self.logins = 0
        self.back = None

    async def open(self, link):
        self.logins += 1
        process = await asyncio.create_subprocess_exec(
            self.node, str(PERSON), link, "--print", stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, "the login failed"
        self.back = urllib.parse.parse_qs(urllib.parse.urlsplit(printed.decode().strip()).query)

    async def came_back(self):
        return AuthorizationCodeResult(**{name: self.back[name][0] for name in ("code", "state", "iss")})


class Memory:
    """Keeps tokens and registration."""

    def __init__(self):
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class FastLogin(OAuth):
    """FastMCP's own way of logging in, without its browser and its listener."""

    def __init__(self, person):
        super().__init__(client_name="FastMCP")
        self.person = person

    async def redirect_handler(self, authorization_url):
        await self.person.open(authorization_url)

    async def callback_handler(self):
        return await self.person.came_back()


def revoke(url, client, token):
    root = urllib.parse.urlsplit(url)._replace(path="/.well-known/oauth-authorization-server").geturl()
    with urllib.request.urlopen(root) as answer:
        endpoint = json.load(answer)["revocation_endpoint"]
    form = urllib.parse.urlencode({"client_id": client, "token": token}).encode()
    with urllib.request.urlopen(endpoint, form) as answer:
        assert answer.status == 200, answer.status


async def play(list_tools, call, context, person, url, expiry):
    assert person.logins == 1, person.logins
    assert "echo_role" in await list_tools(), "the tool is listed"
    await call("echo_role", {"role_name": "app_user"})
    first = context.current_tokens.access_token
    await asyncio.sleep(expiry)
    await call("echo_role", {"role_name": "app_user"})
    assert context.current_tokens.access_token != first, "the token was refreshed"
    assert person.logins == 1, "nobody was asked again"
    revoke(url, context.client_info.client_id, context.current_tokens.refresh_token)
    await call("echo_role", {"role_name": "app_user"})
    assert person.logins == 2, "after revocation somebody has to log in"


async def official(url, mode, person, expiry):
    metadata = OAuthClientMetadata(
        client_name="Python SDK", redirect_uris=["http://127.0.0.1:33418/callback"], token_endpoint_auth_method="none"
    )
    auth = OAuthClientProvider(url, metadata, Memory(), person.open, person.came_back)
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode, cache=None) as client:

            async def list_tools():
                return [tool.name for tool in (await client.list_tools()).tools]

            async def call(name, arguments):
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result

            await play(list_tools, call, auth.context, person, url, expiry)


async def fast(url, person, expiry):
    auth = FastLogin(person)
    async with fastmcp.Client(url, auth=auth) as client:

        async def list_tools():
            return [tool.name for tool in await client.list_tools()]

        await play(list_tools, client.call_tool, auth.context, person, url, expiry)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--client", choices=["legacy", "auto", "fastmcp"], required=True)
    parser.add_argument("--expiry", type=float, required=True, help="seconds after which an access token has expired")
    parser.add_argument("--node", required=True)
    options = parser.parse_args()
    person = Person(options.node)
    if options.client == "fastmcp":
        asyncio.run(fast(options.url, person, options.expiry))
    else:
        asyncio.run(official(options.url, options.client, person, options.expiry))
    print("ok")


main()
