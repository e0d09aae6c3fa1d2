"""Measures the image without Docker: its size, how long each server takes to be ready, and its memory, idle and under load.

    image/build.sh && .tools/chart/bin/python tests/chart/measure.py

The servers are started from the assembled root file system as the chart starts them, with metrics, people who log in and all
toolsets; they work on a sandbox in another process, which is not measured, as the provider is not. The load is eight clients
that look at clusters, 4,000 calls in all, while metrics are read.
"""

import base64
import concurrent.futures
import contextlib
import gzip
import os
import pathlib
import statistics
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.request

import helm
import provider
import world

CLIENTS, CALLS, STARTS = 8, 500, 20
MIB = 1 << 20
AUDIENCE = "https://mcp.example.com/mcp"


def look(client):
    """Half of the calls of one client list, half look closer."""
    for number in range(CALLS):
        name, arguments = ("list_postgres_clusters", {"all_namespaces": True}) if number % 2 else ("get_cluster_status", {"name": "main-db"})
        well, text = client.call(name, arguments)
        assert well, text


class Server:
    """One of both, started from the image."""

    def __init__(self, rootfs, folder, kubeconfig, name):
        self.port, self.metrics_port = world.free_port(), world.free_port()
        flags = ["--transport=http", "--auth=oauth"] if name == "cnpg-mcp-server" else []
        # By its path: its process is the one that is measured.
        command = [rootfs / "usr/local/bin" / name, *flags, f"--port={self.port}", f"--config={folder / 'oidc.yaml'}", f"--kubeconfig={kubeconfig}"]
        more = ["--host=127.0.0.1", "--toolsets=all", "--log-format=json", "--log-level=info", f"--metrics-port={self.metrics_port}"]
        began = time.monotonic()
        self.process = subprocess.Popen([*command, *more], stderr=subprocess.DEVNULL)
        world.until(lambda: world.ready(self.port), name, self.process)
        self.ready = (time.monotonic() - began) * 1000

    def memory(self, key):
        """In MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) / 1024

    def cpu(self):
        """Seconds of CPU that it has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    @contextlib.contextmanager
    def scraped(self):
        """Metrics are read each second, as Prometheus does, only more often."""
        ended, seen = threading.Event(), []

        def scrape():
            while not ended.wait(1):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
                    seen.append(len(answer.read()))

        thread = threading.Thread(target=scrape)
        thread.start()
        yield
        ended.set()
        thread.join()
        assert seen


def sizes(rootfs):
    """Bytes of the files, and of the layer as a registry keeps it."""
    files = sum(path.stat().st_size for path in rootfs.rglob("*") if path.is_file())
    layer = rootfs.parent / "layer.tar.gz"
    with gzip.open(layer, "wb", compresslevel=6) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(rootfs, arcname=".")
    return files, layer.stat().st_size


def configure(folder, issuer):
    (folder / "secret").write_text(provider.CLIENT_SECRET)
    (folder / "keys").write_text(base64.b64encode(os.urandom(32)).decode())
    lines = {
        "issuer": issuer,
        "audience": AUDIENCE,
        "client_id": provider.CLIENT,
        "client_secret_file": folder / "secret",
        "signing_key_file": folder / "keys",
        "public_url": "https://mcp.example.com",
    }
    (folder / "oidc.yaml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))


def token(issuer, server, name):
    """What lets a client in: a person's token of the server, or one of the provider."""
    if name == "cnpg-mcp-test-server":
        return "/test", provider.minted(issuer, AUDIENCE)
    person = provider.Person(server.port)
    person.log_in()
    return "/mcp", person.tokens["access_token"]


def measure(start, issuer, name):
    taken = []
    for _ in range(STARTS):
        server = start(name)
        taken.append(server.ready)
        server.stop()
    print(f"{name}: ready after {statistics.median(taken):.0f} ms (median of {STARTS}, at most {max(taken):.0f} ms)")

    server = start(name)
    time.sleep(1)
    print(f"{name}: resident memory, idle: {server.memory('VmRSS'):.0f} MiB")
    clients = [world.Client(server.port, *token(issuer, server, name)) for _ in range(CLIENTS)]
    began, used = time.monotonic(), server.cpu()
    with server.scraped(), concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(look, clients))
    took, used = time.monotonic() - began, server.cpu() - used
    count = CLIENTS * CALLS
    print(f"{name}: resident memory, under load: at most {server.memory('VmHWM'):.0f} MiB ({count} calls by {CLIENTS} clients in {took:.1f} s)")
    print(f"{name}: CPU: {used / count * 1000:.2f} ms a call")
    server.stop()


def main():
    os.environ.setdefault("IMAGE_PROFILE", "release")
    with tempfile.TemporaryDirectory() as name, provider.provider() as issuer:
        folder = pathlib.Path(name)
        rootfs = folder / "rootfs"
        subprocess.run([helm.ROOT / "image/rootfs.sh", world.binary("cnpg-mcp").parent, rootfs], check=True)
        files, layer = sizes(rootfs)
        print(f"image: {files / MIB:.1f} MiB, as a registry keeps it {layer / MIB:.1f} MiB")
        configure(folder, issuer)
        with world.sandbox(folder) as sandbox:
            for server in ("cnpg-mcp-server", "cnpg-mcp-test-server"):
                measure(lambda name: Server(rootfs, folder, sandbox.kubeconfig, name), issuer, server)


if __name__ == "__main__":
    main()
