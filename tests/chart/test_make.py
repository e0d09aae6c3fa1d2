"""What the Makefile runs on a cluster: commands that only write down how they were called stand in for docker, helm, kubectl
and cnpg-mcp."""

import json
import os
import re
import shlex
import stat
import subprocess
import sys

import pytest

import helm

ENV = {"REGISTRY": "registry.example.com/databases", "IMAGE_NAME": "cnpg-mcp", "TAG": "main-294a09f", "PLATFORM": "linux/arm64"}
REPOSITORY = "registry.example.com/databases/cnpg-mcp"
IMAGE = f"{REPOSITORY}:main-294a09f"

STAND_IN = f"""#!{sys.executable}
import json, os, sys

with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""


class Make:
    """make with stand-ins, in a folder of its own for what belongs to the installation."""

    def __init__(self, folder, env=None):
        self.folder = folder
        self.calls = folder / "calls"
        (folder / "bin").mkdir()
        for name in ("docker", "helm", "kubectl", "cnpg-mcp"):
            (folder / "bin" / name).write_text(STAND_IN)
            (folder / "bin" / name).chmod(0o755)
        env = ENV if env is None else env
        (folder / "make.env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
        self.secrets = folder / "secrets"

    def client_secret(self):
        self.secrets.mkdir(mode=0o700)
        (self.secrets / "server-client-secret").write_text("hunter2")

    def run(self, *arguments):
        """Runs targets: the commands that were called, and what was printed."""
        self.calls.write_text("")
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), "CALLS": str(self.calls)}
        command = ["make", f"MAKE_ENV={self.folder / 'make.env'}", f"SECRETS={self.secrets}", "CNPG_MCP=cnpg-mcp", *arguments]
        done = subprocess.run(command, cwd=helm.ROOT, env=environment, capture_output=True, text=True)
        calls = [json.loads(line) for line in self.calls.read_text().splitlines()]
        return done, calls

    def calls_of(self, *arguments):
        """As `run`, where all goes well: the calls, each of which was printed before."""
        done, calls = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        printed = [shlex.split(part) for line in done.stdout.splitlines() for part in line.split(" | ")]
        for call in calls:
            assert call in printed, f"{call} was not printed in:\n{done.stdout}"
        return calls


@pytest.fixture
def make(tmp_path):
    return Make(tmp_path)


VALUES = ["--set-string", f"image.repository={REPOSITORY}", "--set-string", "image.tag=main-294a09f"]
REVISION = subprocess.run(["git", "rev-parse", "HEAD"], cwd=helm.ROOT, capture_output=True, text=True).stdout.strip()
BUILD = [
    "docker", "build", "--platform", "linux/arm64", "--build-arg", "VERSION=main-294a09f", "--build-arg", f"REVISION={REVISION}",
    "--tag", IMAGE, ".",
]
PUSH = ["docker", "push", IMAGE]
STATUS = ["kubectl", "rollout", "status", "deployment/mcp-server", "--namespace", "default", "--timeout", "5m"]


def test_build_and_push(make):
    assert make.calls_of("build") == [BUILD]
    assert make.calls_of("push") == [PUSH]


def test_deploy_installs_and_applies_changed_values_alike(make):
    expected = ["helm", "upgrade", "--install", "mcp-server", "chart", "--namespace", "default", "--create-namespace"]
    assert make.calls_of("deploy") == [[*expected, "--values", "auth0-values.yaml", *VALUES]]
    assert make.calls_of("deploy") == [[*expected, "--values", "auth0-values.yaml", *VALUES]]


def test_upgrade_brings_a_new_build_into_place(make):
    expected = ["helm", "upgrade", "mcp-server", "chart", "--namespace", "default", "--reset-values", "--values", "auth0-values.yaml"]
    assert make.calls_of("upgrade") == [BUILD, PUSH, [*expected, *VALUES], STATUS]


def test_names_can_be_others(make):
    (call,) = make.calls_of("deploy", "RELEASE=other", "NAMESPACE=databases", "VALUES=my.yaml")
    assert call[3] == "other" and call[5:7] == ["--namespace", "databases"] and "my.yaml" in call
    assert make.calls_of("undeploy", "RELEASE=other", "NAMESPACE=databases") == [
        ["helm", "uninstall", "other", "--namespace", "databases", "--ignore-not-found"]
    ]


def test_names_can_stand_in_make_env(tmp_path):
    (call,) = Make(tmp_path, {**ENV, "RELEASE": "other", "NAMESPACE": "databases", "VALUES": "my.yaml"}).calls_of("deploy")
    assert call[3] == "other" and call[5:7] == ["--namespace", "databases"] and "my.yaml" in call


def test_a_registry_may_be_left_out_to_build_but_not_to_push(tmp_path):
    make = Make(tmp_path, {name: value for name, value in ENV.items() if name != "REGISTRY"})
    assert "cnpg-mcp:main-294a09f" in make.calls_of("build")[0]
    done, calls = make.run("push")
    assert done.returncode != 0 and not calls and "REGISTRY is not set" in done.stderr and "make.env.example" in done.stderr


@pytest.mark.parametrize("target", ["build", "push", "deploy", "upgrade", "image-run"])
def test_what_is_missing_is_named_before_anything_is_run(tmp_path, target):
    done, calls = Make(tmp_path, {}).run(target)
    assert done.returncode != 0 and not calls and "is not set" in done.stderr


SECRET = ["cnpg-mcp", "setup", "secret", "--namespace", "default", "--release-name", "mcp-server", "--replace"]


def test_the_secret_is_made_by_the_set_up_command(make):
    assert make.calls_of("secret") == [[*SECRET, "--create-namespace"]]


def test_the_client_secret_of_a_file_is_taken_where_there_is_one(make):
    make.client_secret()
    file = str(make.secrets / "server-client-secret")
    assert make.calls_of("secret") == [[*SECRET, "--client-secret-file", file, "--create-namespace"]]


def test_secrets_are_never_printed(make):
    make.client_secret()
    for target in ("secret", "rotate"):
        done, _ = make.run(target)
        assert "hunter2" not in done.stdout + done.stderr


def test_rotate_makes_a_new_key_and_restarts_the_pods(make):
    restart = ["kubectl", "rollout", "restart", "deployment/mcp-server", "--namespace", "default"]
    assert make.calls_of("rotate") == [[*SECRET, "--rotate-keys"], restart, STATUS]


def test_the_set_up_command_is_that_of_the_workspace():
    """The stand-in of the other tests takes its place."""
    assert re.search(r"^CNPG_MCP \?= cargo run --quiet --package cnpg-mcp-cli --$", (helm.ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_image_runs_over_stdio_or_over_http(make):
    assert make.calls_of("image-run") == [["docker", "run", "--rm", "--interactive", IMAGE, "--sandbox"]]
    (call,) = make.calls_of("image-run", "CONFIG=oidc.yaml")
    assert call == [
        "docker", "run", "--rm", "--publish", "127.0.0.1:4204:4204", "--user", f"{os.getuid()}:{os.getgid()}",
        "--volume", f"{helm.ROOT / 'oidc.yaml'}:/etc/mcp/oidc.yaml:ro", "--volume", f"{make.secrets}:/etc/mcp/secrets:ro",
        IMAGE, "--transport", "http", "--host", "0.0.0.0",
    ]  # fmt: skip


def test_what_belongs_to_an_installation_is_not_committed():
    for name in ("make.env", "auth0-config.json", "auth0-values.yaml", "secrets/signing-key"):
        assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=helm.ROOT).returncode == 0, name


def test_the_example_has_what_the_makefile_reads():
    lines = (helm.ROOT / "make.env.example").read_text().splitlines()
    assert [line.split("=")[0] for line in lines if not line.startswith("#")] == list(ENV)
