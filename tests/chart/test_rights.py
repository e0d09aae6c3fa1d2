"""The chart's rights are exactly those of the offered tools, for exactly whom and where the values say."""

import itertools

import pytest
import yaml

import cases
import helm

FILES = helm.CHART / "files/rbac"
TOOLSETS = ("backups", "clusters", "core", "databases", "diagnostics", "roles")
MODES = {"": {}, "-read-only": {"readOnly": True}, "-no-destructive": {"disableDestructive": True}}
ACCOUNT = {"kind": "ServiceAccount", "name": "cnpg-mcp-server", "namespace": "default"}


def rights(rules):
    """Rules as (group, resource, verb), each at most once."""
    found = [
        (group, resource, verb)
        for rule in rules
        for group, resource, verb in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"])
    ]
    assert len(found) == len(set(found)), "a right is given twice"
    return set(found)


def of_file(name):
    return rights(yaml.safe_load((FILES / f"{name}.yaml").read_text())["rules"])


def in_namespaces(rights):
    """Those on resources that are in namespaces."""
    scoped = yaml.safe_load((FILES / "cluster-scoped.yaml").read_text())["resources"]
    return {(group, resource, verb) for group, resource, verb in rights if f"{group}/{resource}" not in scoped}


def made(**values):
    return helm.objects(cases.merged(cases.LEAST, values))


def roles(objects):
    return [found for found in objects if found["kind"] in ("Role", "ClusterRole")]


def bindings(objects):
    return [found for found in objects if found["kind"] in ("RoleBinding", "ClusterRoleBinding")]


@pytest.mark.parametrize("ending", MODES, ids=[ending or "-all" for ending in MODES])
def test_rights_are_those_of_the_toolsets(ending):
    assert {path.stem.removeprefix("toolset-") for path in FILES.glob("toolset-*.yaml")} == {
        toolset + each for toolset in TOOLSETS for each in MODES
    }
    for count in range(1, len(TOOLSETS) + 1):
        for chosen in itertools.combinations(TOOLSETS, count):
            expected = set().union(*(of_file(f"toolset-{name}{ending}") for name in chosen))
            given = {role["kind"]: rights(role["rules"]) for role in roles(made(toolsets=list(chosen), **MODES[ending]))}
            assert given["Role"] == in_namespaces(expected), chosen
            assert given.get("ClusterRole", set()) == expected - in_namespaces(expected), chosen
            assert not any("*" in part for right in expected for part in right)


@pytest.mark.parametrize(("ending", "file"), [("", "all-tools"), ("-read-only", "read-only"), ("-no-destructive", "no-destructive")])
def test_rights_of_all_tools(ending, file):
    (role,) = roles(made(toolsets=["all"], rbac={"clusterWide": True}, **MODES[ending]))
    assert rights(role["rules"]) == of_file(file)
    assert of_file(file) == set().union(*(of_file(f"toolset-{name}{ending}") for name in TOOLSETS))


def test_what_is_in_no_namespace_is_given_apart_or_not_at_all():
    found = roles(made(toolsets=["all"]))
    assert [role["kind"] for role in found] == ["ClusterRole", "Role"]
    assert rights(found[0]["rules"]) == {("storage.k8s.io", "storageclasses", "get")}
    (role,) = roles(made(toolsets=["all"], rbac={"clusterScoped": False}))
    assert rights(role["rules"]) == in_namespaces(of_file("all-tools"))
    # The usual tools look at no such thing: nothing reaches beyond the namespace.
    assert [role["kind"] for role in roles(made())] == ["Role"]


def test_reading_needs_no_right_to_write():
    for role in roles(made(toolsets=["all"], readOnly=True, disableDestructive=True)):
        assert {verb for _, _, verb in rights(role["rules"])} <= {"get", "list", "watch"}


def test_the_servers_are_told_the_same_as_the_roles():
    for values, flags in (
        ({"toolsets": ["core", "backups"]}, ["--toolsets=core,backups"]),
        ({"readOnly": True}, ["--toolsets=core", "--read-only"]),
        ({"disableDestructive": True}, ["--toolsets=core", "--disable-destructive"]),
    ):
        objects = made(testSidecar={"enabled": True}, **values)
        for name in ("cnpg-mcp", "cnpg-mcp-test"):
            told = [flag for flag in helm.container(objects, name)["args"] if flag.startswith(("--toolsets", "--read", "--disable"))]
            assert told == flags


def test_rights_end_at_the_namespaces():
    for namespaces, expected in ([], ["default"]), (["apps", "shop"], ["apps", "shop"]):
        objects = made(rbac={"targetNamespaces": namespaces})
        assert {found["kind"] for found in roles(objects) + bindings(objects)} == {"Role", "RoleBinding"}
        for found in (roles(objects), bindings(objects)):
            assert [each["metadata"]["namespace"] for each in found] == expected
        assert all(binding["subjects"] == [ACCOUNT] for binding in bindings(objects))


def test_rights_everywhere_only_when_asked_for():
    objects = made(rbac={"clusterWide": True})
    assert [found["kind"] for found in roles(objects) + bindings(objects)] == ["ClusterRole", "ClusterRoleBinding"]
    assert bindings(objects)[0]["subjects"] == [ACCOUNT]


def test_bindings_lead_to_the_roles(rendered):
    for objects in rendered.values():
        there = {(role["kind"], role["metadata"].get("namespace"), role["metadata"]["name"]) for role in roles(objects)}
        led = {
            (binding["roleRef"]["kind"], binding["metadata"].get("namespace"), binding["roleRef"]["name"])
            for binding in bindings(objects)
        }
        assert there == led


IMPERSONATION = {"enabled": True, "groupsClaim": "groups", "subjects": [{"kind": "Group", "name": "oidc:dba"}]}


def test_impersonation_alone_when_configured():
    def impersonating(objects):
        return [role for role in roles(objects) if "impersonate" in {verb for _, _, verb in rights(role["rules"])}]

    assert not impersonating(made())
    objects = made(impersonation=IMPERSONATION)
    (role,) = impersonating(objects)
    assert rights(role["rules"]) == {("", "users", "impersonate"), ("", "groups", "impersonate")}
    assert not any("resourceNames" in rule for rule in role["rules"])
    # The account may impersonate and nothing else; the rights of the tools are the persons'.
    of_account = [binding["roleRef"]["name"] for binding in bindings(objects) if ACCOUNT in binding["subjects"]]
    assert of_account == [role["metadata"]["name"]]
    (of_persons,) = (binding for binding in bindings(objects) if ACCOUNT not in binding["subjects"])
    assert of_persons["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "oidc:dba"}]
    assert of_persons["roleRef"]["name"] != role["metadata"]["name"]


def test_impersonation_without_groups_and_of_named_ones():
    objects = made(impersonation={"enabled": True})
    (role,) = roles(objects)
    assert rights(role["rules"]) == {("", "users", "impersonate")}
    objects = made(impersonation={**IMPERSONATION, "users": ["oidc:ada"], "groups": ["oidc:dba"]})
    (role,) = (role for role in roles(objects) if role["metadata"]["name"].endswith(":impersonation"))
    assert [rule["resourceNames"] for rule in role["rules"]] == [["oidc:ada"], ["oidc:dba"]]


def test_no_rights_are_made_where_others_make_them():
    objects = made(rbac={"create": False}, impersonation=IMPERSONATION)
    assert not roles(objects) and not bindings(objects)
