"""A sandbox, Helm on it, servers and clients: real processes of the binaries that `make test` builds."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

import yaml

import helm


def binary(name):
    """A binary of this workspace, of the profile that is asked for."""
    path = helm.ROOT / "target" / os.environ.get("IMAGE_PROFILE", "debug") / name
    assert path.exists(), f"{path} is not built; run `cargo build --workspace --bins` first"
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(true, what, process, seconds=30):
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, f"{what}: the process has ended"
        assert time.monotonic() < end, f"{what}: not within {seconds} seconds"
        time.sleep(0.002)


def ready(port):
    """Whether a server says that it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


@contextlib.contextmanager
def running(command, log):
    """A process, until the end of the block."""
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


class Sandbox:
    """A sandbox with two clusters to look at, seen by its administrator."""

    def __init__(self, folder, kubeconfig):
        self.folder, self.kubeconfig = folder, kubeconfig
        self.config = yaml.safe_load(kubeconfig.read_text())
        self.url = self.config["clusters"][0]["cluster"]["server"]

    def request(self, method, path, body=None):
        """What the API answers, as JSON."""
        kinds = {"PATCH": "application/merge-patch+json"}
        headers = {"Content-Type": kinds.get(method, "application/json"), "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method), timeout=30) as answer:
            return json.load(answer)

    def exists(self, path):
        try:
            self.request("GET", path)
        except urllib.error.HTTPError as error:
            assert error.code == 404, error
            return False
        return True

    def token_of(self, namespace, account):
        """A token of a service account, as its pods have one."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        return self.request("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]

    def kubeconfig_of(self, namespace, account, url=None):
        """A kubeconfig with such a token; `url` is another way to the API."""
        config = json.loads(json.dumps(self.config))
        config["users"][0]["user"] = {"token": self.token_of(namespace, account)}
        config["contexts"][0]["context"]["namespace"] = namespace
        config["clusters"][0]["cluster"]["server"] = url or self.url
        file = self.folder / f"{account}.kubeconfig"
        file.write_text(yaml.safe_dump(config))
        return file


@contextlib.contextmanager
def sandbox(folder, *flags):
    file = folder / "kubeconfig"
    with running([binary("cnpg-mcp"), "sandbox", "--kubeconfig-out", file, *flags], folder / "sandbox.log") as process:
        until(lambda: file.exists() and file.read_text().endswith("\n"), "the sandbox", process)
        yield Sandbox(folder, file)


@contextlib.contextmanager
def server(folder, kubeconfig, flags):
    """The main server with flags, over HTTP: an MCP client of it."""
    port = free_port()
    command = [binary("cnpg-mcp-server"), "--transport=http", "--auth=none", f"--port={port}", f"--kubeconfig={kubeconfig}"]
    with running([*command, *flags], folder / "server.log") as process:
        until(lambda: ready(port), "the server", process)
        yield Client(port)


class Client:
    """An MCP client over HTTP, with a session; with a token, where one is needed."""

    def __init__(self, port, path="/mcp", token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.path = path
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.number = 0
        about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        self.post("initialize", about)
        self.post("notifications/initialized")

    def post(self, method, params=None):
        """Sends a message: the result, where it has one."""
        message = {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})}
        if not method.startswith("notifications/"):
            self.number += 1
            message["id"] = self.number
        self.connection.request("POST", self.path, json.dumps(message), self.headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        assert response.status in (200, 202), (response.status, text)
        if session := response.headers.get("Mcp-Session-Id"):
            self.headers["Mcp-Session-Id"] = session
        lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
        answers = [json.loads(line) for line in lines if line] or ([json.loads(text)] if text.strip() else [])
        return next((answer["result"] for answer in answers if answer.get("id") == message.get("id") and "result" in answer), None)

    def tools(self):
        return {tool["name"] for tool in self.post("tools/list", {})["tools"]}

    def call(self, tool, arguments):
        """Whether a call went well, and its text."""
        result = self.post("tools/call", {"name": tool, "arguments": arguments})
        return not result.get("isError", False), result["content"][0]["text"]
