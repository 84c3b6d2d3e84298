"""Each file of sample_configs/ on real servers, with nothing of it rewritten but addresses and secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from opsdash.core.view.panels import PanelKind
from tests.e2e.commands import opsdash
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import MakePrometheus
from tests.servers.node_exporter import NodeExporter
from tests.servers.prometheus import PrometheusServer

SAMPLES = sorted((Path(__file__).parents[2] / "sample_configs").glob("*.yaml"))
FULL = ("everything.yaml", "shop.yaml")
"""Those whose metrics and fields are the ones that the shared servers have."""

pytestmark = pytest.mark.integration


@pytest.fixture
def pointed(tmp_path: Path, prometheus_server: PrometheusServer, elasticsearch_server: ElasticsearchServer) -> Path:
    """A folder with every sample, pointed at the shared servers, its secrets taken away."""
    for sample in SAMPLES:
        (tmp_path / sample.name).write_text(rewritten(sample, prometheus_server.url, elasticsearch_server.url))
    return tmp_path


def rewritten(sample: Path, prometheus: str, elasticsearch: str) -> str:
    """The sample with other addresses; a proxy and a secret that only its owner has are left out."""
    text = sample.read_text().replace("http://127.0.0.1:9200", elasticsearch)
    text = re.sub(r'url: "https?://(?:127\.0\.0\.1:9090|[^"]*\.example\.com[^"]*)"', f'url: "{prometheus}"', text)
    return re.sub(r"(?m)^ +(?:auth|proxy): .*\n", "", text)


CHOSEN = {
    "elasticsearch.yaml": ("--var", "search=timed out"),
    "thanos-mimir.yaml": ("--var", "cluster=eu", "--var", "namespace=shop"),
}
"""Values of variables that the shared servers have none for, or that a person types."""


def once(folder: Path, name: str) -> tuple[int, dict[str, Any]]:
    done = opsdash(folder, "once", name, "--format", "json", *CHOSEN.get(name, ()))
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", FULL)
def test_every_panel_is_fresh_and_has_data(pointed: Path, name: str) -> None:
    code, found = once(pointed, name)
    unfit = [
        (panel["title"], panel["state"], panel["error"])
        for panel in found["panels"]
        if panel["state"] != "fresh" or not (panel["kind"] == "text" or panel["series"] or panel["rows"])
    ]
    assert unfit == []
    assert {panel["kind"] for panel in found["panels"]} == set(map(str, PanelKind)) - {"alerts", "slo"}
    assert code == 0


def test_each_way_to_draw_is_in_a_sample() -> None:
    text = "\n".join(sample.read_text() for sample in SAMPLES if sample.name in FULL)
    assert {"points", "bars", "area"} <= set(re.findall(r"draw: (\w+)", text))
    assert "stacked: true" in text


@pytest.mark.parametrize("name", [sample.name for sample in SAMPLES if sample.name not in FULL])
def test_the_servers_refuse_no_question_of_the_others(pointed: Path, name: str) -> None:
    code, found = once(pointed, name)
    errors = [(panel["title"], panel["error"]) for panel in found["panels"] if panel["state"] == "error"]
    assert errors == []
    assert code == 0
    assert any(panel["state"] == "fresh" for panel in found["panels"])


def test_the_smallest_one_shows_something_of_any_prometheus(pointed: Path) -> None:
    found = once(pointed, "minimal.yaml")[1]
    assert [panel["state"] for panel in found["panels"]] == ["fresh"] * len(found["panels"])


MACHINE_PANELS = {
    "CPU": (0, 1),
    "Load per core": (0, 1000),
    "Memory": (0, 1),
    "Fullest disks": (0, 1),
    "Network errors": (0, 1e6),
    "Each machine": (0, 1e15),
}
"""The panels of the dashboard Machines, and between what their values lie."""


@pytest.fixture
def machines(tmp_path: Path, make_prometheus: MakePrometheus, node_exporter: NodeExporter) -> PrometheusServer:
    """A Prometheus that scrapes the plant and, every second, this machine; beside it the sample, pointed at it."""
    server = make_prometheus(history_hours=0.25, scrape_plant=True, machines={"node": node_exporter.address})
    sample = next(sample for sample in SAMPLES if sample.name == "prometheus.yaml")
    (tmp_path / sample.name).write_text(rewritten(sample, server.url, ""))
    server.wait_until(lambda it: it.query("rate(node_cpu_seconds_total[1m] offset 15s)") != [])  # more than a step
    return server


def test_every_machine_panel_shows_a_real_node_exporter(
    machines: PrometheusServer, node_exporter: NodeExporter, tmp_path: Path
) -> None:
    code, found = once(tmp_path, "prometheus.yaml")
    assert code == 0
    assert [(panel["title"], panel["state"]) for panel in found["panels"] if panel["state"] != "fresh"] == []
    panels = {panel["title"]: panel for panel in found["panels"] if panel["title"] in MACHINE_PANELS}
    assert panels.keys() == MACHINE_PANELS.keys()
    for title, (low, high) in MACHINE_PANELS.items():
        assert panels[title]["series"], title
        for series in panels[title]["series"]:
            assert series["labels"]["instance"] == node_exporter.address
            assert low <= series["last"] <= high, title

    row = panels["Each machine"]["rows"][0]
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    assert row["uptime"] == pytest.approx(uptime_s, abs=60)
    at_s, memory = panels["Memory"]["series"][0]["points"][0]
    asked = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    assert float(machines.query(asked, at_s=at_s)[0]["value"][1]) == memory
