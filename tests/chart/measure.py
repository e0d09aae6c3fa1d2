"""Measures the image without Docker: its size, how long the server takes to be ready, and its memory, idle and under load.

    image/build.sh && .tools/chart/bin/python tests/chart/measure.py

The server is started from the assembled root file system and works on a sandbox in another process, which is not
measured. The load is eight clients that look at clusters, 4,000 calls in all.
"""

import concurrent.futures
import gzip
import os
import pathlib
import statistics
import subprocess
import tarfile
import tempfile
import time

import helm
import world

CLIENTS, CALLS, STARTS = 8, 500, 20
MIB = 1 << 20


def look(client):
    """Half of the calls of one client list, half look closer."""
    for number in range(CALLS):
        name, arguments = ("list_postgres_clusters", {"all_namespaces": True}) if number % 2 else ("get_cluster_status", {"name": "main-db"})
        well, text = client.call(name, arguments)
        assert well, text


def memory(process, key):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) / 1024


def server(rootfs, kubeconfig):
    """A server that is ready: its process, its port, and how long that took, in milliseconds."""
    port = world.free_port()
    # By its path: its process is the one that is measured.
    command = [rootfs / "usr/local/bin/cnpg-mcp-server", "--transport=http", "--auth=none", f"--port={port}", "--toolsets=all"]
    began = time.monotonic()
    process = subprocess.Popen([*command, f"--kubeconfig={kubeconfig}"], stderr=subprocess.DEVNULL)
    world.until(lambda: world.ready(port), "the server", process)
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
    os.environ.setdefault("IMAGE_PROFILE", "release")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rootfs = folder / "rootfs"
        subprocess.run([helm.ROOT / "image/rootfs.sh", world.binary("cnpg-mcp").parent, rootfs], check=True)
        files, layer = sizes(rootfs)
        print(f"image: {files / MIB:.1f} MiB, as a registry keeps it {layer / MIB:.1f} MiB")
        with world.sandbox(folder) as sandbox:
            taken = []
            for _ in range(STARTS):
                process, _, ready = server(rootfs, sandbox.kubeconfig)
                taken.append(ready)
                stop(process)
            print(f"ready after: {statistics.median(taken):.0f} ms (median of {STARTS}, at most {max(taken):.0f} ms)")

            process, port, _ = server(rootfs, sandbox.kubeconfig)
            time.sleep(1)
            print(f"resident memory, idle: {memory(process, 'VmRSS'):.0f} MiB")
            clients = [world.Client(port) for _ in range(CLIENTS)]
            began, used = time.monotonic(), cpu(process)
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(look, clients))
            took, used = time.monotonic() - began, cpu(process) - used
            count = CLIENTS * CALLS
            most = memory(process, "VmHWM")
            print(f"resident memory, under load: at most {most:.0f} MiB ({count} calls by {CLIENTS} clients in {took:.1f} s)")
            print(f"CPU: {used / count * 1000:.2f} ms a call")
            stop(process)


def cpu(process):
    """Seconds of CPU that a process has used."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
