"""Disaster recovery, rehearsed and timed: docs/backup.md is done to a release with a person logged in, whose cluster is then
lost with everything in it."""

import base64
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
import yaml

import guides
import helm
import pods
import provider
import world
from image import assemble, started

# Seconds; docs/backup.md promises it.
PROMISED = 300

GUIDE = (helm.ROOT / "docs/backup.md").read_text()
COMMAND = f"#!/bin/sh\nexec {sys.executable} {helm.ROOT}/tests/chart/helm_command.py \"$@\"\n"
NAMESPACE = "databases"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mcp-server"


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory):
    return assemble(tmp_path_factory.mktemp("image"))


@contextlib.contextmanager
def redis(folder, port=None):
    """The address of a Redis with nothing in it, until the end of the block."""
    port = port or world.free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
    with world.running(command, folder / "redis.log") as process:

        def answers():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return True
            return False

        world.until(answers, "Redis", process)
        yield f"redis://127.0.0.1:{port}"


def begin(folder, address):
    """What an administrator has before the first `make`."""
    values = {
        "oidc": {"issuer": "https://issuer.example.com/", "audience": "https://mcp.example.com/api", "clientId": provider.CLIENT},
        "publicUrl": "https://mcp.example.com",
        "rbac": {"targetNamespaces": ["default"]},
        **({"sessionStore": {"redis": {"url": address}}} if address else {}),
    }
    (folder / "auth0-values.yaml").write_text(yaml.safe_dump(values))
    (folder / "make.env").write_text("REGISTRY=registry.example.com\nIMAGE_NAME=cnpg-mcp\nTAG=1.2.3\n")
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets/server-client-secret").write_text(provider.CLIENT_SECRET)


def run(folder, sandbox, line, safe=None):
    """Runs a line of the guide in a folder, on a cluster."""
    commands = folder.parent / "bin"
    commands.mkdir(exist_ok=True)
    (commands / "helm").write_text(COMMAND)
    (commands / "helm").chmod(0o755)
    if not (commands / "cnpg-mcp").exists():
        (commands / "cnpg-mcp").symlink_to(world.binary("cnpg-mcp"))
    where = f"make -C {helm.ROOT} MAKE_ENV={folder}/make.env SECRETS={folder}/secrets VALUES={folder}/auth0-values.yaml CNPG_MCP=cnpg-mcp "
    line = re.sub("^make ", where, line).replace("/safe/cnpg-mcp", str(safe))
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "KUBECONFIG": str(sandbox.kubeconfig), "HOME": str(folder)}
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def install(folder, sandbox):
    """The first time, or again: the namespace, the Secret and the release."""
    run(folder, sandbox, f"make secret deploy NAMESPACE={NAMESPACE}")


def lines(start, end):
    """Lines of the guide's way back, from the one that begins so to the one that begins otherwise, which is left out."""
    (block,) = [block for _, block in guides.blocks(GUIDE, "console") if f"$ {start}" in block]
    found = [line.removeprefix("$ ") for line in block.splitlines()]
    first = next(number for number, line in enumerate(found) if line.startswith(start))
    return found[first : next((number for number, line in enumerate(found) if end and line.startswith(end)), None)]


BACK_UP = "cnpg-mcp setup backup"


def back_up(folder, sandbox, safe):
    """What the guide says is saved. The provider is another than Auth0."""
    (line,) = lines(BACK_UP, None)
    run(folder, sandbox, f"{line} --without-auth0", safe)


def kept(sandbox):
    """What is in the cluster of the release, without what each cluster writes by itself."""
    namespace = f"/api/v1/namespaces/{NAMESPACE}"
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    paths = {
        f"{namespace}/secrets/mcp-server-auth0-credentials": "data",
        f"{namespace}/configmaps/mcp-server-oidc": "data",
        APPS: "spec",
        f"{rbac}/roles/cnpg-mcp:{NAMESPACE}:mcp-server": "rules",
        f"{rbac}/rolebindings/cnpg-mcp:{NAMESPACE}:mcp-server": "subjects",
    }
    return {path: sandbox.request("GET", path)[field] for path, field in paths.items()}


@contextlib.contextmanager
def pod(sandbox, rootfs, issuer):
    """The release's pod, with what is in the cluster: a person before it."""
    spec = sandbox.request("GET", APPS)["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    volumes = {}
    for volume in spec["volumes"]:
        if "configMap" in volume:
            found = sandbox.request("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/{volume['configMap']['name']}")
            volumes[volume["name"]] = found["data"]
        else:
            data = sandbox.request("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/{volume['secret']['secretName']}")["data"]
            items = volume["secret"]["items"]
            volumes[volume["name"]] = {item["path"]: base64.b64decode(data[item["key"]]).decode() for item in items}
    pods.mount(rootfs, container, volumes)
    kubeconfig = rootfs / "etc/kubeconfig"
    kubeconfig.write_text(sandbox.kubeconfig_of(NAMESPACE, spec["serviceAccountName"]).read_text())
    kubeconfig.chmod(0o444)
    port = world.free_port()
    # The provider of the tests has no TLS, which the chart wants.
    arguments = [*pods.with_port(container["args"], 4204, port), f"--issuer={issuer}", "--kubeconfig=/etc/kubeconfig"]
    with started(rootfs, *container["command"], *arguments) as log:
        end = time.monotonic() + 60
        while not world.ready(port):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.01)
        yield provider.Person(port)


def works(person):
    """The status of a call, which answers with what is in the cluster where somebody is let in."""
    status, text = person.call("list_postgres_clusters", {"namespace": "default"})
    assert status != 200 or "main-db" in text, text
    return status


@pytest.mark.parametrize("sessions", ["in-redis", "in-a-redis-that-is-lost-too", "in-memory"])
def test_a_lost_cluster_comes_back_from_the_saved_files(tmp_path, rootfs, sessions):
    safe = tmp_path / "safe"
    with provider.provider() as issuer, contextlib.ExitStack() as outside:
        before = tmp_path / "before"
        (before / "work").mkdir(parents=True)
        with contextlib.ExitStack() as lost:
            store = outside if sessions == "in-redis" else lost
            address = None if sessions == "in-memory" else store.enter_context(redis(tmp_path))
            sandbox = lost.enter_context(world.sandbox(before))
            begin(before / "work", address)
            install(before / "work", sandbox)
            person = lost.enter_context(pod(sandbox, rootfs, issuer))
            person.log_in()
            assert works(person) == 200
            back_up(before / "work", sandbox, safe)
            was = kept(sandbox)
        # The files, too.
        shutil.rmtree(before)
        if sessions == "in-a-redis-that-is-lost-too":
            # A new one, empty, at the old address.
            outside.enter_context(redis(tmp_path, int(address.rpartition(":")[2])))

        began = time.monotonic()
        after = tmp_path / "after"
        (after / "work").mkdir(parents=True)
        sandbox = outside.enter_context(world.sandbox(after))
        for line in lines("kubectl create namespace", "kubectl --namespace"):
            run(after / "work", sandbox, line, safe)
        person_after = outside.enter_context(pod(sandbox, rootfs, issuer))
        took = time.monotonic() - began
        print(f"recovered in {took:.1f} s")
        assert took < PROMISED

        assert kept(sandbox) == was
        # The same person, at another port.
        person.port = person_after.port
        if sessions == "in-redis":
            assert works(person) == 200, "a token from before is good"
            assert person.refresh() == 200 and works(person) == 200
        else:
            assert works(person) == 401
            assert person.refresh() in (400, 401)
            person.log_in()
            assert works(person) == 200, "who logs in again is let in"


def test_with_another_key_nothing_from_before_is_good(tmp_path, rootfs):
    """What docs/backup.md says of a signing key that is lost: what Redis has cannot be opened."""
    with provider.provider() as issuer, redis(tmp_path) as address, world.sandbox(tmp_path) as sandbox:
        work = tmp_path / "work"
        work.mkdir()
        begin(work, address)
        install(work, sandbox)
        with pod(sandbox, rootfs, issuer) as person:
            person.log_in()
            assert works(person) == 200
        sandbox.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-server-auth0-credentials")
        install(work, sandbox)
        with pod(sandbox, rootfs, issuer) as after:
            person.port = after.port
            assert works(person) == 401
            assert person.refresh() in (400, 401)
            person.log_in()
            assert works(person) == 200


def test_a_rotated_key_logs_nobody_out_until_the_old_one_is_dropped(tmp_path, rootfs):
    """What docs/security.md says of keys."""
    secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-server-auth0-credentials"
    command = f"cnpg-mcp setup secret --namespace {NAMESPACE} --replace --client-secret-file secrets/server-client-secret"
    with provider.provider() as issuer, redis(tmp_path) as address, world.sandbox(tmp_path) as sandbox:
        work = tmp_path / "work"
        work.mkdir()
        begin(work, address)
        install(work, sandbox)
        with pod(sandbox, rootfs, issuer) as person:
            person.log_in()
        for flag, keys, good in (("--rotate-keys", 2, True), ("--drop-old-keys", 1, False)):
            run(work, sandbox, f"{command} {flag}")
            data = sandbox.request("GET", secret)["data"]
            assert len(base64.b64decode(data["signing-key"]).split()) == keys
            with pod(sandbox, rootfs, issuer) as after:
                person.port = after.port
                assert works(person) == (200 if good else 401)


def test_saved_files_are_for_their_owner_alone(tmp_path):
    with world.sandbox(tmp_path) as sandbox:
        work = tmp_path / "work"
        work.mkdir()
        begin(work, None)
        install(work, sandbox)
        safe = tmp_path / "safe"
        back_up(work, sandbox, safe)
    assert {path.name for path in safe.iterdir()} == {"make.env", "auth0-values.yaml", "secret.json"}
    assert not any(path.stat().st_mode & 0o077 for path in (safe, *safe.iterdir()))
