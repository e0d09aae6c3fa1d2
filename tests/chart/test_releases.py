"""Releases as Helm's own client makes, changes and removes them, on a sandbox."""

import json
import shutil

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
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses/",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies/",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles/",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings/",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles/",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/",
}

# HTTPRoute is no kind of Kubernetes' own: a cluster with the Gateway API has its definition.
HTTPROUTE = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": "httproutes.gateway.networking.k8s.io",
        "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"},
    },
    "spec": {
        "group": "gateway.networking.k8s.io",
        "scope": "Namespaced",
        "names": {"kind": "HTTPRoute", "listKind": "HTTPRouteList", "plural": "httproutes", "singular": "httproute"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                },
            }
        ],
    },
}

# One release with everything that can be together, and each by itself.
EVERYTHING = cases.merged(
    cases.LEAST,
    cases.DIMENSIONS["sidecar"]["on"],
    cases.DIMENSIONS["entry"]["ingress"],
    cases.DIMENSIONS["entry"]["route"],
    cases.DIMENSIONS["as"]["person"],
    cases.VARIATIONS["autoscaling"],
    cases.VARIATIONS["network-closed"],
    {"publicUrl": "https://mcp.example.com", "rbac": {"targetNamespaces": ["default", "data"]}},
    {"podDisruptionBudget": {"enabled": True}, "topologySpread": {"enabled": True}},
)
# `apps` and `shop` are no namespaces of the sandbox.
INSTALLED = {"least": cases.LEAST, "everything": EVERYTHING, **dict(cases.single())}
INSTALLED["rights-namespaces"] = cases.merged(cases.LEAST, {"rbac": {"targetNamespaces": ["default", "data"]}})


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sandbox")
    definitions = folder / "definitions"
    shutil.copytree(helm.ROOT / "generated/kinds", definitions)
    (definitions / "httproute.json").write_text(json.dumps(HTTPROUTE))
    with world.sandbox(folder, "--crds", definitions) as sandbox:
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


def test_everything_that_the_chart_can_make_is_installed():
    made = {found["kind"] for found in helm.objects(EVERYTHING)} | {found["kind"] for found in helm.objects(INSTALLED["toolsets-all"])}
    # The Pod is that of `helm test`.
    assert made == set(PATHS) | {"Pod"}


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
        helm.install(cases.LEAST, sandbox.kubeconfig, name="another")
    helm.install(other, sandbox.kubeconfig, name="other")
    helm.uninstall(sandbox.kubeconfig)
    assert not [path for path in paths(cases.LEAST) if sandbox.exists(path)]
    assert all(sandbox.exists(path) for path in paths(other, name="other"))
    helm.uninstall(sandbox.kubeconfig, name="other")
