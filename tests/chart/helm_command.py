"""`helm upgrade` by Helm's engine as a library, for a Makefile where no command is installed:

    helm_command.py upgrade --install RELEASE CHART --namespace N --create-namespace --values FILE --set-string NAME=VALUE

The cluster is that of KUBECONFIG. Another command, and a flag that is not listed here, is an error.
"""

import argparse
import os
from pathlib import Path

import yaml

import cases
import helm


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=["upgrade"])
    parser.add_argument("release")
    parser.add_argument("chart", type=Path)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--values", type=Path, required=True)
    parser.add_argument("--set-string", action="append", default=[])
    # A release is installed where it is not there, and the namespace is.
    for flag in ("--install", "--create-namespace"):
        parser.add_argument(flag, action="store_true", required=True)
    asked = parser.parse_args()
    assert asked.chart.resolve() == helm.CHART
    values = yaml.safe_load(asked.values.read_text())
    for assignment in asked.set_string:
        path, _, value = assignment.partition("=")
        for key in reversed(path.split(".")):
            value = {key: value}
        values = cases.merged(values, value)
    helm.install(values, Path(os.environ["KUBECONFIG"]), asked.release, asked.namespace)


if __name__ == "__main__":
    main()
