"""Snapshots of what the chart gives, kept small: the least values in full, each variation as a diff from them, and
each combination as one line."""

import difflib
import hashlib
import json
from pathlib import Path

import yaml

import cases
import helm

FOLDER = Path(__file__).parent / "snapshots"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as lines."""


def _text(dumper, text):
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def in_full(values):
    """The objects and the notes as one text."""
    parts = []
    for found in helm.objects(values):
        text = yaml.dump(found, Dumper=_Dumper, sort_keys=True, width=1000)
        parts.append(f"--- # {found['kind']} {found['metadata']['name']}\n{text}")
    notes = next(text for path, text in helm.render(values).items() if path.endswith("NOTES.txt"))
    return "".join(parts) + f"--- # NOTES\n{notes.strip()}\n"


def of_variation(name, values):
    text = in_full(values)
    if name == "least":
        return text
    diff = difflib.unified_diff(in_full(cases.LEAST).splitlines(), text.splitlines(), "least", name, lineterm="", n=1)
    # Places are left out: a line more in `least` would move them all.
    return "\n".join("@@" if line.startswith("@@") else line for line in diff) + "\n"


def of_combinations(rendered):
    """For each combination a hash of all its objects."""
    lines = []
    for name, objects in rendered.items():
        short = hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()[:8]
        lines.append(f"{short} {name}\n")
    return "".join(lines)


def names():
    return ["combinations.txt", "least.yaml", *(f"{name}.diff" for name, _ in cases.single())]


def check(name, text):
    path = FOLDER / name
    kept = path.read_text() if path.exists() else ""
    if text != kept:
        diff = difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", lineterm="", n=2)
        raise AssertionError(f"{name} has changed; if that is right, run `make chart-snapshots`:\n" + "\n".join(list(diff)[:60]))


def refresh():
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    rendered = {name: helm.objects(values) for name, values in cases.combinations()}
    (FOLDER / "combinations.txt").write_text(of_combinations(rendered))
    (FOLDER / "least.yaml").write_text(of_variation("least", cases.LEAST))
    for name, values in cases.single():
        (FOLDER / f"{name}.diff").write_text(of_variation(name, values))


if __name__ == "__main__":
    refresh()
