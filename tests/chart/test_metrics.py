"""Metrics: where they are offered, who gets there, and that the guide names them all."""

import re
import urllib.request

import pytest

import cases
import helm
import pods
import test_pod
import world
from image import run, started

VALUES = cases.merged(cases.LEAST, cases.VARIATIONS["metrics"])
PORTS = {"cnpg-mcp": ("metrics", 9090, "4204"), "cnpg-mcp-test": ("metrics-test", 9091, "3001")}


@pytest.mark.parametrize("name", PORTS)
def test_each_container_offers_its_own_on_a_port_of_their_own(tmp_path, name):
    port_name, port, own = PORTS[name]
    objects = helm.objects(VALUES)
    made = helm.container(objects, name)
    assert {"name": port_name, "containerPort": port} in made["ports"]
    rootfs, _ = test_pod.mounted(tmp_path / "pod", objects, name)
    free = [str(world.free_port()) for _ in range(2)]
    arguments = pods.with_port(made["args"], own, free[0])
    arguments = [argument.replace(f"--metrics-port={port}", f"--metrics-port={free[1]}") for argument in arguments]
    assert arguments.count(f"--metrics-port={free[1]}") == 1
    with started(rootfs, *made["command"], *arguments) as log:
        done = run(rootfs, "/usr/local/bin/cnpg-mcp", "probe", "--within=20", f"200=http://127.0.0.1:{free[0]}/healthz")
        assert done.returncode == 0, done.stdout + log.read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{free[1]}/metrics") as answer:
            text = answer.read().decode()
    assert f'cnpg_mcp_build_info{{server="{made["command"][0].rpartition("/")[2]}"' in text


def test_no_service_and_no_ingress_leads_there():
    for entry in cases.DIMENSIONS["entry"].values():
        for found in helm.objects(cases.merged(VALUES, entry)):
            if found["kind"] in ("Service", "Ingress", "HTTPRoute"):
                assert "metrics" not in str(found) and "909" not in str(found)


def test_without_the_value_there_are_none(rendered):
    for name, objects in rendered.items():
        if name != "metrics":
            assert "metrics" not in str(helm.one(objects, "Deployment"))


def test_only_the_named_namespaces_get_there():
    def rules(values):
        policy = helm.one(helm.objects(cases.merged(VALUES, values)), "NetworkPolicy")
        return [rule for rule in policy["spec"]["ingress"] if {"port": "metrics"} in rule["ports"]]

    (rule,) = rules({"networkPolicy": {"metricsNamespaces": ["prometheus"]}})
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "prometheus"}}}]
    assert rule["ports"] == [{"port": "metrics"}, {"port": "metrics-test"}]
    # A rule from nowhere would be one from everywhere.
    assert rules({"networkPolicy": {"metricsNamespaces": []}}) == []


def test_a_pod_monitor_selects_the_pods():
    monitored = {"metrics": {"podMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "interval": "1m"}}}
    objects = helm.objects(cases.merged(VALUES, monitored))
    monitor = helm.one(objects, "PodMonitor")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    pod = helm.one(objects, "Deployment")["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    names = [port["name"] for container in pod["spec"]["containers"] for port in container["ports"]]
    endpoints = monitor["spec"]["podMetricsEndpoints"]
    assert [endpoint["port"] for endpoint in endpoints] == ["metrics", "metrics-test"]
    assert set(names) >= {"metrics", "metrics-test"} and all(endpoint["interval"] == "1m" for endpoint in endpoints)


def test_the_guide_names_every_metric_and_no_other():
    code = (helm.ROOT / "runtime/src/metrics/mod.rs").read_text()
    guide = (helm.ROOT / "docs/monitoring.md").read_text()
    assert set(re.findall(r'"(cnpg_mcp_\w+)"', code)) == set(re.findall(r"^\| `(cnpg_mcp_\w+)`", guide, re.MULTILINE))
    in_alerts = {name.removesuffix("_bucket") for name in re.findall(r"\bcnpg_mcp_\w+", guide)}
    assert in_alerts == set(re.findall(r'"(cnpg_mcp_\w+)"', code))
