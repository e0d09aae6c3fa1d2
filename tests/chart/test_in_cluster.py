"""The server as a pod: it finds its Kubernetes by what the kubelet says and mounts, over TLS, in the image's root file
system."""

import contextlib
import re
import time

import pytest
import trustme

import cases
import helm
import pods
import provider
import world
from encrypted import encrypted
from image import assemble, run, started

NAMESPACE = "default"
ACCOUNT = "cnpg-mcp-server"
VALUES = cases.merged(cases.LEAST, {"rbac": {"targetNamespaces": [NAMESPACE]}, "toolsets": ["core"]})


class Pod:
    """A container of the release's pod, before it is started."""

    def __init__(self, folder, sandbox, api, authority):
        self.sandbox, self.rootfs, self.port = sandbox, assemble(folder), world.free_port()
        self.env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(api.server_address[1])}
        pods.mount_account(self.rootfs, token=self.token(), namespace=NAMESPACE, ca_crt=authority.cert_pem.bytes().decode())

    def token(self):
        return self.sandbox.token_of(NAMESPACE, ACCOUNT)

    @contextlib.contextmanager
    def serving(self):
        """The server runs: a client of it."""
        flags = ["--transport=http", "--auth=none", f"--port={self.port}", "--toolsets=core"]
        with started(self.rootfs, "/usr/local/bin/cnpg-mcp-server", *flags, env=self.env) as log:
            self.wait(log)
            yield world.Client(self.port)

    def wait(self, log):
        end = time.monotonic() + 30
        while not world.ready(self.port):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.01)


@pytest.fixture
def installed(tmp_path):
    """A sandbox with the release, an API server with TLS before it, and the authority."""
    authority = trustme.CA()
    with world.sandbox(tmp_path) as sandbox, encrypted(sandbox.url, authority) as api:
        helm.install(VALUES, sandbox.kubeconfig)
        yield sandbox, api, authority


@pytest.fixture
def pod(tmp_path, installed):
    return Pod(tmp_path, *installed)


def test_the_server_works_with_its_accounts_token_over_tls(pod):
    with pod.serving() as client:
        # Where none is named, it is the namespace of the pod.
        well, text = client.call("get_cluster_status", {"name": "main-db"})
        assert well and "main-db" in text, text
        # In its account's name, which has rights in that namespace alone.
        well, text = client.call("list_postgres_clusters", {"namespace": "data"})
        assert not well and f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}" in text, text


def test_a_token_that_was_replaced_is_taken_up_while_the_server_runs(pod):
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    with pod.serving() as client:
        assert client.call("get_cluster_status", {"name": "main-db"})[0]
        # Made again, it is another account: the old token is good no longer.
        was = pod.sandbox.request("GET", f"{account}/{ACCOUNT}")
        pod.sandbox.request("DELETE", f"{account}/{ACCOUNT}")
        labels = {"name": ACCOUNT, "labels": was["metadata"]["labels"]}
        pod.sandbox.request("POST", account, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": labels})
        well, text = client.call("get_cluster_status", {"name": "main-db"})
        assert not well and "does not accept the server's credentials" in text and "token is mounted" in text, text
        pods.mount_account(pod.rootfs, token=pod.token())
        # It is read again once a minute, as Kubernetes' own clients do.
        end = time.monotonic() + 65
        while not client.call("get_cluster_status", {"name": "main-db"})[0]:
            assert time.monotonic() < end
            time.sleep(0.5)


def test_an_api_server_of_an_unknown_authority_is_refused(pod, installed):
    _, api, _ = installed
    pods.mount_account(pod.rootfs, ca_crt=trustme.CA().cert_pem.bytes().decode())
    with pod.serving() as client:
        well, text = client.call("get_cluster_status", {"name": "main-db"})
        assert not well and "not signed by an authority that is known here" in text and "`ca.crt`" in text, text
        assert api.given_up, "it hung up before it said anything"


@pytest.mark.parametrize("lacking", ["token", "ca.crt", "namespace"])
def test_what_the_kubelet_did_not_mount_is_named(pod, lacking):
    (pod.rootfs / pods.ACCOUNT / lacking).unlink()
    done = run(pod.rootfs, "/usr/local/bin/cnpg-mcp", "setup", "doctor", env=pod.env)
    assert done.returncode == 1
    assert re.search(rf"^failure  pod: `/{pods.ACCOUNT}/{lacking}`.*\n +→ .*automountServiceAccountToken", done.stdout, re.MULTILINE), done.stdout


@contextlib.contextmanager
def as_deployed(pod, values):
    """The container as the chart has it started, with a provider: what the doctor says in it, as `kubectl exec` runs it."""
    objects = helm.objects(values)
    made = helm.container(objects, "cnpg-mcp")
    with provider.provider() as issuer:
        data = helm.one(objects, "ConfigMap")["data"]
        # The provider of the tests has no TLS, which the chart wants; nor is there an ingress here.
        file = data["oidc.yaml"].replace("https://issuer.example.com/", issuer).replace("https://mcp.example.com", f"http://127.0.0.1:{pod.port}", 2)
        file = re.sub('audience: .*', 'audience: "https://mcp.example.com/mcp"', file)
        secrets = {"server-client-secret": provider.CLIENT_SECRET, "signing-key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"}
        pods.mount(pod.rootfs, made, {"oidc-config": {**data, "oidc.yaml": file}, "auth0-credentials": secrets})
        with started(pod.rootfs, *made["command"], *pods.with_port(made["args"], 4204, pod.port), env=pod.env) as log:
            pod.wait(log)
            yield lambda *flags: run(pod.rootfs, "/usr/local/bin/cnpg-mcp", "setup", "doctor", *flags, env=pod.env)


def test_the_doctor_looks_from_inside_a_pod(pod):
    with as_deployed(pod, VALUES) as doctor:
        done = doctor()
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "configuration: `/etc/mcp/oidc.yaml` is whole",
        "configuration: the client's secret and the signing key are there",
        "provider: its keys can be used (RS256)",
        "tools: 12 are offered, the toolsets `core`",
        "pod: token, authority and namespace of its account are mounted",
        "Kubernetes: v1.",
        f"rights: system:serviceaccount:{NAMESPACE}:{ACCOUNT} may do all that the tools need in `{NAMESPACE}`",
        "CloudNativePG: all kinds that the tools work on are served",
        f"public URL: http://127.0.0.1:{pod.port} is this server",
        "clock: that of the identity provider agrees with that of this machine",
        "clock: that of Kubernetes agrees with that of this machine",
    ):
        assert f"\nok       {line}" in f"\n{done.stdout}", f"{line}\n{done.stdout}"
    # What the account may not see is no failure.
    assert "warning  CloudNativePG: its version is not known" in done.stdout
    assert done.stdout.endswith(" 1 warnings, 0 failures\n"), done.stdout


def test_in_a_pod_the_doctor_knows_which_rights_are_meant(pod):
    """Those of the values, in their namespaces, from the ConfigMap: more than the release that is installed has."""
    values = cases.merged(VALUES, {"toolsets": ["backups"], "rbac": {"targetNamespaces": [NAMESPACE, "data"]}})
    with as_deployed(pod, values) as doctor:
        done = doctor()
        read_only = doctor("--read-only")
    assert done.returncode == 1
    assert re.search(r"^failure  rights: .* may not .*scheduledbackups.* in `default`; needed by ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^failure  rights: .* in `data`; needed by ", done.stdout, re.MULTILINE), done.stdout
    assert "may not create" in done.stdout and "may not create" not in read_only.stdout


def test_in_a_pod_impersonation_is_looked_at_name_by_name(pod):
    who = {"enabled": True, "groupsClaim": "groups", "users": ["oidc:a"], "groups": ["oidc:dba"]}
    values = cases.merged(VALUES, {"impersonation": who})
    helm.install(values, pod.sandbox.kubeconfig)
    other = cases.merged(VALUES, {"impersonation": {**who, "users": ["oidc:a", "oidc:b"]}})
    with as_deployed(pod, other) as doctor:
        done = doctor()
    account = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
    assert f"ok       rights: {account} may impersonate `oidc:a` of the users" in done.stdout, done.stdout
    assert f"failure  rights: {account} may not impersonate `oidc:b` of the users" in done.stdout
    assert f"ok       rights: {account} may impersonate `oidc:dba` of the groups" in done.stdout
