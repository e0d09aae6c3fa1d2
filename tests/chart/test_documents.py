"""What chart/README.md says is so."""

import json
import re
import tomllib

import pytest
import yaml

import cases
import helm
import values_table

VALUES = (helm.CHART / "values.yaml").read_text()
README = values_table.README.read_text()
SCHEMA = json.loads((helm.CHART / "values.schema.json").read_text())


def test_the_table_is_that_of_the_values():
    assert README == values_table.with_table(README, VALUES), "`make docs` refreshes it"


def test_a_value_without_a_comment_is_seen():
    with pytest.raises(values_table.Undocumented, match=r"values.yaml:4: a.c has no"):
        list(values_table.rows("a:\n  # -- said\n  b: 1\n  c: 2\n"))


def test_a_changed_value_is_seen():
    assert README != values_table.with_table(README, VALUES.replace("replicaCount: 1", "replicaCount: 2"))


def leaves(values, above=""):
    for key, value in values.items():
        path = f"{above}{key}"
        yield from leaves(value, f"{path}.") if isinstance(value, dict) and value else [path]


def in_schema(path):
    found = SCHEMA
    for key in path.split("."):
        found = SCHEMA["$defs"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found
        if found.get("additionalProperties", True) is not False:
            return True
        found = found.get("properties", {}).get(key)
        if found is None:
            return False
    return True


def test_the_schema_knows_every_value_and_no_other():
    values = yaml.safe_load(VALUES)
    assert [path for path in leaves(values) if not in_schema(path)] == []

    def members(schema, default, above=""):
        for key, member in schema.get("properties", {}).items():
            path = f"{above}{key}"
            if path == "global":
                continue
            assert key in default, f"{path} is in the schema, and not in values.yaml"
            if isinstance(default[key], dict) and default[key] and "$ref" not in member:
                members(member, default[key], f"{path}.")

    members(SCHEMA, values)


def test_every_value_is_used():
    """Each value stands in a template, by itself or with what it is in."""
    templates = "".join(path.read_text() for path in (helm.CHART / "templates").rglob("*") if path.is_file())
    for path, _, _ in values_table.rows(VALUES):
        parent, _, last = path.rpartition(".")
        assert re.search(rf"\b{last}\b|to(Json|Yaml) \.Values\.{parent}\b", templates), path


def test_the_least_values_of_the_readme_are_enough():
    example = re.search(r"<!-- example: least -->\n```yaml\n(.*?)```", README, re.DOTALL)[1]
    helm.objects(cases.merged(yaml.safe_load(example), {"image": {"repository": "registry.example.com/cnpg-mcp"}}))


def test_every_other_example_of_the_readme_is_taken():
    examples = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        helm.objects(cases.merged(cases.LEAST, yaml.safe_load(example)))


def test_values_that_are_named_are_there():
    known = yaml.safe_load(VALUES)
    text = README.split(values_table.BEGIN)[0]
    for name in re.findall(r"`([a-z][A-Za-z]+(?:\.[A-Za-z]+)+)`", text):
        found = known
        if name.split(".")[0] not in known:
            continue
        for key in name.split("."):
            # What the values may have, and by default have not.
            found = found[key] if key in found else pytest.fail(name) if found else found


def test_targets_that_are_named_are_there():
    makefile = (helm.ROOT / "Makefile").read_text()
    for line in re.findall(r"`make ([a-z -]+)`", README) + re.findall(r"^\$ make ([a-z -]+)", README, re.MULTILINE):
        for target in line.split():
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_chart_crates_and_schema_versions_agree():
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text())
    workspace = tomllib.loads((helm.ROOT / "Cargo.toml").read_text())
    assert chart["version"] == chart["appVersion"] == workspace["workspace"]["package"]["version"]


def test_rights_are_those_that_people_read():
    for path in set((helm.CHART / "files/rbac").iterdir()) - {helm.CHART / "files/rbac/cluster-scoped.yaml"}:
        assert path.read_text() == (helm.ROOT / "generated/rbac" / path.name).read_text(), path.name


@pytest.mark.parametrize("values", [cases.LEAST, *(values for _, values in cases.single())])
def test_notes_tell_what_is_next(values):
    notes = next(text for path, text in helm.render(values).items() if path.endswith("NOTES.txt"))
    configuration = yaml.safe_load(helm.one(helm.objects(values), "ConfigMap")["data"]["oidc.yaml"])
    assert f"{configuration['public_url']}/mcp" in notes and f"{configuration['public_url']}/auth/callback" in notes
    assert "helm --namespace default test mcp-server" in notes
    assert "<no value>" not in notes and "%!" not in notes


def test_the_defaults_that_are_named_are_those_of_the_values():
    values = yaml.safe_load(VALUES)
    named = re.findall(r"`resources\.(requests|limits)\.(cpu|memory): (\w+)`", README)
    assert len(named) == 3
    for kind, resource, amount in named:
        assert values["resources"][kind][resource] == amount
    assert f"`{values['testSidecar']['resources']['requests']['memory']}`" in README
    assert f"`{values['testSidecar']['resources']['limits']['memory']}`" in README
