"""Plays the life of a cluster through the official Python SDK of MCP, against a server on the sandbox.

Every answer's structured output is held against the output schema that the server published, and every dry run
against the sandbox's whole state. Prints one line a step; the exit code is 0 only if all of them held.
"""

import argparse
import asyncio
import json
import sys
import time
import urllib.error
import urllib.request

import jsonschema
from mcp import Client, StdioServerParameters
from mcp.types import ElicitResult

TOOLS = {
    "list_postgres_clusters", "get_cluster_status", "create_postgres_cluster", "scale_postgres_cluster",
    "delete_postgres_cluster", "list_postgres_roles", "create_postgres_role", "update_postgres_role",
    "delete_postgres_role", "list_postgres_databases", "create_postgres_database", "delete_postgres_database",
}


class Sandbox:
    """The API that the server under test works on, seen from outside."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method, headers={"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def settled(self):
        """The whole state, once the operator has come to rest."""
        deadline = time.monotonic() + 20
        before = self.request("GET", "/sandbox/snapshot")[1]
        while time.monotonic() < deadline:
            time.sleep(0.4)
            now = self.request("GET", "/sandbox/snapshot")[1]
            if now == before:
                return now
            before = now
        raise AssertionError("the sandbox does not come to rest")

    def exists(self, path):
        return self.request("GET", path)[0] == 200


class Player:
    def __init__(self, client, sandbox):
        self.client = client
        self.sandbox = sandbox
        self.tools = {}

    async def call(self, name, progress=None, /, **arguments):
        result = await self.client.call_tool(name, arguments, progress_callback=progress)
        text = "\n".join(block.text for block in result.content)
        assert not result.is_error, f"{name}({arguments}) failed:\n{text}"
        jsonschema.validate(result.structured_content, self.tools[name].output_schema)
        assert len(text) <= 25_000, f"{name}: the answer has {len(text)} characters"
        return result.structured_content, text

    async def dry(self, name, /, **arguments):
        before = self.sandbox.settled()
        output, _ = await self.call(name, dry_run=True, **arguments)
        assert output["outcome"] == "planned", output
        assert output["changes"], f"{name}: a dry run names no change"
        assert self.sandbox.settled() == before, f"{name}: the dry run changed something"
        said(f"dry run of {name} changes nothing")


def said(text):
    print(f"ok: {text}", flush=True)


async def play(client, sandbox):
    p = Player(client, sandbox)
    listed = await client.list_tools()
    p.tools = {tool.name: tool for tool in listed.tools}
    assert set(p.tools) == TOOLS, sorted(p.tools)
    for tool in p.tools.values():
        assert tool.title and tool.description and tool.output_schema, tool.name
        assert tool.annotations is not None and tool.annotations.read_only_hint is not None, tool.name
    said("twelve tools, each with title, annotations and output schema")

    await p.dry("create_postgres_cluster", name="orders", instances=2, storage_size="2Gi")
    seen = []

    async def progress(done, total, message):
        seen.append((done, total, message))

    output, _ = await p.call("create_postgres_cluster", progress, name="orders", instances=2, storage_size="2Gi", wait=True)
    assert output["outcome"] == "done" and output["ready_instances"] == 2, output
    assert len(seen) >= 2, f"progress was reported {len(seen)} times: {seen}"
    said(f"created with wait, {len(seen)} progress notifications")

    output, _ = await p.call("list_postgres_clusters")
    assert "orders" in [c["name"] for c in output["clusters"]], output
    output, text = await p.call("get_cluster_status", name="orders", detail_level="detailed")
    assert len(output["details"]["instances"]) == 2, output
    assert "orders-1" in text, text
    said("listed, status detailed")

    await p.dry("scale_postgres_cluster", name="orders", instances=3)
    output, _ = await p.call("scale_postgres_cluster", name="orders", instances=3, wait=True)
    assert (output["instances_before"], output["instances"], output["ready_instances"]) == (2, 3, 3), output
    output, _ = await p.call("scale_postgres_cluster", name="orders", instances=3)
    assert output["outcome"] == "unchanged", output
    said("scaled, and scaled again to the same")

    await p.dry("create_postgres_role", cluster_name="orders", role_name="app_user")
    role, _ = await p.call("create_postgres_role", cluster_name="orders", role_name="app_user")
    secret = role["password_secret"]
    assert sandbox.exists(f"/api/v1/namespaces/default/secrets/{secret}"), secret
    await p.dry("update_postgres_role", cluster_name="orders", role_name="app_user", createdb=True)
    output, _ = await p.call("update_postgres_role", cluster_name="orders", role_name="app_user", createdb=True)
    assert output["outcome"] == "done", output
    output, _ = await p.call("update_postgres_role", cluster_name="orders", role_name="app_user", createdb=True)
    assert output["outcome"] == "unchanged", output
    version = sandbox.request("GET", f"/api/v1/namespaces/default/secrets/{secret}")[1]["data"]["password"]
    await p.dry("update_postgres_role", cluster_name="orders", role_name="app_user", rotate_password=True)
    output, text = await p.call("update_postgres_role", cluster_name="orders", role_name="app_user", rotate_password=True)
    rotated = sandbox.request("GET", f"/api/v1/namespaces/default/secrets/{secret}")[1]["data"]["password"]
    assert rotated != version and output["password_changed"], output
    said("role created, updated, password rotated")

    for name in ("my_db", "reports"):
        await p.dry("create_postgres_database", cluster_name="orders", database_name=name, owner="app_user")
        await p.call("create_postgres_database", cluster_name="orders", database_name=name, owner="app_user")
    output, _ = await p.call("list_postgres_databases", cluster_name="orders")
    assert sorted(d["database"] for d in output["databases"]) == ["my_db", "reports"], output
    output, _ = await p.call("list_postgres_roles", cluster_name="orders")
    assert [r["name"] for r in output["roles"]] == ["app_user"], output
    said("two databases made, both kinds listed")

    await p.dry("delete_postgres_database", cluster_name="orders", database_name="reports")
    output, _ = await p.call("delete_postgres_database", cluster_name="orders", database_name="reports")
    assert output["outcome"] == "done", output
    await p.call("create_postgres_role", cluster_name="orders", role_name="leaving")
    await p.dry("delete_postgres_role", cluster_name="orders", role_name="leaving")
    output, _ = await p.call("delete_postgres_role", cluster_name="orders", role_name="leaving")
    assert len(output["deleted_secrets"]) == 1, output
    said("database and role deleted")

    foreign = {
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": {"key": "value"},
        "metadata": {"name": "foreign", "labels": {"cnpg.io/cluster": "orders"}},
    }
    assert sandbox.request("POST", "/api/v1/namespaces/default/secrets", foreign)[0] == 201
    await p.dry("delete_postgres_cluster", name="orders")
    before = sandbox.settled()
    output, text = await p.call("delete_postgres_cluster", name="orders")
    assert output["outcome"] == "unconfirmed" and "confirm_deletion" in text, output
    assert sandbox.settled() == before, "an unconfirmed deletion changed something"
    output, _ = await p.call("delete_postgres_cluster", name="orders", confirm_deletion=True)
    assert output["outcome"] == "done" and output["deleted_secrets"] == [secret], output
    sandbox.settled()
    assert not sandbox.exists("/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/orders")
    assert not sandbox.exists(f"/api/v1/namespaces/default/secrets/{secret}")
    assert sandbox.exists("/api/v1/namespaces/default/secrets/foreign")
    said("cluster deleted only when confirmed, with its own role secrets and no other")


async def ask(make_client, sandbox):
    """A client that can be asked is asked, and its answer counts."""
    answers = iter(["decline", "accept"])
    questions = []

    async def answer(_context, params):
        questions.append(params.message)
        action = next(answers)
        return ElicitResult(action=action, content={"confirm": True} if action == "accept" else None)

    async with make_client(answer) as client:
        await client.list_tools()
        result = await client.call_tool("delete_postgres_cluster", {"name": "main-db"})
        assert result.structured_content["outcome"] == "unconfirmed", result
        result = await client.call_tool("delete_postgres_cluster", {"name": "main-db"})
        assert result.structured_content["outcome"] == "done", result
    assert len(questions) == 2 and "main-db" in questions[0], questions
    assert not sandbox.exists("/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/main-db")
    said("asked twice: a refusal keeps the cluster, a yes deletes it")


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=["legacy", "auto"], required=True, help="legacy: initialize and sessions; auto: 2026-07-28")
    parser.add_argument("--sandbox", required=True, help="URL of the sandbox behind the server")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="streamable HTTP endpoint")
    where.add_argument("--command", nargs=argparse.REMAINDER, help="server to start, speaking on stdio")
    arguments = parser.parse_args()
    sandbox = Sandbox(arguments.sandbox)

    def make_client(elicitation=None):
        target = arguments.url or StdioServerParameters(command=arguments.command[0], args=arguments.command[1:])
        return Client(target, mode=arguments.mode, elicitation_callback=elicitation)

    async with make_client() as client:
        await play(client, sandbox)
    await ask(make_client, sandbox)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
