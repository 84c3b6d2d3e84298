"""The real node_exporter that the tests scrape."""

from __future__ import annotations

import os

import pytest

from tests.servers.node_exporter import NodeExporter
from tests.servers.web import ask

pytestmark = pytest.mark.integration


def test_it_tells_of_this_machine(node_exporter: NodeExporter) -> None:
    lines = ask(f"{node_exporter.url}/metrics").body.decode().splitlines()
    processors = [line for line in lines if line.startswith("node_cpu_seconds_total") and 'mode="idle"' in line]
    assert len(processors) == os.cpu_count()
    assert any(f'nodename="{os.uname().nodename}"' in line for line in lines)


def test_it_comes_back_on_its_port(node_exporter: NodeExporter) -> None:
    address = node_exporter.address
    node_exporter.restart()
    assert node_exporter.address == address
    assert ask(f"http://{address}/metrics").status == 200
