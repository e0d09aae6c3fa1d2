"""Values with which the chart is tried."""

import copy
import functools
import itertools
from pathlib import Path

import yaml

HERE = Path(__file__).parent

# The sample of the Python original's document, as it stands there.
ORIGINAL = yaml.safe_load((HERE / "original-values.yaml").read_text())

# The least that the chart asks for.
LEAST = {
    "image": {"repository": "registry.example.com/cnpg-mcp", "tag": "1.2.3"},
    "oidc": {"issuer": "https://issuer.example.com/", "audience": "https://mcp.example.com/mcp", "clientId": "client-1"},
    "publicUrl": "https://mcp.example.com",
}

REDIS = {"sessionStore": {"redis": {"url": "rediss://redis.example.com:6380/1"}}}

# Each way of setting a thing, beside the others.
DIMENSIONS = {
    "sidecar": {"off": {}, "on": {"testSidecar": {"enabled": True}}},
    "entry": {
        "none": {},
        "ingress": {"publicUrl": "", "ingress": {"enabled": True, "host": "mcp.example.com", "className": "nginx"}},
        "route": {
            "publicUrl": "",
            "httpRoute": {"enabled": True, "hostnames": ["mcp.example.com"], "parentRefs": [{"name": "public", "namespace": "gateways"}]},
        },
    },
    "sessions": {
        "memory": {},
        "redis": REDIS,
        "redis-three": {
            **REDIS,
            "replicaCount": 3,
            "podDisruptionBudget": {"enabled": True},
            "topologySpread": {"enabled": True},
        },
    },
    "rights": {
        "own": {},
        "namespaces": {"rbac": {"targetNamespaces": ["apps", "shop"]}},
        "cluster": {"rbac": {"clusterWide": True}},
    },
    "tools": {"all": {}, "read-only": {"readOnly": True}},
    "as": {
        "server": {},
        "person": {
            "impersonation": {
                "enabled": True,
                "groupsClaim": "groups",
                "prefix": "oidc:",
                "subjects": [{"kind": "Group", "name": "oidc:dba"}],
            }
        },
    },
}

# What no dimension has.
VARIATIONS = {
    "network-closed": {"networkPolicy": {"enabled": True}},
    "metrics": {"metrics": {"enabled": True}, "testSidecar": {"enabled": True}, "networkPolicy": {"enabled": True}},
    "autoscaling": {**REDIS, "autoscaling": {"enabled": True}},
    "redis-secret": {"sessionStore": {"redis": {"existingSecret": {"name": "redis-address"}, "caFile": "/etc/own/redis.crt"}}},
    "renamed": {"fullnameOverride": "other", "serviceAccount": {"annotations": {"team": "data"}}},
    "everything-by-hand": {
        "allowedHosts": ["mcp.internal:8443"],
        "allowedOrigins": ["https://inspector.example.com"],
        "branding": {"name": "Databases", "logo": "data:image/svg+xml;base64,PHN2Zy8+"},
        "oidc": {
            "existingSecret": "keys",
            "jwksUri": "https://issuer.example.com/keys",
            "scopes": ["openid", "offline_access"],
            "authorizeParams": {"prompt": "login"},
            "tokenParams": {},
        },
        "requireScopes": True,
        "effectScopes": {"read": "pg.read"},
        "trustedProxies": 2,
        "rateLimits": {"registrations": 10, "requests": 50},
        "toolsets": ["core", "backups", "diagnostics"],
        "disableDestructive": True,
        "postgresImageRegistry": "registry.example.com/cnpg",
        "logging": {"format": "text", "level": "debug"},
        "imagePullSecrets": [{"name": "pull"}],
        "podAnnotations": {"note": "a"},
        "podLabels": {"team": "data"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "Exists"}]}]}}},
        "priorityClassName": "high",
        "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/own/ca.crt"}],
        "extraVolumes": [{"name": "own-ca", "configMap": {"name": "own-ca"}}],
        "extraVolumeMounts": [{"name": "own-ca", "mountPath": "/etc/own", "readOnly": True}],
        "networkPolicy": {
            "enabled": True,
            "ingressFrom": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
            "apiServer": {"cidrs": ["198.51.100.7/32"], "ports": [6443]},
            "identityProvider": {"cidrs": ["203.0.113.0/24"]},
            "egress": [{"ports": [{"port": 4317}]}],
        },
    },
    "toolsets-all": {"toolsets": ["all"]},
    "no-rights": {"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "made-elsewhere"}},
    "original": ORIGINAL,
}


def merged(*parts):
    """Values on top of values, as Helm merges them."""

    def onto(below, above):
        for key, value in above.items():
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                onto(below[key], value)
            else:
                below[key] = copy.deepcopy(value)
        return below

    return functools.reduce(onto, parts, {})


def combinations():
    """Every combination of the dimensions: its name, and its values."""
    for chosen in itertools.product(*(ways.items() for ways in DIMENSIONS.values())):
        yield " ".join(name for name, _ in chosen), merged(LEAST, *(values for _, values in chosen))


def single():
    """Each way of each dimension alone, and the variations: name, and values."""
    for dimension, ways in DIMENSIONS.items():
        for name, values in list(ways.items())[1:]:
            yield f"{dimension}-{name}", merged(LEAST, values)
    for name, values in VARIATIONS.items():
        yield name, merged(LEAST, values)
