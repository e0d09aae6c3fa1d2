"""What several files of tests share."""

import shutil

import pytest

import cases
import helm

HELM = shutil.which("helm")
collect_ignore = [] if HELM else ["test_helm_command.py"]


def pytest_report_header():
    return f"helm: {HELM or 'no command here; its engine as a library is what is tested'}"


def pytest_sessionfinish(session):
    """A test that skips itself would look green."""
    skipped = session.config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped", [])
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def rendered():
    """The objects of every combination. Tests look at them, and change none."""
    return {name: helm.objects(values) for name, values in cases.combinations()}
