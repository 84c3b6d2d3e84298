"""Fixtures of the real servers. Sessions share one of each; a test that stops or fills a server makes its own.

    prometheus_server       the shared one: two hours of the plant, and it goes on scraping it every 5 s
    make_prometheus         a factory of own ones, e.g. make_prometheus(history_hours=1, scrape_plant=True)
    elasticsearch_server    the shared one, with 20,000 shop logs of two hours in the index `logs-shop`
    make_elasticsearch      a factory of own, empty ones
    plant_address           host:port of the plant's /metrics
    node_exporter           Debian's, with the metrics of this machine

What is not on the machine skips the test by name; with CI=true it fails.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from benchmarks.plant import Plant
from tests.servers import node_exporter as node
from tests.servers import prometheus, shop_logs
from tests.servers.elasticsearch_node import ElasticsearchServer, built_folder
from tests.servers.needs import missing
from tests.servers.node_exporter import NodeExporter
from tests.servers.prometheus import PrometheusServer

LOGS_INDEX = "logs-shop"
LOGS_COUNT = 20_000
HISTORY_S = 7200


class MakePrometheus(Protocol):
    """Starts a Prometheus for one test; it is stopped after it."""

    def __call__(
        self,
        *,
        history_hours: float = 0.0,
        scrape_plant: bool = False,
        machines: Mapping[str, str] | None = None,
        rules: str = "",
        openmetrics: str = "",
    ) -> PrometheusServer:
        """Empty unless told otherwise; `openmetrics` is written as blocks before it starts.

        `machines` are exporters that it scrapes every second, job → host:port.
        """


class MakeElasticsearch(Protocol):
    """Starts an empty Elasticsearch for one test; it is stopped after it."""

    def __call__(self) -> ElasticsearchServer:
        """A started node."""


@pytest.fixture(scope="session")
def plant_address() -> Iterator[str]:
    """host:port of the running plant, to be scraped."""
    plant = Plant().start()
    yield plant.address
    plant.stop()


@pytest.fixture(scope="session")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory, plant_address: str) -> Iterator[PrometheusServer]:
    """The shared Prometheus: do not stop, freeze or fill it."""
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), targets={"plant": plant_address})
    server.write_plant_history(hours=HISTORY_S / 3600)
    server.start()
    try:
        server.wait_until(lambda it: it.query('up{job="plant"}') != [])
        yield server
    finally:
        server.stop()


@pytest.fixture
def make_prometheus(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakePrometheus]:
    """A factory of Prometheus servers that belong to this test."""
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    made: list[PrometheusServer] = []

    def make(
        *,
        history_hours: float = 0.0,
        scrape_plant: bool = False,
        machines: Mapping[str, str] | None = None,
        rules: str = "",
        openmetrics: str = "",
    ) -> PrometheusServer:
        targets = {"plant": request.getfixturevalue("plant_address")} if scrape_plant else {}
        folder = tmp_path / f"prometheus-{len(made)}"
        server = PrometheusServer(folder, targets=targets, machines=machines, rules=rules)
        made.append(server)
        if history_hours:
            server.write_plant_history(hours=history_hours)
        if openmetrics:
            server.write_blocks(openmetrics)
        return server.start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def node_exporter(tmp_path: Path) -> Iterator[NodeExporter]:
    """A node_exporter of this test, started."""
    if why := node.what_is_missing():
        missing("node_exporter", why)
    server = NodeExporter(tmp_path)
    yield server.start()
    server.stop()


def _elasticsearch_program() -> Path:
    folder = built_folder()
    return folder if isinstance(folder, Path) else missing("elasticsearch", folder)


@pytest.fixture(scope="session")
def elasticsearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ElasticsearchServer]:
    """The shared Elasticsearch: write only to indices of your own."""
    server = ElasticsearchServer(_elasticsearch_program(), tmp_path_factory.mktemp("elasticsearch"))
    server.start()
    try:
        server.create_index(LOGS_INDEX)
        now_s = time.time()
        server.add(LOGS_INDEX, shop_logs.documents(start_s=now_s - HISTORY_S, end_s=now_s, count=LOGS_COUNT))
        yield server
    finally:
        server.stop()


@pytest.fixture
def make_elasticsearch(tmp_path: Path) -> Iterator[MakeElasticsearch]:
    """A factory of Elasticsearch nodes that belong to this test; each takes about 3 s to start."""
    program = _elasticsearch_program()
    made: list[ElasticsearchServer] = []

    def make() -> ElasticsearchServer:
        server = ElasticsearchServer(program, tmp_path / f"elasticsearch-{len(made)}")
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.stop()
