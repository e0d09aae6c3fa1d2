"""Plays a guide as a newcomer does, word by word, in an empty folder: `newcomer.py GUIDE FOLDER`.

It runs in a network of its own (`unshare --mount --net`), where the names of the guide lead to stand-ins with certificates: Auth0
and the ingress controller at port 443, the API server of a sandbox at 6443. What a kubelet would start is started from the
image's root file system. Docker is a stand-in that writes down how it was called; the rest is real.
"""

import contextlib
import fcntl
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import trustme
import yaml

import guides
import helm
import pods
import world
from encrypted import encrypted
from image import assemble, run, started

HOST, TENANT, NAMESPACE = "mcp.example.com", "example.eu.auth0.com", "databases"
SERVICE = f"cnpg-mcp.{NAMESPACE}.svc.cluster.local"
HOSTS = "".join(f"127.0.0.1 {name}\n" for name in ("localhost", HOST, TENANT, SERVICE))

# Of the guides' commands those that come before there is a server, and those that look at it.
LATER = ("kubectl --namespace databases rollout", "helm ", "cnpg-mcp setup doctor", "claude ")
# What is done once for all on a machine, and what starts another program that stays.
ELSEWHERE = ("cargo install", "claude ")

DOCKER = """#!/bin/sh
echo "$@" >> "$DOCKER_CALLS"
"""


def commands(guide):
    """The lines that lead from nothing to a server, with Auth0."""
    found = []
    for _, block in guides.blocks(guide.read_text(), "console"):
        lines = [line.removeprefix("$ ").split("  #")[0].strip() for line in block.splitlines() if line.startswith("$ ")]
        if not any(line.startswith(("mkdir", "make image-run", "make deploy RELEASE", "kubectl --namespace databases create")) for line in lines):
            found += lines
    return [line for line in found if not line.startswith(ELSEWHERE)]


class Auth0:
    def __init__(self, process):
        self.process = process
        self.address, self.token = self.line(), self.line()

    def line(self):
        return self.process.stdout.readline().strip()

    def state(self):
        self.process.stdin.write("state\n")
        self.process.stdin.flush()
        return json.loads(self.line())


@contextlib.contextmanager
def tenant():
    command = [world.binary("cnpg-mcp-auth0-stand-in"), f"https://{TENANT}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Auth0(process)
    finally:
        process.stdin.close()
        process.wait(timeout=30)


class Newcomer:
    """A folder with a clone of the project, and a shell in it."""

    def __init__(self, folder, sandbox, auth0, authority):
        self.folder, self.sandbox, self.auth0 = folder / "cnpg-mcp", sandbox, auth0
        self.folder.mkdir()
        for name in ("Makefile", "chart", "image"):
            (self.folder / name).symlink_to(helm.ROOT / name)
        (self.folder / ".gitignore").write_text((helm.ROOT / ".gitignore").read_text())
        for arguments in (["init", "--initial-branch=main"], ["add", "."], ["commit", "--message=all"]):
            identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
            subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True)
        programs = folder / "bin"
        programs.mkdir()
        for name, text in (("docker", DOCKER), ("helm", f"#!/bin/sh\nexec {sys.executable} {__file__} helm \"$@\"\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        (programs / "cnpg-mcp").symlink_to(world.binary("cnpg-mcp"))
        self.docker = folder / "docker.calls"
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(authority.cert_pem.bytes())
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KUBECONFIG": str(sandbox.kubeconfig),
            "CNPG_MCP": "cnpg-mcp",
            "SSL_CERT_FILE": str(self.authority),
            "DOCKER_CALLS": str(self.docker),
            "ROOTFS": str(folder / "node/cnpg-mcp/rootfs"),
            # Instead of being asked for it; people are asked in the Rust tests.
            "AUTH0_MGMT_TOKEN": auth0.token,
        }

    def types(self, line):
        """Runs a line of the guide: what it says."""
        done = subprocess.run(line, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)
        print(f"$ {line}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, f"`{line}` fails"
        assert self.auth0.token not in done.stdout + done.stderr
        return done.stdout

    def everything(self):
        """Everything that a step can change: the tenant, the cluster but for Helm's own notes, and the files."""
        files = {str(path.relative_to(self.folder)): path.read_text() for path in self.folder.iterdir() if path.is_file()}
        objects = {}
        for path in (
            f"/api/v1/namespaces/{NAMESPACE}/secrets",
            f"/api/v1/namespaces/{NAMESPACE}/configmaps",
            f"/api/v1/namespaces/{NAMESPACE}/services",
            f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
            f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses",
            f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles",
            f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings",
        ):
            items = self.sandbox.request("GET", path)["items"]
            objects[path] = [item for item in items if not item["metadata"]["name"].startswith("sh.helm.")]
        return self.auth0.state(), objects, files


class Kubelet:
    """What a node does: it starts the containers of the Deployment, and says so."""

    def __init__(self, folder, sandbox, authority, api):
        self.folder, self.sandbox, self.authority, self.api = folder, sandbox, authority, api

    def mounted(self, name, spec, container):
        """The root file system of a container, with everything that is mounted into it."""
        (self.folder / name).mkdir(parents=True)
        rootfs = assemble(self.folder / name)
        volumes = {}
        for volume in spec["volumes"]:
            if "configMap" in volume:
                path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{volume['configMap']['name']}"
                volumes[volume["name"]] = self.sandbox.request("GET", path)["data"]
            else:
                path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{volume['secret']['secretName']}"
                data = self.sandbox.request("GET", path)["data"]
                items = volume["secret"]["items"]
                volumes[volume["name"]] = {item["path"]: pods.decoded(data[item["key"]]) for item in items}
        pods.mount(rootfs, container, volumes)
        token = self.sandbox.token_of(NAMESPACE, spec["serviceAccountName"])
        pods.mount_account(rootfs, token=token, namespace=NAMESPACE, ca_crt=self.authority.read_text())
        (rootfs / "etc/hosts").write_text(HOSTS)
        # In place of the image's own: the authority of the stand-ins is none of the usual ones.
        (rootfs / "etc/ssl/certs/ca-certificates.crt").write_text(self.authority.read_text())
        return rootfs

    @contextlib.contextmanager
    def pod(self):
        """The pod runs until the end of the block."""
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mcp-server"
        deployment = self.sandbox.request("GET", path)
        spec = deployment["spec"]["template"]["spec"]
        env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.api)}
        with contextlib.ExitStack() as stack:
            for container in spec["containers"]:
                rootfs = self.mounted(container["name"], spec, container)
                log = stack.enter_context(started(rootfs, *container["command"], *container["args"], env=env))
                port, end = container["ports"][0]["containerPort"], time.monotonic() + 60
                while not world.ready(port):
                    assert time.monotonic() < end, log.read_text()
                    time.sleep(0.01)
            ready = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), 1)
            status = {"observedGeneration": deployment["metadata"].get("generation", 1), **ready}
            self.sandbox.request("PATCH", f"{path}/status", {"status": status})
            yield


def helm_command(arguments):
    """`helm test`, which starts the release's test in the image; anything else is Helm's engine."""
    if "test" not in arguments:
        os.execv(sys.executable, [sys.executable, str(helm.ROOT / "tests/chart/helm_command.py"), *arguments])
    assert arguments == ["--namespace", NAMESPACE, "test", "mcp-server"], arguments
    values = yaml.safe_load(Path("auth0-values.yaml").read_text())
    test = helm.one(helm.objects(values, namespace=NAMESPACE), "Pod")["spec"]["containers"][0]
    done = run(Path(os.environ["ROOTFS"]), *test["command"], *test["args"])
    print(done.stdout)
    sys.exit(done.returncode)


def asked(path, authority):
    """The status of a request by the name of the guide, over TLS."""
    context = ssl.create_default_context(cafile=authority)
    try:
        with urllib.request.urlopen(f"https://{HOST}{path}", context=context, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


# The operator, of which the doctor wants to know the version.
OPERATOR = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cnpg-controller-manager", "labels": {"app.kubernetes.io/name": "cloudnative-pg"}},
    "spec": {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "cloudnative-pg"}},
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "cloudnative-pg"}},
            "spec": {"containers": [{"name": "manager", "image": "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0"}]},
        },
    },
}


@contextlib.contextmanager
def beginning(folder, authority):
    """Somebody who has a cluster, a tenant and an empty folder."""
    (folder / "sandbox").mkdir(parents=True)
    with world.sandbox(folder / "sandbox") as sandbox, tenant() as auth0:
        sandbox.request("POST", "/apis/apps/v1/namespaces/default/deployments", OPERATOR)
        with encrypted({TENANT: auth0.address, HOST: "http://127.0.0.1:4204"}, authority, port=443):
            yield Newcomer(folder, sandbox, auth0, authority)


def play_twice(first, later, folder, authority):
    with beginning(folder, authority) as newcomer, encrypted(newcomer.sandbox.url, authority, port=6443):
        for line in first:
            newcomer.types(line)
        tag = re.search(r"^TAG=(.*)$", (newcomer.folder / "make.env").read_text(), re.MULTILINE)[1]
        assert tag.startswith("main-") and not tag.endswith("-dirty")
        name = f"registry.example.com/databases/cnpg-mcp:{tag}"
        built = newcomer.docker.read_text()
        assert f"--tag {name} ." in built and f"push {name}" in built, built

        with Kubelet(folder / "node", newcomer.sandbox, newcomer.authority, 6443).pod():
            said = "".join(newcomer.types(line) for line in later)
            said += newcomer.types(f"cnpg-mcp setup doctor --namespace {NAMESPACE}")
            assert f"public URL: https://{HOST} is this server, over TLS" in said
            assert said.endswith(" 0 warnings, 0 failures\n") and "release: all pods" in said
            assert asked("/mcp", newcomer.authority) == 401
            assert asked("/.well-known/oauth-protected-resource", newcomer.authority) == 200

            # Again, all of it: nothing changes, and no step says that it did.
            before = newcomer.everything()
            for line in first + later:
                said = newcomer.types(line)
                assert not re.search("^(made|changed|removed) ", said, re.MULTILINE), said
            assert newcomer.everything() == before


def broken_off(first, folder, authority):
    """After each of the steps once: all of them, from the beginning, lead to the same."""
    straight = None
    for done in range(len(first)):
        with beginning(folder / f"after-{done}", authority) as newcomer:
            for line in first[:done] + first:
                newcomer.types(line)
            state, objects, files = newcomer.everything()
            names = {path: [(item["metadata"]["name"], sorted(item.get("data", {}))) for item in items] for path, items in objects.items()}
            assert all(names.values()), names
            now = state, names, sorted(files)
            straight = straight or now
            assert now == straight, f"{now}\n{straight}"


def play(guide, folder):
    with socket.socket() as any_socket:
        # netdevice(7): its flags, SIOCSIFFLAGS with IFF_UP.
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))
    (folder / "hosts").write_text(HOSTS)
    subprocess.run(["mount", "--bind", folder / "hosts", "/etc/hosts"], check=True)
    lines = commands(guide)
    first = [line for line in lines if not line.startswith(LATER)]
    later = [line for line in lines if line.startswith(LATER)]
    assert len(first) >= 5 and later, lines
    authority = trustme.CA()
    play_twice(first, later, folder, authority)
    print("played twice")
    broken_off(first, folder, authority)
    print("broken off after each step")


if __name__ == "__main__":
    if sys.argv[1] == "helm":
        helm_command(sys.argv[2:])
    play(Path(sys.argv[1]), Path(sys.argv[2]))
