"""What the guides say is so: links lead somewhere, commands are taken, YAML is accepted, messages are those of the code."""

import re
import subprocess

import pytest
import yaml

import cases
import guides
import helm
import world

GUIDES = guides.files()
DOCS = [path for path in GUIDES if "docs" in path.relative_to(helm.ROOT).parts]
by_name = pytest.mark.parametrize("path", GUIDES, ids=guides.name)
MAKEFILE = (helm.ROOT / "Makefile").read_text()
VALUES = yaml.safe_load((helm.CHART / "values.yaml").read_text())

# Programs of others that the guides use, and those of their commands.
OTHERS = {
    "cargo": {"build", "run", "nextest", "install", "doc", "test"},
    "claude": {"mcp"},
    "git": {"pull"},
    "helm": {"test", "template", "rollback", "get", "upgrade", "uninstall"},
    "kubectl": {"create", "get", "rollout", "logs", "describe", "exec", "auth", "apply"},
    **dict.fromkeys(("cat", "cp", "export", "mkdir", "mv", "openssl", "python", "tar", "umask"), None),
}


def test_the_guides_are_there():
    expected = {"architecture", "deployment", "oidc", "rbac", "upgrade", "monitoring", "backup", "security", "troubleshooting", "from-the-original"}
    assert expected <= {path.stem for path in DOCS}
    assert len(DOCS) > 15 and helm.ROOT / "CONTRIBUTING.md" in GUIDES


@by_name
def test_links_lead_somewhere(path):
    for link in guides.links(path.read_text()):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in guides.anchors(target.read_text()), link


def test_every_guide_is_linked_from_the_index():
    for folder, index in (helm.ROOT / "docs", "README.md"), (helm.ROOT / "docs/decisions", "README.md"):
        linked = {link.partition("#")[0] for link in guides.links((folder / index).read_text())}
        for path in folder.glob("*.md"):
            assert path.name == index or path.name in linked, path


def subcommand(arguments, flags_with_values=("--namespace", "-n")):
    """The first word that is no flag, nor the value of one."""
    words = iter(arguments)
    for word in words:
        if word in flags_with_values:
            next(words)
        elif not word.startswith("-"):
            return word
    return None


def problem(command):
    """What is wrong with a command; nothing where nothing is."""
    if found := guides.ours(command):
        wrong = guides.unknown_flags(world.binary(found[0]), found[1])
        return f"{found[0]} does not know {wrong}" if wrong else None
    program, *arguments = command
    program = program.rpartition("/")[2]
    if program == "make":
        for word in arguments:
            variable, assigned, _ = word.partition("=")
            known = rf"\b{variable}\b *\?=|\$\({variable}\)" if assigned else rf"^{word}:"
            if not re.search(known, MAKEFILE, re.MULTILINE):
                return f"make has no {word}"
        return None
    if program not in OTHERS:
        return f"{program} is not known"
    known = OTHERS[program]
    return f"{program} {subcommand(arguments)}" if known and subcommand(arguments) not in known else None


# The commands of the spec language's guide are run by the compiler's tests.
@pytest.mark.parametrize("path", [path for path in GUIDES if "specs" not in path.parts], ids=guides.name)
def test_commands_are_taken(path):
    text = path.read_text()
    # A tutorial calls the tool that it makes.
    made = set(re.findall(r"<!-- tutorial: specs/tools/(\w+)\.yaml -->", text))
    commands = [command for command in guides.commands(text) if not made & set(command)]
    problems = [f"{' '.join(command)}: {found}" for command in commands if (found := problem(command))]
    assert not problems, "\n".join(problems)


def test_a_wrong_command_is_seen():
    for line in (
        "cnpg-mcp-server --tranport http",
        "cnpg-mcp-server serve",
        "cargo run -q -p cnpg-mcp-cli -- call list_backups --cluster main-db",
        "cargo run -q -p cnpg-mcp-cli -- setups",
        "make deploi",
        "make deploy NAMSPACE=x",
        "helm --namespace databases instal mcp-server",
        "frobnicate",
    ):
        (command,) = guides.commands(f"```console\n$ {line}\n```\n")
        assert problem(command), line
    assert not problem(["make", "deploy", "NAMESPACE=x"])
    # What is put into a variable is looked at too.
    _, inner = guides.commands("```console\n$ export TOKEN=$(cnpg-mcp token --isuer x)\n```\n")
    assert problem(inner)
    assert guides.commands("```console\n$ a b && { c; d e; } > f | g    # h\n```\n") == [["a", "b"], ["c"], ["d", "e"], ["g"]]


def checked_config(text, folder):
    """What the server says of a configuration, whose secrets are there."""
    (folder / "server-client-secret").write_text("hunter2\n")
    (folder / "signing-key").write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    file = folder / "oidc.yaml"
    file.write_text(text.replace("/etc/mcp/secrets", str(folder)))
    command = [world.binary("cnpg-mcp-server"), "--transport=http", "--host=0.0.0.0", "--check-config", f"--config={file}"]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("path", DOCS, ids=guides.name)
def test_yaml_is_accepted(path, tmp_path):
    for kind, text in guides.blocks(path.read_text(), "yaml"):
        if kind == "values":
            objects = helm.objects(cases.merged(cases.LEAST, yaml.safe_load(text)))
            made = helm.one(objects, "ConfigMap")["data"]["oidc.yaml"]
            done = checked_config(made, tmp_path)
        elif kind == "config":
            done = checked_config(text, tmp_path)
        else:
            assert kind == "foreign", f"what is it?\n{text}"
            assert yaml.safe_load(text)
            continue
        assert done.returncode == 0, f"{text}\n{done.stderr}"


def test_a_wrong_configuration_is_seen(tmp_path):
    assert checked_config("issuer: https://id.example.com\n", tmp_path).returncode != 0


@pytest.mark.parametrize("path", DOCS, ids=guides.name)
def test_values_that_are_named_are_there(path):
    for name in re.findall(r"`([a-z][A-Za-z]+(?:\.[A-Za-z]+)+)(?:: [^`]*)?`", guides.prose(path.read_text())):
        found = VALUES
        keys = name.split(".")
        if keys[0] not in VALUES:
            continue
        for key in keys:
            assert not isinstance(found, dict) or not found or key in found, name
            found = found.get(key) if isinstance(found, dict) else None


KINDS = ("flowchart LR", "sequenceDiagram")


@pytest.mark.parametrize("path", DOCS, ids=guides.name)
def test_pictures_are_made_from_text(path):
    for _, text in guides.blocks(path.read_text(), "mermaid"):
        first, *lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert first in KINDS
        if first == "sequenceDiagram":
            people = {line.split()[1] for line in lines if line.startswith("participant ")}
            for line in lines[len(people) :]:
                arrow = re.fullmatch(r"(\w+)--?>>(\w+): .+", line)
                assert arrow and set(arrow.groups()) <= people, line
        else:
            assert len([line for line in lines if line.startswith("subgraph ")]) == lines.count("end")
            for line in lines:
                assert line.count("[") == line.count("]") and line.count("(") == line.count(")") and line.count('"') % 2 == 0, line


def source():
    """Everything that says something to people."""
    folders = [("runtime/src", "*.rs"), ("generated/src", "*.rs"), ("chart/templates", "*")]
    return "\n".join(file.read_text() for folder, glob in folders for file in (helm.ROOT / folder).rglob(glob) if file.is_file())


# What Kubernetes says.
EVENTS = {"FailedMount", "CreateContainerConfigError", "ImagePullBackOff"}


def test_messages_are_those_of_the_code():
    said = source()
    symptoms = []
    for line in (helm.ROOT / "docs/troubleshooting.md").read_text().splitlines():
        if line.startswith("| ") and not line.startswith(("| ---", "| it says", "| what is seen")):
            symptoms += re.findall(r"`([^`]+)`", line.split(" | ")[0])
    symptoms = [symptom for symptom in symptoms if symptom not in EVENTS]
    assert len(symptoms) > 25
    assert [symptom for symptom in symptoms if symptom not in said] == []


# What the original's document names.
SCRIPTS = ("init_make_config.py", "setup-auth0.py", "create_secrets.py", "export-auth0-config.py", "get-user-token.py")


def test_every_script_of_the_original_has_its_successor():
    table = (helm.ROOT / "docs/from-the-original.md").read_text()
    for script in (*SCRIPTS, "--recreate-client", "rbac.yaml", "cnpg_mcp_server.py", "cnpg_mcp_test_server.py", "cnpg_tools.py"):
        assert any(line.startswith("| `") and script in line.split("|")[1] for line in table.splitlines()), script


def test_tests_that_are_named_are_there():
    named = re.findall(r"`(test_\w+\.py)(?:::(\w+)(?:\[\w+\])?)?`", (helm.ROOT / "tests/chart/README.md").read_text())
    assert len(named) > 30
    for file, test in named:
        assert f"def {test}" in (helm.ROOT / "tests/chart" / file).read_text(), (file, test)
    here = {path.name for path in (helm.ROOT / "tests/chart").glob("test_*.py")}
    assert here - {file for file, _ in named} <= {"test_helm_command.py"}


@pytest.mark.parametrize("path", DOCS, ids=guides.name)
def test_files_that_are_named_are_there(path):
    """Tests and folders of the project in code spans."""
    for named in re.findall(r"`((?:tests|runtime|generated|chart|specs|image|sandbox|codegen)/[\w./-]*)`", guides.prose(path.read_text())):
        assert (helm.ROOT / named).exists(), named
