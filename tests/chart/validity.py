"""Whether Kubernetes would take an object: its own schemas, strictly, of several versions.

HTTPRoute is no part of Kubernetes, so its schemas do not have it. `httproute.schema.json` beside this file says
what the Gateway API (v1, standard channel) allows of the fields that the chart uses, and nothing else.
"""

import functools
import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils

# The oldest that the chart takes, one between, and the newest whose schemas there are.
VERSIONS = ("1.29", "1.33", "1.37")

# The library reads its schemas anew for every object, 2 MB each.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


@functools.cache
def _httproute():
    schema = json.loads((Path(__file__).parent / "httproute.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


@functools.cache
def _problem(text, version):
    found = json.loads(text)
    try:
        if found["apiVersion"].startswith("gateway.networking.k8s.io/"):
            _httproute().validate(found)
        else:
            kubernetes_validate.validate(found, version, strict=True)
    except jsonschema.ValidationError as error:
        return f"{error.json_path}: {error.message}"
    return None


def problems(objects):
    """What is wrong with the objects, each with the version that says so."""
    found = []
    for each in objects:
        text = json.dumps(each, sort_keys=True)
        for version in VERSIONS:
            if problem := _problem(text, version):
                found.append(f"{each['kind']} {each['metadata']['name']} ({version}): {problem}")
    return found
