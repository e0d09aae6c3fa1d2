"""The containers of the pod as the chart has them started: their commands, flags, configuration and secrets, in the image's
root file system, asked by the command of `helm test`."""

import base64
import contextlib
import os

import pytest

import cases
import helm
import pods
import world
from image import assemble, run, started

VALUES = cases.merged(cases.LEAST, cases.DIMENSIONS["sidecar"]["on"], {"requireScopes": True, "rateLimits": {"requests": 100}})
SINGLE = list(cases.single())
PORTS = {"cnpg-mcp": "4204", "cnpg-mcp-test": "3001"}


def mounted(folder, objects, container):
    """The image with what the container mounts."""
    folder.mkdir()
    rootfs = assemble(folder)
    key = base64.b64encode(os.urandom(32)).decode()
    volumes = {
        "oidc-config": helm.one(objects, "ConfigMap")["data"],
        "auth0-credentials": {"server-client-secret": "hunter2", "signing-key": f"{key}\n"},
    }
    pods.mount(rootfs, helm.container(objects, container), volumes)
    return rootfs, ["hunter2", key]


@pytest.fixture(scope="module")
def pod(tmp_path_factory):
    """Both containers, started: by name their port, the root file system, the log and what no log may have."""
    objects = helm.objects(VALUES)
    with contextlib.ExitStack() as stack:
        found = {}
        for name, port in PORTS.items():
            rootfs, secrets = mounted(tmp_path_factory.mktemp("pod") / name, objects, name)
            made, free = helm.container(objects, name), str(world.free_port())
            log = stack.enter_context(started(rootfs, *made["command"], *pods.with_port(made["args"], port, free)))
            found[name] = free, rootfs, log, secrets
        yield found


def test_the_answers_are_those_that_helm_test_wants(pod):
    test = helm.one(helm.objects(VALUES), "Pod")["spec"]["containers"][0]
    host = "http://cnpg-mcp.default.svc.cluster.local"
    arguments = test["args"]
    for name, port in PORTS.items():
        arguments = [argument.replace(f"{host}:{port}", f"http://127.0.0.1:{pod[name][0]}") for argument in arguments]
    assert host not in " ".join(arguments)
    _, rootfs, *_ = pod["cnpg-mcp"]
    done = run(rootfs, *test["command"], *arguments)
    logs = "".join(log.read_text() for *_, log, _ in pod.values())
    assert done.returncode == 0, done.stdout + logs
    assert done.stdout.count("ok ") == len(arguments) - 2


@pytest.mark.parametrize("name", PORTS)
def test_the_kubelets_probes_are_answered(pod, name):
    port, rootfs, log, _ = pod[name]
    made = helm.container(helm.objects(VALUES), name)
    paths = [made[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]
    done = run(rootfs, "/usr/local/bin/cnpg-mcp", "probe", "--within=20", *(f"200=http://127.0.0.1:{port}{path}" for path in paths))
    assert done.returncode == 0, done.stdout + log.read_text()


@pytest.mark.parametrize("name", PORTS)
def test_no_secret_is_in_a_log(pod, name):
    _, _, log, secrets = pod[name]
    assert not [secret for secret in secrets if secret in log.read_text()]


@pytest.fixture(scope="module")
def with_secrets(tmp_path_factory):
    """The main container, for one configuration after the other."""
    return mounted(tmp_path_factory.mktemp("configured") / "main", helm.objects(cases.LEAST), "cnpg-mcp")


@pytest.mark.parametrize(("name", "values"), SINGLE, ids=[name for name, _ in SINGLE])
def test_the_server_takes_every_configuration(with_secrets, name, values):
    rootfs, secrets = with_secrets
    objects = helm.objects(values)
    file = rootfs / "etc/mcp/oidc.yaml"
    file.chmod(0o640)
    file.write_text(helm.one(objects, "ConfigMap")["data"]["oidc.yaml"])
    made = helm.container(objects, "cnpg-mcp")
    done = run(rootfs, *made["command"], *made["args"], "--check-config")
    assert done.returncode == 0, done.stderr
    assert "issuer: " in done.stdout and not [secret for secret in secrets if secret in done.stdout]
