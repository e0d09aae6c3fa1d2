"""Helm installs the chart into a sandbox that enforces authorization, and the server works there with the token of its
account: with the chart's rights everything that it offers works, and without any one of them something does not."""

import concurrent.futures
import contextlib
import itertools
import re
import urllib.error
import urllib.request

import pytest
import yaml

import cases
import helm
import world
from losing import losing

MAIN = {"cluster_name": "main-db"}
APP_USER = {**MAIN, "role_name": "app_user"}
MY_DB = {**MAIN, "database_name": "my_db"}

# Every tool, in an order in which each finds what it needs.
CALLS = [
    ("list_postgres_clusters", {}),
    ("get_cluster_status", {"name": "main-db", "detail_level": "detailed"}),
    ("list_postgres_roles", MAIN),
    ("list_postgres_databases", MAIN),
    ("get_role_status", {**MAIN, "role_name": "reporting"}),
    ("get_database_status", {**MAIN, "database_name": "orders"}),
    ("list_cluster_events", {"name": "main-db"}),
    ("get_instance_logs", {"name": "main-db"}),
    ("list_backups", MAIN),
    ("create_postgres_cluster", {"name": "orders", "instances": 1}),
    ("scale_postgres_cluster", {"name": "main-db", "instances": 4}),
    ("create_postgres_role", APP_USER),
    ("update_postgres_role", {**APP_USER, "rotate_password": True}),
    ("create_postgres_database", {**MY_DB, "owner": "reporting"}),
    ("delete_postgres_database", MY_DB),
    ("delete_postgres_role", APP_USER),
    ("create_backup", {**MAIN, "backup_name": "by-hand"}),
    ("create_scheduled_backup", {**MAIN, "schedule_name": "weekly", "schedule": "0 0 2 * * 0"}),
    ("delete_scheduled_backup", {"schedule_name": "weekly"}),
    ("restore_cluster_from_backup", {"backup_name": "main-db-nightly", "name": "restored", "instances": 1}),
    ("resize_postgres_cluster", {"name": "main-db", "storage_size": "40Gi"}),
    ("restart_postgres_cluster", {"name": "main-db"}),
    ("promote_cluster_instance", {"name": "main-db", "instance": "main-db-2"}),
    ("hibernate_postgres_cluster", {"name": "analytics", "namespace": "data"}),
    ("delete_postgres_cluster", {"name": "main-db", "confirm_deletion": True}),
]

# Those that look on while something happens.
WAITING = [
    ("create_postgres_cluster", {"name": "orders", "instances": 1, "wait": True}),
    ("create_backup", {**MAIN, "backup_name": "by-hand", "wait": True}),
]

# Both namespaces in which the sandbox has a cluster.
VALUES = cases.merged(cases.LEAST, {"rbac": {"targetNamespaces": ["default", "data"]}})

TOOLSETS = ("all", "backups", "clusters", "core", "databases", "diagnostics", "roles")
MODES = {"": {}, "-read-only": {"readOnly": True}, "-no-destructive": {"disableDestructive": True}}


def flags(values):
    """What the chart tells the server of tools."""
    told = helm.container(helm.objects(values), "cnpg-mcp")["args"]
    return [flag for flag in told if re.match("--(toolsets|read-only|disable-destructive)", flag)]


def wrong(well, text):
    """Whether a call failed, or says what it was not allowed."""
    return not well or refused(text)


def refused(text):
    """Whether an answer says that something was not allowed."""
    return "is forbidden" in text or re.search("needs `(get|list)` on|objects could not be read", text) is not None


def play(client, calls=CALLS):
    """Calls what is offered: the tools that did not work, with what they said."""
    offered = client.tools()
    answers = [(tool, *client.call(tool, arguments)) for tool, arguments in calls if tool in offered]
    return [f"{tool}: {text}" for tool, well, text in answers if wrong(well, text)], offered


def tools_of(file):
    """The tools that a file of rights is for."""
    return set(re.findall(r"^#   (\w+)$", (helm.CHART / "files/rbac" / file).read_text(), re.MULTILINE))


# Where the rights hold: each toolset in the namespaces, and all of them everywhere.
PLACES = [*((toolset, VALUES) for toolset in TOOLSETS), ("all", cases.merged(cases.LEAST, {"rbac": {"clusterWide": True}}))]


@pytest.mark.parametrize(("toolset", "place"), PLACES, ids=[*TOOLSETS, "all-everywhere"])
@pytest.mark.parametrize("mode", MODES, ids=[mode or "-all" for mode in MODES])
def test_what_is_offered_works_with_the_charts_rights(tmp_path, toolset, place, mode):
    values = cases.merged(place, {"toolsets": [toolset]}, MODES[mode])
    with world.sandbox(tmp_path) as sandbox:
        helm.install(values, sandbox.kubeconfig)
        with world.server(tmp_path, sandbox.kubeconfig_of("default", "cnpg-mcp-server"), flags(values)) as client:
            problems, offered = play(client)
    assert not problems, "\n".join(problems)
    file = (mode.strip("-") or "all-tools") if toolset == "all" else f"toolset-{toolset}{mode}"
    # A file of one tool does not list it.
    assert len(offered) == 1 or offered == tools_of(f"{file}.yaml")
    assert offered <= {tool for tool, _ in CALLS}


def test_every_tool_is_played():
    assert {tool for tool, _ in CALLS} == tools_of("all-tools.yaml")


def rights():
    """Every right of all tools: the kind of its role, and the right."""
    for role in helm.objects(cases.merged(cases.LEAST, {"toolsets": ["all"]})):
        if role["kind"] in ("Role", "ClusterRole"):
            for rule in role["rules"]:
                for each in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"]):
                    yield role["kind"], each


def without(rules, right):
    """Rules, less one right."""
    group, resource, verb = right
    return [
        {**rule, "verbs": [v for v in rule["verbs"] if v != verb]} if (rule["apiGroups"], rule["resources"]) == ([group], [resource]) else rule
        for rule in rules
    ]


RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES = {
    "Role": [f"{RBAC}/namespaces/{namespace}/roles/cnpg-mcp:default:mcp-server" for namespace in ("default", "data")],
    "ClusterRole": [f"{RBAC}/clusterroles/cnpg-mcp:default:mcp-server"],
}


def refused_without(folder, kind, right):
    """The answers that tell of a refusal where a right is missing."""
    folder.mkdir()
    values = cases.merged(VALUES, {"toolsets": ["all"]})
    with world.sandbox(folder) as sandbox, contextlib.ExitStack() as stack:
        helm.install(values, sandbox.kubeconfig)
        for role in ROLES[kind] if right else []:
            rules = sandbox.request("GET", role)["rules"]
            less = without(rules, right)
            assert less != rules
            sandbox.request("PATCH", role, {"rules": [rule for rule in less if rule["verbs"]]})
        # Whether a Database was made is looked up when the answer was lost, and never else.
        url = stack.enter_context(losing(sandbox.url, "POST", "databases")) if right in (None, LOOKED_UP) else None
        kubeconfig = sandbox.kubeconfig_of("default", "cnpg-mcp-server", url)
        client = stack.enter_context(world.server(folder, kubeconfig, flags(values)))
        calls = WAITING if right and right[2] == "watch" else CALLS
        return [text for tool, arguments in calls for _, text in [client.call(tool, arguments)] if refused(text)]


LOOKED_UP = ("postgresql.cnpg.io", "databases", "get")


def test_without_any_one_right_something_is_refused(tmp_path):
    every = list(rights())
    assert len(every) > 25 and ("Role", LOOKED_UP) in every
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(refused_without, tmp_path / str(number), *each) for number, each in enumerate([*every, (None, None)])]
        *found, with_all = [job.result() for job in jobs]
    assert with_all == []
    needless = [right for right, refused in zip(every, found, strict=True) if not refused]
    assert not needless, f"nothing needs {needless}"


def test_rights_end_where_the_values_say(tmp_path):
    with world.sandbox(tmp_path) as sandbox:
        def server():
            return world.server(tmp_path, sandbox.kubeconfig_of("default", "cnpg-mcp-server"), [])

        helm.install(cases.LEAST, sandbox.kubeconfig)
        elsewhere = ("get_cluster_status", {"name": "analytics", "namespace": "data"})
        with server() as client:
            assert client.call("get_cluster_status", {"name": "main-db"})[0]
            well, text = client.call(*elsewhere)
            assert not well and "data" in text and "get" in text
            # Changed values hold at once, for a server that runs.
            helm.install(cases.merged(cases.LEAST, {"rbac": {"targetNamespaces": ["data"]}}), sandbox.kubeconfig)
            assert client.call(*elsewhere)[0]
            assert not client.call("get_cluster_status", {"name": "main-db"})[0]
            helm.install(cases.merged(cases.LEAST, {"rbac": {"clusterWide": True}}), sandbox.kubeconfig)
            assert client.call(*elsewhere)[0] and client.call("get_cluster_status", {"name": "main-db"})[0]
            assert client.call("list_postgres_clusters", {"all_namespaces": True})[0]


def as_person(sandbox, token, path, user, *groups):
    """The status of a request that the server's account makes in somebody's name."""
    request = urllib.request.Request(sandbox.url + path, headers={"Authorization": f"Bearer {token}"})
    if user:
        request.add_header("Impersonate-User", user)
    # One header: urllib keeps one of a name.
    for group in groups:
        request.add_header("Impersonate-Group", group)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_with_impersonation_the_account_can_do_nothing_by_itself(tmp_path):
    person = {"enabled": True, "groupsClaim": "groups", "subjects": [{"kind": "Group", "name": "oidc:dba"}]}
    path = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters"
    with world.sandbox(tmp_path) as sandbox:
        def ask(*who):
            file = sandbox.kubeconfig_of("default", "cnpg-mcp-server")
            token = yaml.safe_load(file.read_text())["users"][0]["user"]["token"]
            return as_person(sandbox, token, path, *who)

        helm.install(cases.LEAST, sandbox.kubeconfig)
        assert ask(None) == 200
        assert ask("oidc:ada", "oidc:dba") == 403, "nobody may be impersonated unless that is configured"
        helm.install(cases.merged(cases.LEAST, {"impersonation": person}), sandbox.kubeconfig)
        assert ask(None) == 403
        assert ask("oidc:ada", "oidc:dba") == 200
        assert ask("oidc:ada") == 403
        named = {"users": ["oidc:ada"], "groups": ["oidc:dba"]}
        helm.install(cases.merged(cases.LEAST, {"impersonation": {**person, **named}}), sandbox.kubeconfig)
        assert ask("oidc:ada", "oidc:dba") == 200
        assert ask("oidc:eve", "oidc:dba") == 403
        assert ask("oidc:ada", "system:masters") == 403
