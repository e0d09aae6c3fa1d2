"""The `helm` command that is installed, whatever its version, makes of the chart what the library makes."""

import shutil
import subprocess

import pytest
import yaml

import cases
import helm

COMMAND = shutil.which("helm")


def by_name(objects):
    return sorted(objects, key=lambda found: (found["kind"], found["metadata"].get("namespace", ""), found["metadata"]["name"]))


@pytest.mark.parametrize(("name", "values"), list(cases.single()), ids=[name for name, _ in cases.single()])
def test_the_command_agrees_with_the_library(tmp_path, name, values):
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    template = [COMMAND, "template", "mcp-server", helm.CHART, "--namespace", "default", "--values", file]
    done = subprocess.run(template, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert by_name(helm.parsed(done.stdout)) == by_name(helm.objects(values))
    done = subprocess.run([COMMAND, "lint", "--strict", helm.CHART, "--values", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
