"""Releases as Helm's own client makes, changes and removes them, on a sandbox."""

import pytest

import cases
import helm
import world

# What the chart can make, by its path in the API.
PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps/",
    "Service": "/api/v1/namespaces/{}/services/",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts/",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments/",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles/",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings/",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles/",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/",
}

# Those whose kinds the sandbox serves.
INSTALLED = {
    "least": cases.LEAST,
    **{
        name: values
        for name, values in cases.single()
        if name in ("sidecar-on", "sessions-redis-three", "rights-cluster", "tools-read-only", "as-person", "redis-secret", "renamed", "toolsets-all")
    },
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with world.sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


def path(found, namespace):
    return PATHS[found["kind"]].format(found["metadata"].get("namespace", namespace)) + found["metadata"]["name"]


def paths(values, name="mcp-server", namespace="default"):
    """Where the objects of a release are; hooks are not kept."""
    return {path(found, namespace) for found in helm.objects(values, name, namespace) if found["kind"] != "Pod"}


@pytest.mark.parametrize("name", INSTALLED)
def test_a_release_comes_stays_and_goes(sandbox, name):
    values = INSTALLED[name]
    helm.install(values, sandbox.kubeconfig)
    before = {path: sandbox.request("GET", path) for path in paths(values)}
    # A second time nothing changes: no object is written.
    helm.install(values, sandbox.kubeconfig)
    for path, found in before.items():
        assert sandbox.request("GET", path)["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"], path
    helm.uninstall(sandbox.kubeconfig)
    assert not [path for path in before if sandbox.exists(path)]


def test_what_is_no_longer_wanted_goes(sandbox):
    wide = cases.merged(cases.LEAST, cases.VARIATIONS["toolsets-all"], cases.DIMENSIONS["sidecar"]["on"])
    helm.install(wide, sandbox.kubeconfig)
    helm.install(cases.LEAST, sandbox.kubeconfig)
    gone = paths(wide) - paths(cases.LEAST)
    assert gone and not [path for path in gone if sandbox.exists(path)]
    deployment = sandbox.request("GET", "/apis/apps/v1/namespaces/default/deployments/mcp-server")
    assert [c["name"] for c in deployment["spec"]["template"]["spec"]["containers"]] == ["cnpg-mcp"]
    service = sandbox.request("GET", "/api/v1/namespaces/default/services/cnpg-mcp")
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]
    helm.uninstall(sandbox.kubeconfig)


def test_two_releases_live_in_one_namespace(sandbox):
    other = cases.merged(cases.LEAST, {"fullnameOverride": "other"})
    helm.install(cases.LEAST, sandbox.kubeconfig)
    # Without a name of its own the second would take the first one's: Helm refuses that.
    with pytest.raises(helm.Refused, match="cnpg-mcp"):
        helm.install(cases.LEAST, sandbox.kubeconfig, name="other")
    helm.uninstall(sandbox.kubeconfig, name="other") if sandbox_has(sandbox, "other") else None
    helm.install(other, sandbox.kubeconfig, name="other")
    helm.uninstall(sandbox.kubeconfig)
    assert not [path for path in paths(cases.LEAST) if sandbox.exists(path)]
    assert all(sandbox.exists(path) for path in paths(other, name="other"))
    helm.uninstall(sandbox.kubeconfig, name="other")


def sandbox_has(sandbox, name):
    """Whether Helm keeps a release of this name, a failed one too."""
    secrets = sandbox.request("GET", f"/api/v1/namespaces/default/secrets?labelSelector=owner%3Dhelm,name%3D{name}")
    return bool(secrets["items"])
