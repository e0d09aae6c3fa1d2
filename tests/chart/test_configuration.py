"""The configuration that the chart writes is one that the servers take."""

import pytest
import yaml

import cases
import helm

# The keys that the servers know. Where the server is built, it is asked itself, below.
KNOWN = {
    "issuer", "audience", "client_id", "client_secret_file", "public_url", "jwks_uri", "scopes", "authorize_params", "token_params",
    "signing_key_file", "allowed_hosts", "allowed_origins", "session_store", "session_store_prefix", "session_store_ca_file",
    "impersonate", "impersonation", "require_scopes", "effect_scopes", "branding", "rate_limits", "trusted_proxies",
}
KNOWN_BELOW = {
    "impersonation": {"user_claim", "groups_claim", "prefix"},
    "effect_scopes": {"read", "write", "destroy"},
    "branding": {"name", "logo"},
    "rate_limits": {"registrations", "registrations_overall", "requests"},
}

# Everything that can be said, as far as it goes together.
FULL = cases.merged(
    cases.LEAST,
    cases.VARIATIONS["everything-by-hand"],
    cases.DIMENSIONS["as"]["person"],
    {"sessionStore": {"redis": {"url": "rediss://redis.example.com", "prefix": "mine:", "caFile": "/etc/own/redis.crt"}}},
    {"rateLimits": {"registrationsOverall": 1000}},
)


def configuration(values, **release):
    return yaml.safe_load(helm.one(helm.objects(values, **release), "ConfigMap")["data"]["oidc.yaml"])


def test_only_known_keys_are_written(rendered):
    texts = {helm.one(objects, "ConfigMap")["data"]["oidc.yaml"] for objects in rendered.values()}
    written = [yaml.safe_load(text) for text in texts] + [configuration(values) for _, values in cases.single()]
    for each in written + [configuration(FULL)]:
        assert each.keys() <= KNOWN
        for key, below in KNOWN_BELOW.items():
            assert each.get(key, {}).keys() <= below
        # An empty text is an error to the servers.
        assert "" not in each.values()
    assert configuration(FULL).keys() == KNOWN
    for key, below in KNOWN_BELOW.items():
        assert configuration(FULL)[key].keys() == below


def test_values_reach_their_keys():
    written = configuration(FULL)
    assert written["impersonate"] is True
    assert written["impersonation"] == {"user_claim": "sub", "groups_claim": "groups", "prefix": "oidc:"}
    assert written["branding"] == {"name": "Databases", "logo": "data:image/svg+xml;base64,PHN2Zy8+"}
    assert written["rate_limits"] == {"registrations": 10, "registrations_overall": 1000, "requests": 50}
    assert (written["authorize_params"], written["token_params"]) == ({"prompt": "login"}, {})
    assert written["trusted_proxies"] == 2


def test_a_prefix_that_is_left_out_is_said_to_be_none():
    values = {"impersonation": {"enabled": True, "prefix": "", "users": ["ada"]}}
    assert configuration(cases.merged(cases.LEAST, values))["impersonation"]["prefix"] == "-"


@pytest.mark.parametrize(
    ("values", "url", "proxies"),
    [
        ({"publicUrl": "https://a.example.com/"}, "https://a.example.com", 0),
        (cases.DIMENSIONS["entry"]["ingress"], "https://mcp.example.com", 1),
        (cases.merged(cases.DIMENSIONS["entry"]["ingress"], {"ingress": {"tls": {"enabled": False}}}), "https://mcp.example.com", 1),
        (cases.DIMENSIONS["entry"]["route"], "https://mcp.example.com", 1),
        (cases.merged(cases.DIMENSIONS["entry"]["ingress"], {"publicUrl": "https://front.example.com"}), "https://front.example.com", 1),
        (cases.merged(cases.DIMENSIONS["entry"]["route"], {"trustedProxies": 0}), "https://mcp.example.com", 0),
    ],
)
def test_the_public_url_follows_from_what_is_in_front(values, url, proxies):
    written = configuration(cases.merged(cases.LEAST, values))
    assert (written["public_url"], written["trusted_proxies"]) == (url, proxies)


def test_the_services_names_are_allowed_hosts():
    written = configuration(cases.merged(cases.LEAST, {"fullnameOverride": "mine", "clusterDomain": "example.internal"}), namespace="apps")
    assert written["allowed_hosts"] == ["mine", "mine.apps", "mine.apps.svc", "mine.apps.svc.example.internal"]


def test_the_address_of_redis_from_a_secret_stands_in_no_configmap():
    objects = helm.objects(cases.merged(cases.LEAST, cases.VARIATIONS["redis-secret"], {"testSidecar": {"enabled": True}}))
    written = yaml.safe_load(helm.one(objects, "ConfigMap")["data"]["oidc.yaml"])
    assert not any(key.startswith("session_store") for key in written)
    env = {variable["name"]: variable for variable in helm.container(objects, "cnpg-mcp")["env"]}
    assert env["CNPG_MCP_SESSION_STORE"]["valueFrom"] == {"secretKeyRef": {"name": "redis-address", "key": "url"}}
    assert env["CNPG_MCP_SESSION_STORE_PREFIX"]["value"] == "cnpg-mcp:default:mcp-server:"
    assert env["CNPG_MCP_SESSION_STORE_CA_FILE"]["value"] == "/etc/own/redis.crt"
    assert "env" not in helm.container(objects, "cnpg-mcp-test")


def test_pods_restart_when_the_configuration_changes_and_only_then():
    def pod(values):
        return helm.one(helm.objects(cases.merged(cases.LEAST, values)), "Deployment")["spec"]["template"]

    same = [pod({}), pod({"service": {"type": "NodePort"}}), pod({"rbac": {"clusterWide": True}}), pod({"podDisruptionBudget": {"maxUnavailable": 2}})]
    assert all(each == same[0] for each in same)
    for changed in ({"branding": {"name": "Other"}}, {"oidc": {"audience": "other"}}, {"allowedHosts": ["other"]}):
        assert pod(changed)["metadata"]["annotations"]["checksum/config"] != same[0]["metadata"]["annotations"]["checksum/config"]


@pytest.mark.parametrize("tag,policy", [
    ("1.2.3", "IfNotPresent"), ("v1.2.3-rc.1", "IfNotPresent"), ("main@sha256:" + "a" * 64, "IfNotPresent"), ("", "IfNotPresent"),
    ("latest", "Always"), ("main-294a09f", "Always"), ("1.2", "Always"), ("1.2.3-dirty and", None),
])
def test_a_tag_that_may_move_is_always_pulled(tag, policy):
    values = cases.merged(cases.LEAST, {"image": {"tag": tag}, "testSidecar": {"enabled": True}})
    if policy is None:
        with pytest.raises(helm.Refused):
            helm.objects(values)
        return
    objects = helm.objects(values)
    for name in ("cnpg-mcp", "cnpg-mcp-test"):
        made = helm.container(objects, name)
        assert made["image"] == f"registry.example.com/cnpg-mcp:{tag or '0.1.0'}"
        assert made["imagePullPolicy"] == policy
