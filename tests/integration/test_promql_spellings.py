"""Every function, aggregation, operator and literal once: the real Prometheus and our engine both take or refuse it.

What one refuses, the other refuses in the same words. So nothing that 2.42 has is missing, and nothing is taken on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdash.core.promql import Engine
from tests.fakes.storage import FixedStorage, openmetrics
from tests.integration.promql_comparison import Asked, RealPrometheus, ours
from tests.integration.promql_data import COMPLIANCE_POINTS, START_MS, STEP_MS, compliance_series
from tests.servers import prometheus
from tests.servers.needs import missing
from tests.servers.prometheus import PrometheusServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

QUERIES = [
    line
    for line in (Path(__file__).parent / "data" / "promql-spellings.txt").read_text(encoding="utf-8").splitlines()
    if line
]
AT_MS = START_MS + (COMPLIANCE_POINTS - 30) * STEP_MS


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    server = PrometheusServer(tmp_path_factory.mktemp("spellings"))
    server.write_blocks("".join(openmetrics(compliance_series())))
    connected = RealPrometheus(server.start().url)
    yield connected
    connected.close()
    server.stop()


def test_each_is_taken_or_refused_as_the_real_one_does_and_in_its_words(real: RealPrometheus) -> None:
    engine = Engine(FixedStorage(compliance_series()))
    differ = {}
    for query in QUERIES:
        asked = Asked(query=query, start_ms=AT_MS)
        theirs, mine = real.ask(asked), ours(engine, asked)
        words = theirs.words.removeprefix('invalid parameter "query": ')  # the API's, not the engine's
        if (theirs.error, words) != (mine.error, mine.words):
            differ[query] = f"{theirs.error} {words} | {mine.error} {mine.words}"
    assert differ == {}
