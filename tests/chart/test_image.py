"""The image without Docker: its root file system is assembled by the script that the Dockerfile calls, and the servers are
started from it, as the user of the image."""

import json
import os
import re
import stat
import subprocess

import pytest

import helm
import world
from image import LISTED, assemble, run, started

DOCKERFILE = (helm.ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory):
    return assemble(tmp_path_factory.mktemp("image"))


def test_every_binary_starts_with_nothing_else_around(rootfs):
    for binary in LISTED:
        done = run(rootfs, f"/usr/local/bin/{binary}", "--version")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{binary} ")


def test_the_server_serves_over_http(rootfs):
    port = world.free_port()
    with started(rootfs, "/usr/local/bin/cnpg-mcp-server", "--transport=http", "--auth=none", "--sandbox", f"--port={port}") as log:
        # The command that `helm test` runs, from the image too.
        asked = run(rootfs, "/usr/local/bin/cnpg-mcp", "probe", "--within=30", f"200=http://127.0.0.1:{port}/healthz", f"200=http://127.0.0.1:{port}/readyz")
        assert asked.returncode == 0, asked.stdout + log.read_text()
        wrong = run(rootfs, "/usr/local/bin/cnpg-mcp", "probe", f"204=http://127.0.0.1:{port}/readyz")
        assert (wrong.returncode, wrong.stdout) == (1, f"failed  204 http://127.0.0.1:{port}/readyz: it answers 200\n")


def test_the_server_serves_over_stdio(rootfs):
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    }
    done = run(rootfs, "/usr/local/bin/cnpg-mcp-server", "--sandbox", input=json.dumps(hello) + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["result"]["serverInfo"]["name"]


def test_what_the_chart_starts_is_in_the_image(rendered):
    for objects in rendered.values():
        pods = [helm.one(objects, "Deployment")["spec"]["template"], helm.one(objects, "Pod")]
        for container in (c for pod in pods for c in pod["spec"]["containers"]):
            (program,) = container["command"]
            assert program.removeprefix("/usr/local/bin/") in LISTED


def test_nothing_else_is_in_the_image(rootfs):
    found = {str(path.relative_to(rootfs)) for path in rootfs.rglob("*") if path.is_file()}
    libraries = {path for path in found if re.search(r"\.so(\.[0-9.]+)?$", path)}
    assert found - libraries == {
        *(f"usr/local/bin/{binary}" for binary in LISTED),
        "etc/ssl/certs/ca-certificates.crt",
        "etc/passwd",
        "etc/group",
        "etc/nsswitch.conf",
    }
    assert not any(path.is_symlink() for path in rootfs.rglob("*"))
    certificates = (rootfs / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert certificates.count("BEGIN CERTIFICATE") > 50


def test_the_user_of_the_image_can_change_nothing_in_it(rootfs):
    for path in rootfs.rglob("*"):
        mode = path.stat().st_mode
        assert not mode & (stat.S_ISUID | stat.S_ISGID), path
        assert path == rootfs / "tmp" or not mode & (stat.S_IWGRP | stat.S_IWOTH), path
        assert path.stat().st_uid == os.getuid(), path
    assert stat.S_IMODE((rootfs / "tmp").stat().st_mode) == 0o1777


def test_a_missing_binary_is_named_with_its_package(tmp_path):
    done = subprocess.run([helm.ROOT / "image/rootfs.sh", tmp_path, tmp_path / "rootfs"], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{tmp_path}/cnpg-mcp-server is missing; build package cnpg-mcp\n" in done.stderr


def test_a_root_file_system_is_never_made_on_top_of_another(rootfs):
    done = subprocess.run([helm.ROOT / "image/rootfs.sh", world.binary("cnpg-mcp").parent, rootfs], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"error: {rootfs} is there already; take it away first\n")


@pytest.mark.parametrize(("arguments", "profile"), [([], "release"), (["--debug"], "debug")])
def test_the_listed_binaries_are_built_as_the_lock_file_says(tmp_path, arguments, profile):
    """With a stand-in for cargo, which only tells how it was called."""
    (tmp_path / "cargo").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "cargo").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([helm.ROOT / "image/build.sh", *arguments], env=environment, capture_output=True, text=True, check=True)
    call, folder = done.stdout.splitlines()
    pairs = subprocess.run([helm.ROOT / "image/list.sh"], capture_output=True, text=True, check=True).stdout.splitlines()
    selected = " ".join("--package {} --bin {}".format(*pair.split()) for pair in pairs)
    assert call == f"build --locked {'--release ' if profile == 'release' else ''}{selected}"
    assert folder == str(helm.ROOT / "target" / profile)


def instructions(stage):
    """The instructions of a stage of the Dockerfile, each on one line."""
    text = re.sub(r"\\\n\s*", "", "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")))
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    return [line for line in stages[stage].splitlines() if line]


def test_the_dockerfile_does_what_is_tested_here():
    build, final = instructions(0), instructions(1)
    assert build[-1].endswith("image/build.sh && image/rootfs.sh target/release /rootfs")
    assert final[0] == "FROM scratch"
    # Nothing comes into the image but that.
    assert [line for line in final if line.startswith(("COPY", "ADD", "RUN"))] == ["COPY --from=build /rootfs /"]
    assert "USER 1000:1000" in final
    assert 'ENTRYPOINT ["/usr/local/bin/cnpg-mcp-server"]' in final
    labels = "".join(line for line in final if line.startswith("LABEL"))
    for label in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in labels


def test_the_image_is_built_with_the_compiler_that_the_crates_ask_for():
    version = re.search(r'rust-version = "([0-9.]+)"', (helm.ROOT / "Cargo.toml").read_text())[1]
    assert instructions(0)[0].startswith(f"FROM rust:{version}-")


def test_nothing_secret_is_sent_to_docker():
    lines = [line for line in (helm.ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    members = set(re.findall(r'"(\w+)"', re.search(r"^members = \[(.*)\]", (helm.ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]))
    assert let_in == {"Cargo.toml", "Cargo.lock", "image", "specs", *members}


def test_what_is_listed_is_what_the_crates_have():
    pairs = subprocess.run([helm.ROOT / "image/list.sh"], capture_output=True, text=True, check=True).stdout.splitlines()
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version=1", "--offline"], cwd=helm.ROOT, capture_output=True, text=True, check=True
    )
    binaries = {
        f"{package['name']} {target['name']}"
        for package in json.loads(metadata.stdout)["packages"]
        for target in package["targets"]
        if "bin" in target["kind"]
    }
    assert set(pairs) <= binaries
