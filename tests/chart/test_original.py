"""The sample values of the Python original install as they are, under the original's names."""

import yaml

import cases
import helm


def test_the_sample_values_give_the_originals_names():
    objects = helm.objects(cases.ORIGINAL, name="mcp-server")
    deployment = helm.one(objects, "Deployment", "mcp-server")
    assert deployment["spec"]["replicas"] == 1
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "cnpg-mcp"
    assert pod["spec"]["serviceAccountName"] == "cnpg-mcp-server"
    seen = [(c["name"], c["image"], c["imagePullPolicy"], [(p["name"], p["containerPort"]) for p in c["ports"]]) for c in pod["spec"]["containers"]]
    assert seen == [
        ("cnpg-mcp", "wateim/cnpg-mcp:cleanup3-294a09f", "Always", [("http", 4204)]),
        ("cnpg-mcp-test", "wateim/cnpg-mcp-test-server:cleanup3-294a09f", "Always", [("http-test", 3001)]),
    ]
    helm.one(objects, "ServiceAccount", "cnpg-mcp-server")
    service = helm.one(objects, "Service", "cnpg-mcp")["spec"]
    assert service["type"] == "ClusterIP"
    assert [(p["name"], p["port"], p["targetPort"]) for p in service["ports"]] == [("http", 4204, "http"), ("http-test", 3001, "http-test")]


def test_the_sample_values_mount_what_each_container_needs():
    objects = helm.objects(cases.ORIGINAL, name="mcp-server")
    spec = helm.one(objects, "Deployment")["spec"]["template"]["spec"]
    mounts = {c["name"]: [(m["name"], m["mountPath"]) for m in c["volumeMounts"]] for c in spec["containers"]}
    assert mounts == {
        "cnpg-mcp": [("oidc-config", "/etc/mcp"), ("auth0-credentials", "/etc/mcp/secrets")],
        "cnpg-mcp-test": [("oidc-config", "/etc/mcp")],
    }
    (secret,) = (volume["secret"] for volume in spec["volumes"] if "secret" in volume)
    assert secret["secretName"] == "mcp-server-auth0-credentials"
    assert [item["key"] for item in secret["items"]] == ["server-client-secret", "signing-key"]
    assert secret["defaultMode"] == 0o440
    assert not [found for found in objects if found["kind"] == "Secret"], "the chart makes no Secret"


def test_the_sample_values_route_the_originals_paths():
    (rule,) = helm.one(helm.objects(cases.ORIGINAL), "Ingress")["spec"]["rules"]
    assert rule["host"] == "claude-cnpg.wat.im"
    routed = [(p["path"], p["pathType"], p["backend"]["service"]["port"]["name"]) for p in rule["http"]["paths"]]
    assert routed == [
        ("/test", "Prefix", "http-test"),
        ("/.well-known/oauth-protected-resource/test", "Exact", "http-test"),
        ("/", "Prefix", "http"),
    ]


def test_the_sample_values_give_the_originals_configuration():
    text = helm.one(helm.objects(cases.ORIGINAL), "ConfigMap")["data"]["oidc.yaml"]
    expected = {
        "issuer": "https://dev-15i-ae3b.auth0.com",
        "audience": "https://claude-cnpg.wat.im/mcp",
        "client_id": "ZUKLpJLJYsBXS7dXW4hd71Z7e9bKfgEg",
        "client_secret_file": "/etc/mcp/secrets/server-client-secret",
        "public_url": "https://claude-cnpg.wat.im",
    }
    assert expected.items() <= yaml.safe_load(text).items()


def test_the_originals_probes():
    for container in ("cnpg-mcp", "cnpg-mcp-test"):
        made = helm.container(helm.objects(cases.ORIGINAL), container)
        port = made["ports"][0]["name"]
        assert made["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": port}
        assert made["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": port}
        assert (made["livenessProbe"]["periodSeconds"], made["livenessProbe"]["failureThreshold"]) == (30, 3)
        assert (made["readinessProbe"]["periodSeconds"], made["readinessProbe"]["failureThreshold"]) == (10, 3)


def test_helm_finds_nothing_to_say():
    for values in (cases.LEAST, cases.ORIGINAL):
        assert helm.lint(values) == []


def test_every_value_of_the_original_has_a_meaning():
    """Each value of the sample, changed, changes what is installed."""
    before = helm.objects(cases.ORIGINAL)

    def paths(values, above=()):
        for key, value in values.items():
            yield from paths(value, (*above, key)) if isinstance(value, dict) else [((*above, key), value)]

    changes = {"Always": "Never", "ClusterIP": "NodePort"}
    for path, value in paths(cases.ORIGINAL):
        if isinstance(value, str):
            changed = changes.get(value, f"{value}-x")
        else:
            changed = not value if isinstance(value, bool) else value - 1
        wrapped = changed
        for key in reversed(path):
            wrapped = {key: wrapped}
        more = {"publicUrl": "https://mcp.example.com"} if path == ("ingress", "enabled") else {}
        assert helm.objects(cases.merged(cases.ORIGINAL, wrapped, more)) != before, ".".join(path)
