"""Every pod keeps to Kubernetes' Pod Security Standard "restricted", and to what the chart promises beside it."""

import cases
import helm


def pods(objects):
    for found in objects:
        if found["kind"] == "Pod":
            yield found["spec"]
        elif found["kind"] == "Deployment":
            yield found["spec"]["template"]["spec"]


def test_every_pod_is_restricted(rendered):
    for name, objects in rendered.items():
        for pod in pods(objects):
            context = pod["securityContext"]
            assert context["runAsNonRoot"] is True and context["seccompProfile"] == {"type": "RuntimeDefault"}, name
            assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1000, 1000, 1000), name
            assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
            assert {next(iter(volume.keys() - {"name"})) for volume in pod.get("volumes", [])} <= {"configMap", "secret"}, name
            for container in pod["containers"]:
                own = container["securityContext"]
                assert own == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }, name
                assert all(mount["readOnly"] for mount in container.get("volumeMounts", [])), name
                assert not any("hostPort" in port for port in container.get("ports", [])), name
                assert "memory" in container["resources"]["limits"] and "memory" in container["resources"]["requests"], name


def test_the_pod_of_helm_test_has_no_token_and_no_secret(rendered):
    for objects in rendered.values():
        pod = helm.one(objects, "Pod")["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert "volumes" not in pod and not any("env" in container for container in pod["containers"])


def test_the_test_server_gets_no_secret(rendered):
    for name, objects in rendered.items():
        if name.startswith("on "):
            made = helm.container(objects, "cnpg-mcp-test")
            assert [mount["name"] for mount in made["volumeMounts"]] == ["oidc-config"]
            assert "env" not in made


def test_resources_and_contexts_are_the_administrators():
    values = cases.merged(
        cases.LEAST,
        cases.DIMENSIONS["sidecar"]["on"],
        {
            "resources": {"limits": {"memory": "1Gi"}},
            "testSidecar": {"resources": {"requests": {"cpu": 2}}},
            "podSecurityContext": {"runAsUser": 2000, "fsGroup": 2000},
            "securityContext": {"readOnlyRootFilesystem": False},
        },
    )
    objects = helm.objects(values)
    assert helm.container(objects, "cnpg-mcp")["resources"]["limits"] == {"cpu": "500m", "memory": "1Gi"}
    assert helm.container(objects, "cnpg-mcp-test")["resources"]["requests"] == {"cpu": 2, "memory": "64Mi"}
    for pod in pods(objects):
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]) == (2000, 2000)
        assert not any(container["securityContext"]["readOnlyRootFilesystem"] for container in pod["containers"])


def test_the_network_policy_lets_through_what_is_needed():
    def policy(values):
        return helm.one(helm.objects(cases.merged(cases.LEAST, {"networkPolicy": {"enabled": True}}, values)), "NetworkPolicy")["spec"]

    def ports(spec):
        return [[port["port"] for port in rule["ports"]] for rule in spec["egress"]]

    spec = policy({})
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (rule,) = spec["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}},
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cnpg-mcp-helm-test", "app.kubernetes.io/instance": "mcp-server"}}},
    ]
    assert [port["port"] for port in rule["ports"]] == ["http"]
    # DNS, the API server by its Service and by its endpoints, the identity provider.
    assert ports(spec) == [[53, 53], [443, 6443], [443]]
    for redis, port in (("rediss://redis.example.com:6380/1", 6380), ("redis://redis.example.com", 6379), ("redis://[2001:db8::1]:7000/0", 7000)):
        spec = policy({"sessionStore": {"redis": {"url": redis}}})
        assert ports(spec) == [[53, 53], [443, 6443], [443], [port]]
    spec = policy({"sessionStore": {"redis": {"existingSecret": {"name": "redis"}}}, "networkPolicy": {"redis": {"port": 7001, "to": [{"podSelector": {}}]}}})
    assert spec["egress"][3] == {"ports": [{"port": 7001}], "to": [{"podSelector": {}}]}
    spec = policy({"networkPolicy": {"apiServer": {"cidrs": ["198.51.100.7/32"]}, "ingressNamespaces": []}})
    assert spec["egress"][1]["to"] == [{"ipBlock": {"cidr": "198.51.100.7/32"}}]
    assert len(spec["ingress"][0]["from"]) == 1
