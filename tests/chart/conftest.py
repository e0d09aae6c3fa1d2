"""What several files of tests share."""

import pytest

import cases
import helm


@pytest.fixture(scope="session")
def rendered():
    """The objects of every combination. Tests look at them, and change none."""
    return {name: helm.objects(values) for name, values in cases.combinations()}
