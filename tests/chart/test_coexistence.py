"""Several releases live beside each other."""

import pytest
import yaml

import cases
import helm

# Everything that can have a name.
FULL = cases.merged(
    cases.LEAST,
    cases.REDIS,
    {
        "testSidecar": {"enabled": True},
        "ingress": {"enabled": True, "host": "mcp.example.com"},
        "httpRoute": cases.DIMENSIONS["entry"]["route"]["httpRoute"],
        "networkPolicy": {"enabled": True},
        "podDisruptionBudget": {"enabled": True},
        "autoscaling": {"enabled": True},
        "impersonation": {"enabled": True, "subjects": [{"kind": "Group", "name": "oidc:dba"}]},
    },
)


def names(objects, namespace):
    """What would meet in a cluster."""
    cluster = ("ClusterRole", "ClusterRoleBinding")
    found = [
        (o["kind"], None if o["kind"] in cluster else o["metadata"].get("namespace", namespace), o["metadata"]["name"])
        for o in objects
    ]
    assert len(found) == len(set(found))
    return set(found)


def pods_and_selectors(objects):
    deployment = helm.one(objects, "Deployment")
    pods = [deployment["spec"]["template"]["metadata"]["labels"]]
    pods += [o["metadata"]["labels"] for o in objects if o["kind"] == "Pod"]
    selectors = [helm.one(objects, "Service")["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]]
    selectors += [helm.one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]]
    selectors += [helm.one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
    return pods, selectors


@pytest.mark.parametrize("cluster_wide", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        # The second in a namespace has a name of its own.
        (("one", "apps", {}), ("two", "apps", {"fullnameOverride": "second"})),
        (("one", "apps", {"fullnameOverride": "first"}), ("two", "apps", {"fullnameOverride": "second"})),
        # The same in two namespaces.
        (("mcp-server", "apps", {}), ("mcp-server", "shop", {})),
        # What would be one name, were it put together with dashes.
        (("b-c", "a", {}), ("c", "a-b", {})),
    ],
)
def test_two_releases_do_not_meet(first, second, cluster_wide):
    # Both work in a third namespace, or everywhere.
    rights = {"rbac": {"clusterWide": True} if cluster_wide else {"targetNamespaces": ["postgres"]}}
    made = [
        (helm.objects(cases.merged(FULL, rights, values), name=name, namespace=namespace), namespace)
        for name, namespace, values in (first, second)
    ]
    (one, other) = (names(objects, namespace) for objects, namespace in made)
    assert not one & other
    assert len(one) == len(other) == 14
    if first[1] == second[1]:
        for this, that in ((0, 1), (1, 0)):
            _, selectors = pods_and_selectors(made[this][0])
            pods, _ = pods_and_selectors(made[that][0])
            for selector in selectors:
                assert not any(selector.items() <= labels.items() for labels in pods)


def test_the_service_sends_nothing_to_the_pod_of_helm_test():
    pods, selectors = pods_and_selectors(helm.objects(FULL))
    (server, test) = pods
    for selector in selectors:
        assert selector.items() <= server.items()
        assert not selector.items() <= test.items()


def test_names_fit_however_long_the_release_is():
    for values in ({}, {"fullnameOverride": "f" * 40}):
        for found in helm.objects(cases.merged(FULL, values), name="r" * 53, namespace="n" * 63):
            assert len(found["metadata"]["name"]) <= (63 if "Role" not in found["kind"] else 253), found["kind"]
            for label in found["metadata"]["labels"].values():
                assert len(label) <= 63


def test_releases_with_one_redis_keep_to_themselves():
    def prefix(name, namespace, **values):
        objects = helm.objects(cases.merged(cases.LEAST, cases.REDIS, values), name=name, namespace=namespace)
        prefix = yaml.safe_load(helm.one(objects, "ConfigMap")["data"]["oidc.yaml"])["session_store_prefix"]
        # The server takes no longer one.
        assert len(prefix) <= 64
        return prefix

    long = "n" * 63
    made = [prefix("a", "apps"), prefix("a", "shop"), prefix("b", "shop"), prefix("a", long), prefix("r" * 53, long)]
    assert len(set(made)) == len(made)
    assert prefix("a", "apps", fullnameOverride="b") != prefix("a", "apps")
