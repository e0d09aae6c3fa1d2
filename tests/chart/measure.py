"""Measures the image without Docker: its size, how long the server takes to be ready, and its memory, idle and under load.

    image/build.sh && .tools/chart/bin/python tests/chart/measure.py

The server is started from the assembled root file system and works on a sandbox in another process, which is not
measured. The load is eight clients that look at clusters, 4,000 calls in all.
"""

import concurrent.futures
import gzip
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tarfile
import tempfile
import time

import helm

CLIENTS, CALLS, STARTS = 8, 500, 20
MIB = 1 << 20


class Client:
    """An MCP client over HTTP, with a session."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "measure", "version": "1"}}
        self.post({"id": 0, "method": "initialize", "params": about})
        self.post({"method": "notifications/initialized"})

    def post(self, message):
        self.connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", **message}), self.headers)
        response = self.connection.getresponse()
        body = response.read()
        assert response.status in (200, 202), (response.status, body)
        if session := response.headers.get("Mcp-Session-Id"):
            self.headers["Mcp-Session-Id"] = session
        return body

    def calls(self, count):
        for number in range(1, count + 1):
            name, arguments = ("list_postgres_clusters", {"all_namespaces": True}) if number % 2 else ("get_cluster_status", {"name": "main-db"})
            body = self.post({"id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
            assert b'"isError":true' not in body, body


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(port):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.001)
    raise SystemExit("error: the server is not ready within 30 seconds")


def memory(process, key):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) / 1024


def server(rootfs, kubeconfig):
    """A server that is ready: its process, its port, and how long that took, in milliseconds."""
    port = free_port()
    # By its path: its process is the one that is measured.
    command = [rootfs / "usr/local/bin/cnpg-mcp-server", "--transport=http", "--auth=none", f"--port={port}", "--toolsets=all"]
    began = time.monotonic()
    process = subprocess.Popen([*command, f"--kubeconfig={kubeconfig}"], stderr=subprocess.DEVNULL)
    wait_until_ready(port)
    return process, port, (time.monotonic() - began) * 1000


def stop(process):
    process.terminate()
    process.wait(timeout=30)


def sizes(rootfs):
    """Bytes of the files, and of the layer as a registry keeps it."""
    files = sum(path.stat().st_size for path in rootfs.rglob("*") if path.is_file())
    layer = rootfs.parent / "layer.tar.gz"
    with gzip.open(layer, "wb", compresslevel=6) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(rootfs, arcname=".")
    return files, layer.stat().st_size


def main():
    binaries = helm.ROOT / "target" / os.environ.get("IMAGE_PROFILE", "release")
    with tempfile.TemporaryDirectory() as folder:
        rootfs, kubeconfig = pathlib.Path(folder, "rootfs"), pathlib.Path(folder, "kubeconfig")
        subprocess.run([helm.ROOT / "image/rootfs.sh", binaries, rootfs], check=True)
        files, layer = sizes(rootfs)
        print(f"image: {files / MIB:.1f} MiB, as a registry keeps it {layer / MIB:.1f} MiB")

        sandbox = subprocess.Popen([binaries / "cnpg-mcp", "sandbox", "--kubeconfig-out", kubeconfig], stdout=subprocess.DEVNULL)
        try:
            while not kubeconfig.exists():
                assert sandbox.poll() is None, "the sandbox did not start"
                time.sleep(0.01)
            taken = []
            for _ in range(STARTS):
                process, _, ready = server(rootfs, kubeconfig)
                taken.append(ready)
                stop(process)
            print(f"ready after: {statistics.median(taken):.0f} ms (median of {STARTS}, at most {max(taken):.0f} ms)")

            process, port, _ = server(rootfs, kubeconfig)
            time.sleep(1)
            print(f"resident memory, idle: {memory(process, 'VmRSS'):.0f} MiB")
            clients = [Client(port) for _ in range(CLIENTS)]
            began, used = time.monotonic(), cpu(process)
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(lambda client: client.calls(CALLS), clients))
            took, used = time.monotonic() - began, cpu(process) - used
            count = CLIENTS * CALLS
            print(f"resident memory, under load: at most {memory(process, 'VmHWM'):.0f} MiB ({count} calls by {CLIENTS} clients in {took:.1f} s)")
            print(f"CPU: {used / count * 1000:.2f} ms a call")
            stop(process)
        finally:
            stop(sandbox)


def cpu(process):
    """Seconds of CPU that a process has used."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
