"""Wrong values are refused before anything is applied, and the message has the name of the value."""

import pytest

import cases
import helm


def value(path, wrong):
    """Values with one thing at a path, `a.b.c`."""
    for key in reversed(path.split(".")):
        wrong = {key: wrong}
    return wrong


# What is wrong by itself: the path of the value, and the value.
WRONG = [
    ("image.repository", ""),
    ("image.repository", "registry.example.com/cnpg-mcp:latest"),
    ("image.tag", 1.2),
    ("image.tag", "a tag"),
    ("image.pullPolicy", "Sometimes"),
    ("imagePullSecrets", ["pull"]),
    ("metrics.port", 80),
    ("metrics.podMonitor.interval", "often"),
    ("replicaCount", "three"),
    ("replicaCount", -1),
    ("replicaCount", 3),
    ("fullnameOverride", "Upper"),
    ("fullnameOverride", "x" * 41),
    ("oidc.issuer", ""),
    ("oidc.issuer", "issuer.example.com"),
    ("oidc.issuer", "http://issuer.example.com"),
    ("oidc.issuer", "https://user:password@issuer.example.com"),
    ("oidc.audience", ""),
    ("oidc.clientId", ""),
    ("oidc.clientId", 12),
    ("oidc.scopes", "openid"),
    ("oidc.scopes", ["open id"]),
    ("oidc.scopes", ["profile"]),
    ("oidc.authorizeParams", ["audience"]),
    ("oidc.authorizeParams", {"state": "mine"}),
    ("oidc.tokenParams", {"max_age": 3}),
    ("oidc.existingSecret", "Not_a_name"),
    ("publicUrl", ""),
    ("publicUrl", "http://mcp.example.com"),
    ("publicUrl", "https://mcp.example.com/mcp"),
    ("allowedHosts", ["https://mcp.example.com"]),
    ("allowedOrigins", ["mcp.example.com"]),
    ("toolsets", []),
    ("toolsets", "core"),
    ("toolsets", ["core", "poolers"]),
    ("toolsets", ["all", "core"]),
    ("readOnly", "yes"),
    ("sessionStore.redis.url", "memcached://redis.example.com"),
    ("sessionStore.redis.url", "redis://:password@redis.example.com"),
    ("sessionStore.redis.url", "redis://redis.example.com/first"),
    ("sessionStore.redis.prefix", "mine:"),
    ("effectScopes.read", ""),
    ("trustedProxies", 9),
    ("rateLimits.requests", 0),
    ("impersonation.prefix", "system:"),
    ("impersonation.groups", ["oidc:dba"]),
    ("impersonation.subjects", [{"kind": "Group", "name": "oidc:dba"}]),
    ("impersonation.subjects", [{"kind": "ServiceAccount", "name": "default"}]),
    ("branding.logo", "https://example.com/logo.svg"),
    ("logging.level", "verbose"),
    ("logging.format", "xml"),
    ("service.type", "ExternalName"),
    ("service.port", 70000),
    ("service.port", "http"),
    ("ingress.enabled", "true"),
    ("ingress.host", "https://mcp.example.com"),
    ("ingress.annotations", {"nginx.ingress.kubernetes.io/proxy-read-timeout": 3600}),
    ("ingress.tls.enabled", 1),
    ("ingress.tls.secret", "certificate"),
    ("httpRoute.parentRefs", ["public"]),
    ("httpRoute.timeouts", {"request": "1 minute"}),
    ("resources.limits.memory", "lots"),
    ("resources.limit", {"memory": "1Gi"}),
    ("livenessProbe.periodSeconds", 0),
    ("testSidecar.enabled", "on"),
    ("testSidecar.image", "cnpg-mcp"),
    ("serviceAccount.name", "No Name"),
    ("rbac.targetNamespaces", "apps"),
    ("rbac.targetNamespaces", ["apps", "*"]),
    ("networkPolicy.apiServer.cidrs", ["10.0.0.1"]),
    ("networkPolicy.apiServer.ports", [0]),
    ("podDisruptionBudget.maxUnavailable", "half"),
    ("podDisruptionBudget.enabled", True),
    ("topologySpread.enabled", True),
    ("autoscaling.enabled", True),
    ("autoscaling.targetCPUUtilizationPercentage", 0),
    ("terminationGracePeriodSeconds", 10),
    ("extraEnv", [{"value": "nameless"}]),
    ("replicas", 2),
]

# What is wrong beside something else: the name that the message must have, and the values.
WRONG_TOGETHER = [
    ("metrics.podMonitor.enabled", {"metrics": {"podMonitor": {"enabled": True}}}),
    ("metrics.port", {"metrics": {"enabled": True, "port": 3000}}),
    ("ingress.host", {"ingress": {"enabled": True}}),
    ("httpRoute.hostnames", {"httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}}),
    ("httpRoute.parentRefs", {"httpRoute": {"enabled": True, "hostnames": ["mcp.example.com"]}}),
    (
        "publicUrl",
        {
            "publicUrl": "",
            "ingress": {"enabled": True, "host": "a.example.com"},
            "httpRoute": {"enabled": True, "hostnames": ["b.example.com"], "parentRefs": [{"name": "public"}]},
        },
    ),
    ("sessionStore.redis.existingSecret.name", {"sessionStore": {"redis": {"url": "redis://redis", "existingSecret": {"name": "redis"}}}}),
    ("rbac.clusterWide", {"rbac": {"clusterWide": True, "targetNamespaces": ["apps"]}}),
    ("impersonation.prefix", {"impersonation": {"enabled": True, "prefix": "", "groupsClaim": "groups", "users": ["ada"]}}),
    ("autoscaling.minReplicas", {**cases.REDIS, "autoscaling": {"enabled": True, "minReplicas": 6}}),
    ("service.testPort", {"testSidecar": {"enabled": True}, "service": {"testPort": 4204}}),
]


def refusal(values):
    with pytest.raises(helm.Refused) as refused:
        helm.render(cases.merged(cases.LEAST, values))
    return str(refused.value)


def names(path, message):
    """Whether the message has the name of the value: `a.b`, or as Helm writes it `/a/b` (and below it)."""
    parent, _, last = path.rpartition(".")
    unknown = f"at '{'/' + parent.replace('.', '/') if parent else ''}': additional properties '{last}' not allowed"
    return path in message or f"'/{path.replace('.', '/')}" in message or unknown in message


@pytest.mark.parametrize(("path", "wrong"), WRONG, ids=[f"{path}={wrong!r}" for path, wrong in WRONG])
def test_a_wrong_value_is_named(path, wrong):
    message = refusal(value(path, wrong))
    assert names(path, message), message


@pytest.mark.parametrize(("path", "values"), WRONG_TOGETHER, ids=[path for path, _ in WRONG_TOGETHER])
def test_values_that_do_not_fit_together_are_named(path, values):
    message = refusal(values)
    assert names(path, message), message


def test_the_values_that_are_changed_are_right_but_for_that():
    helm.render(cases.LEAST)


def test_all_refusals_are_told_at_once():
    with pytest.raises(helm.Refused) as refused:
        helm.render({})
    for path in ("image.repository", "oidc.issuer", "oidc.audience", "oidc.clientId", "publicUrl"):
        assert path in str(refused.value)


@pytest.mark.parametrize("scheme", ["redis", "memcached"])
def test_a_refusal_shows_no_password(scheme):
    assert "hunter2" not in refusal(value("sessionStore.redis.url", f"{scheme}://:hunter2@redis"))
