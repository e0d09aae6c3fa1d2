"""Helm: the `helm` command where it is installed, else its engine as a library."""

import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "chart"


class Refused(Exception):
    """Helm, or the chart, does not take the values. The message is Helm's."""


def render(values, name="mcp-server", namespace="default"):
    """The texts that the chart gives, by the path of their template (`NOTES.txt` where Helm tells it)."""
    return _command(values, name, namespace) if shutil.which("helm") else _library(values, name, namespace)


def objects(values, name="mcp-server", namespace="default"):
    """The objects that the chart gives, hooks among them, in the order of their templates."""
    found = []
    for path, text in sorted(render(values, name, namespace).items()):
        if not path.endswith("NOTES.txt"):
            found.extend(document for document in yaml.load_all(text, Loader=_Loader) if document)
    return found


def one(rendered, kind, name=None):
    """The one object of a kind (and of a name)."""
    fitting = [o for o in rendered if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    assert len(fitting) == 1, f"{len(fitting)} of {kind} {name or ''}"
    return fitting[0]


def container(rendered, name):
    """The container of the Deployment with this name."""
    containers = one(rendered, "Deployment")["spec"]["template"]["spec"]["containers"]
    return next(c for c in containers if c["name"] == name)


def lint(values):
    """What Helm finds to say of the chart with these values, but for hints."""
    if shutil.which("helm"):
        with _values_file(values) as file:
            done = subprocess.run(["helm", "lint", "--strict", "--quiet", CHART, "--values", file.name], capture_output=True, text=True)
        return [] if done.returncode == 0 else [done.stdout + done.stderr]
    import helm_python

    hint = 1
    return [m["error"] for m in helm_python.lint(CHART, values)["messages"] if m["severity"] > hint]


def install(values, kubeconfig, name="mcp-server", namespace="default"):
    """Installs or upgrades a release by Helm's own client."""
    if shutil.which("helm"):
        with _values_file(values) as file:
            command = ["helm", "upgrade", "--install", name, CHART, "--reset-values", "--values", file.name]
            _told(command, kubeconfig, namespace)
        return
    import helm_python

    try:
        with helm_python.Config(kubeconfig_path=kubeconfig, namespace=namespace) as config:
            there = any(release["name"] == name for release in config.list())
            (config.upgrade if there else config.install)(CHART, name, values)
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error


def uninstall(kubeconfig, name="mcp-server", namespace="default"):
    """Takes a release away by Helm's own client."""
    if shutil.which("helm"):
        _told(["helm", "uninstall", name], kubeconfig, namespace)
        return
    import helm_python

    with helm_python.Config(kubeconfig_path=kubeconfig, namespace=namespace) as config:
        config.uninstall(name)


def _told(command, kubeconfig, namespace):
    done = subprocess.run([*command, "--namespace", namespace, "--kubeconfig", kubeconfig], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stderr)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads YAML, but no key twice: Kubernetes' strict decoding refuses that."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice: {keys}"
        return super().construct_mapping(node, deep)


@functools.cache
def _chart():
    import helm_python

    return helm_python.Chart.load(CHART)


def _library(values, name, namespace):
    import helm_python

    try:
        return _chart().render(values, name=name, namespace=namespace)
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error


def _values_file(values):
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
    yaml.safe_dump(values, file)
    file.flush()
    return file


def _command(values, name, namespace):
    with _values_file(values) as file:
        command = ["helm", "install", "--dry-run=client", "--output=json", name, CHART, "--namespace", namespace, "--values", file.name]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stderr)
    release = yaml.safe_load(done.stdout)
    texts = {hook["path"]: hook["manifest"] for hook in release.get("hooks") or []}
    for part in re.split(r"^---\n(?=# Source: )", release["manifest"], flags=re.MULTILINE):
        if source := re.match(r"# Source: (\S+)\n", part):
            texts[source[1]] = texts.get(source[1], "") + "---\n" + part
    return {**texts, f"{CHART.name}/templates/NOTES.txt": release["info"].get("notes", "")}
