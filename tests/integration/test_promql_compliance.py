"""Every query of the PromQL compliance suite, to the real Prometheus and to our engine: the same to 1e-9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdash.core.promql import Engine
from tests.fakes.storage import FixedStorage, openmetrics
from tests.integration.promql_comparison import Asked, RealPrometheus, difference, ours
from tests.integration.promql_data import COMPLIANCE_POINTS, START_MS, STEP_MS, compliance_series
from tests.servers import prometheus
from tests.servers.needs import missing
from tests.servers.prometheus import PrometheusServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

QUERIES = [
    line
    for line in (Path(__file__).parent / "data" / "promql-compliance.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
END_MS = START_MS + (COMPLIANCE_POINTS - 30) * STEP_MS
RANGE = {"start_ms": END_MS - 1_800_000, "end_ms": END_MS, "step_ms": 30_000}
"""Of half an hour an hour after the beginning, so that no window of the suite looks before it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    started = PrometheusServer(tmp_path_factory.mktemp("compliance"))
    started.write_blocks("".join(openmetrics(compliance_series())))
    yield started.start()
    started.stop()


@pytest.fixture(scope="module")
def real(server: PrometheusServer) -> Iterator[RealPrometheus]:
    connected = RealPrometheus(server.url)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(FixedStorage(compliance_series()))


def test_it_is_the_whole_suite() -> None:
    assert len(QUERIES) == 539


@pytest.mark.parametrize("when", ["range", "instant"])
def test_each_query_gets_the_answer_of_the_real_one(real: RealPrometheus, engine: Engine, when: str) -> None:
    differ: dict[str, str] = {}
    answered = 0
    for query in QUERIES:
        asked = Asked(query=query, **RANGE) if when == "range" else Asked(query=query, start_ms=END_MS - 137_500)
        theirs = real.ask(asked)
        answered += bool(theirs.series)
        if told := difference(ours(engine, asked), theirs):
            differ[query] = told
    assert differ == {}
    assert answered > 400, "most of the suite should find something in the data"
