"""Helm: its own engine and its own client, as a library."""

import functools
from pathlib import Path

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "chart"


class Refused(Exception):
    """Helm, or the chart, does not take the values. The message is Helm's."""


def render(values, name="mcp-server", namespace="default"):
    """The texts that the chart gives, by the path of their template; Helm's notes among them."""
    try:
        return _chart().render(values, name=name, namespace=namespace)
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error


def objects(values, name="mcp-server", namespace="default"):
    """The objects that the chart gives, hooks among them, in the order of their templates."""
    found = []
    for path, text in sorted(render(values, name, namespace).items()):
        if not path.endswith("NOTES.txt"):
            found.extend(parsed(text))
    return found


def parsed(text):
    """The objects of a text."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if document]


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
    hint = 1
    return [message["error"] for message in helm_python.lint(CHART, values)["messages"] if message["severity"] > hint]


def install(values, kubeconfig, name="mcp-server", namespace="default"):
    """Installs or upgrades a release."""
    try:
        with helm_python.Config(kubeconfig_path=kubeconfig, namespace=namespace) as config:
            there = any(release["name"] == name for release in config.list())
            (config.upgrade if there else config.install)(CHART, name, values)
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error


def uninstall(kubeconfig, name="mcp-server", namespace="default"):
    """Takes a release away."""
    with helm_python.Config(kubeconfig_path=kubeconfig, namespace=namespace) as config:
        config.uninstall(name)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads YAML, but no key twice: Kubernetes' strict decoding refuses that."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice: {keys}"
        return super().construct_mapping(node, deep)


@functools.cache
def _chart():
    return helm_python.Chart.load(CHART)
