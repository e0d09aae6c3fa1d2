"""Every combination of the ways of installing gives objects that Kubernetes takes, that fit together, and that are
what they were: compact snapshots, which `make chart-snapshots` makes anew."""

import pytest

import cases
import helm
import snapshots
import validity

SINGLE = list(cases.single())


def test_kubernetes_takes_every_combination(rendered):
    found = {problem: name for name, objects in rendered.items() for problem in validity.problems(objects)}
    assert not found, "\n".join(f"{problem}, with {name}" for problem, name in found.items())
    assert len(rendered) == 216


@pytest.mark.parametrize(("name", "values"), SINGLE, ids=[name for name, _ in SINGLE])
def test_kubernetes_takes_every_variation(name, values):
    assert not validity.problems(helm.objects(values))


def test_a_wrong_object_is_seen():
    objects = helm.objects(cases.merged(cases.LEAST, cases.DIMENSIONS["entry"]["route"]))
    helm.one(objects, "Service")["spec"]["ports"][0]["port"] = "http"
    helm.one(objects, "Deployment")["spec"]["replica"] = 1
    helm.one(objects, "HTTPRoute")["spec"]["rules"][0]["backendRef"] = []
    found = "\n".join(validity.problems(objects))
    assert all(text in found for text in ("ports[0].port", "'replica' was unexpected", "'backendRef' was unexpected")), found


def test_combinations_are_what_they_were(rendered):
    snapshots.check("combinations.txt", snapshots.of_combinations(rendered))


@pytest.mark.parametrize(("name", "values"), [("least", cases.LEAST), *SINGLE], ids=["least", *(name for name, _ in SINGLE)])
def test_variations_are_what_they_were(name, values):
    snapshots.check(f"{name}.yaml" if name == "least" else f"{name}.diff", snapshots.of_variation(name, values))


def test_no_snapshot_is_left_over():
    assert sorted(path.name for path in snapshots.FOLDER.iterdir()) == sorted(snapshots.names())


def test_the_parts_fit_together(rendered):
    for name, objects in rendered.items():
        deployment = helm.one(objects, "Deployment")
        pod = deployment["spec"]["template"]
        ports = {port["name"]: port["containerPort"] for c in pod["spec"]["containers"] for port in c["ports"]}
        service = helm.one(objects, "Service")
        assert ports == ({"http": 4204, "http-test": 3001} if name.startswith("on ") else {"http": 4204}), name
        assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports), name
        for selector in selectors(objects):
            assert selector.items() <= pod["metadata"]["labels"].items(), name
        for kind, account in (("ServiceAccount", pod["spec"]["serviceAccountName"]), ("ConfigMap", "mcp-server-oidc")):
            helm.one(objects, kind, account)
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        mounts = {mount["name"] for c in pod["spec"]["containers"] for mount in c["volumeMounts"]}
        assert volumes == mounts, name
        replicas = deployment["spec"]["replicas"]
        strategy = deployment["spec"]["strategy"]["type"]
        assert (replicas, strategy) == (3 if "redis-three" in name else 1, "RollingUpdate" if "redis" in name else "Recreate"), name
        backends = {port["name"] for port in service["spec"]["ports"]}, {port["port"] for port in service["spec"]["ports"]}
        assert backends_of(objects) in (set(), *backends), name


def selectors(objects):
    """What the objects select pods of the server by."""
    for found in objects:
        spec = found.get("spec", {})
        if found["kind"] == "Service":
            yield spec["selector"]
        elif found["kind"] in ("Deployment", "PodDisruptionBudget"):
            yield spec["selector"]["matchLabels"]
        elif found["kind"] == "NetworkPolicy":
            yield spec["podSelector"]["matchLabels"]
        for constraint in spec.get("template", {}).get("spec", {}).get("topologySpreadConstraints", []):
            yield constraint["labelSelector"]["matchLabels"]


def backends_of(objects):
    """Ports of the Service to which the Ingress or the HTTPRoute leads."""
    found = set()
    for each in objects:
        if each["kind"] == "Ingress":
            found |= {p["backend"]["service"]["port"]["name"] for rule in each["spec"]["rules"] for p in rule["http"]["paths"]}
        elif each["kind"] == "HTTPRoute":
            found |= {backend["port"] for rule in each["spec"]["rules"] for backend in rule["backendRefs"]}
    return found
