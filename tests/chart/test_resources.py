"""The defaults of what a pod takes follow from what was measured, as the READMEs say it."""

import re

import pytest
import yaml

import helm

MEASUREMENTS = (helm.ROOT / "README.md").read_text().partition("## Measurements")[2]
CHART = (helm.CHART / "README.md").read_text().partition("## What it takes")[2]
VALUES = yaml.safe_load((helm.CHART / "values.yaml").read_text())

SERVERS = {"the server": VALUES, "the test server": VALUES["testSidecar"]}


def figures(text, row):
    """The figures of the row that begins so, with their unit."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {row}"))
    found = re.findall(r"([0-9.]+) (MiB|ms)\b", line.replace("256 to 512 MiB", ""))
    assert found, line
    return [float(number) for number, _ in found]


def mebibytes(quantity):
    return int(re.fullmatch(r"([0-9]+)Mi", quantity)[1])


# What a server has measured: memory under load, CPU and start, of the table in the chart's README.
COLUMN = {name: column for column, name in enumerate(SERVERS)}
UNDER_LOAD = figures(CHART, "memory, under eight clients")
MOST = figures(CHART, "memory while 10,000 clusters are listed")[0]
A_CALL = figures(CHART, "CPU for a call")
READY = figures(CHART, "start to ready")


def test_both_readmes_have_the_same_figures():
    idle = figures(CHART, "memory, idle")
    assert figures(MEASUREMENTS, "memory of the server, idle and under load") == [idle[0], UNDER_LOAD[0]]
    assert figures(MEASUREMENTS, "memory of the test server, idle and under load") == [idle[1], UNDER_LOAD[1]]
    assert figures(MEASUREMENTS, "memory of the server meanwhile")[-1] == MOST
    assert figures(MEASUREMENTS, "start of the server, and of the test server, to ready") == READY
    assert figures(MEASUREMENTS, "CPU for a call")[0] == A_CALL[0]


@pytest.mark.parametrize("name", SERVERS)
def test_the_request_is_twice_what_is_used_under_load(name):
    power = 1
    while power < 2 * UNDER_LOAD[COLUMN[name]]:
        power *= 2
    assert mebibytes(SERVERS[name]["resources"]["requests"]["memory"]) == power


@pytest.mark.parametrize(("name", "times"), [("the server", 4), ("the test server", 2)])
def test_the_limit_is_a_multiple_of_the_most_that_was_seen(name, times):
    limit = mebibytes(SERVERS[name]["resources"]["limits"]["memory"])
    # Not below it, and not far above.
    assert times * MOST <= limit < (times + 1) * MOST
    # The least that the original recommends.
    assert limit <= 256


@pytest.mark.parametrize(("name", "calls"), [("the server", 100), ("the test server", 50)])
def test_the_cpu_that_is_asked_for_is_enough_for_calls(name, calls):
    millis = int(re.fullmatch(r"([0-9]+)m", SERVERS[name]["resources"]["requests"]["cpu"])[1])
    needed = calls * A_CALL[COLUMN[name]]
    assert needed <= millis < 3 * needed


@pytest.mark.parametrize("name", SERVERS)
def test_probes_begin_when_the_server_is_long_ready(name):
    for probe in ("livenessProbe", "readinessProbe"):
        assert SERVERS[name][probe]["initialDelaySeconds"] * 1000 >= 10 * READY[COLUMN[name]]
