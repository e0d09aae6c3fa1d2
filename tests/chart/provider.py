"""The OpenID provider of the tests, and a person who logs in there through the server."""

import contextlib
import http.client
import json
import re
import subprocess
import urllib.parse
import urllib.request

import helm

NODE = helm.ROOT / "tests/provider/node"

# The server's client there (tests/provider/src/lib.rs).
CLIENT = "cnpg-mcp"
CLIENT_SECRET = "provider-client-secret-of-cnpg-mcp-0123456789"

# From RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
REDIRECT = "http://127.0.0.1:33418/callback"


@contextlib.contextmanager
def provider():
    """The issuer of a provider, until the end of the block."""
    assert (NODE / "node_modules/oidc-provider").exists(), "run tests/provider/install.sh first"
    installed = helm.ROOT / ".tools/node/node_modules/.bin/node"
    node = installed if installed.exists() else "node"
    process = subprocess.Popen([node, NODE / "main.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait(timeout=30)


def minted(issuer, audience):
    """An access token of the provider's own."""
    body = json.dumps({"audience": audience}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{issuer}control/mint", body, method="POST")) as answer:
        return json.load(answer)["token"]


class Person:
    """A person with a browser and an MCP client. The server is behind a name at which it listens on a port here."""

    def __init__(self, port, name="mcp.example.com"):
        self.port, self.name, self.cookies, self.tokens = port, name, {}, {}

    def ask(self, method, address, form=None, body=None, headers=None):
        """An answer: its status, headers and text. `address` is a path, or the public address with one."""
        place = urllib.parse.urlsplit(address)
        at = f"127.0.0.1:{self.port}" if place.netloc in ("", self.name) else place.netloc
        sent = {"Host": place.netloc or self.name, **(headers or {})}
        if at.endswith(f":{self.port}") and self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            body, sent["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None:
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection(at, timeout=30)
        connection.request(method, f"{place.path}?{place.query}" if place.query else place.path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers, text

    def log_in(self):
        """Registers a client, and goes the way of a login: the client has tokens then."""
        status, _, text = self.ask("POST", "/register", body={"client_name": "Test", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"})
        assert status == 201, text
        self.client = json.loads(text)["client_id"]
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": REDIRECT,
            "state": "state-of-the-client-0123456789",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        _, sent, _ = self.ask("GET", f"/authorize?{urllib.parse.urlencode(asked)}")
        _, _, page = self.ask("GET", sent["Location"])
        hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("transaction", "form_token")}
        _, approved, _ = self.ask("POST", "/consent", form={**hidden, "decision": "allow"})
        _, back, _ = self.ask("GET", approved["Location"])
        _, returned, _ = self.ask("GET", back["Location"])
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(returned["Location"]).query)["code"][0]
        status, text = self.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
        assert status == 200, text

    def token(self, **form):
        """Asks for tokens; they are kept where there are any."""
        status, _, text = self.ask("POST", "/token", form={"client_id": self.client, **form})
        if status == 200:
            self.tokens = json.loads(text)
        return status, text

    def refresh(self):
        """The status of asking for new tokens."""
        return self.token(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])[0]

    def call(self, tool, arguments):
        """The status of a call of a tool, and its answer."""
        # Without a session (MCP 2026-07-28): one request.
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": meta}}
        headers = {
            "Accept": "application/json, text/event-stream",
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        status, _, text = self.ask("POST", "/mcp", body=message, headers=headers)
        return status, text
