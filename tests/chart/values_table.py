"""Makes the table of values in chart/README.md from chart/values.yaml.

A comment `# -- …` documents the value below it. Where that is a mapping, its members are not listed one by one.
"""

import json
import sys
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parents[2] / "chart"
README = CHART / "README.md"
BEGIN, END = "<!-- values: made from values.yaml by `make docs` -->\n", "<!-- /values -->"


class Undocumented(Exception):
    """A value without a comment."""


def rows(text):
    """Path, default and comment of each value, in the order of the file."""
    lines = text.splitlines()

    def comment_of(key):
        line = lines[key.start_mark.line - 1].strip() if key.start_mark.line else ""
        return line.removeprefix("# -- ") if line.startswith("# -- ") else None

    def below(node, above):
        for key, value in node.value:
            path = f"{above}{key.value}"
            comment = comment_of(key)
            if comment is not None:
                yield path, yaml.safe_load(yaml.serialize(value)), comment
            elif isinstance(value, yaml.MappingNode) and value.value:
                yield from below(value, f"{path}.")
            else:
                raise Undocumented(f"values.yaml:{key.start_mark.line + 1}: {path} has no `# --` comment above it")

    yield from below(yaml.compose(text), "")


def shown(default):
    """A default as one cell. What is longer stands in values.yaml."""
    if default is None:
        return ""
    written = json.dumps(default, ensure_ascii=False)
    return f"`{written}`" if len(written) <= 50 else "see `values.yaml`"


def table(text):
    lines = ["| value | default | what it says |\n", "| --- | --- | --- |\n"]
    lines += [f"| `{path}` | {shown(default)} | {comment.replace('|', chr(92) + '|')} |\n" for path, default, comment in rows(text)]
    return "".join(lines)


def with_table(readme, values):
    """The README with the table of the values in it."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table(values) + END + after


if __name__ == "__main__":
    try:
        README.write_text(with_table(README.read_text(), (CHART / "values.yaml").read_text()))
    except Undocumented as problem:
        sys.exit(f"error: {problem}")
