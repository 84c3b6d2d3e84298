"""Who else speaks to the Prometheus face: our adapter, prometheus-api-client, a real Prometheus that scrapes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_api_client import PrometheusConnect

from opsdash.adapters.sources.build import build_source
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery, Span
from opsdash.core.promql.storage import Block, Matcher
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import LabelValues
from opsdash.plant.faces.exchange import Request
from opsdash.plant.faces.prometheus import PrometheusFace
from tests.contract.source_contract import SourceContract, Subject
from tests.fakes.storage import FixedStorage, Series
from tests.plant.faces import shop
from tests.plant.faces.face_server import FaceServer
from tests.servers.fixtures import MakePrometheus


@pytest.fixture(scope="module")
def face() -> Iterator[FaceServer]:
    server = FaceServer().start()
    yield server
    server.stop()


class TestOurAdapter(SourceContract):
    """The contract of every source, on the face."""

    @pytest.fixture
    async def subject(self, face: FaceServer, refused_url: str) -> AsyncIterator[Subject]:
        source = build_source(SourceSpec(name="prom", kind="prometheus", url=face.url))
        unreachable = build_source(SourceSpec(name="prom", kind="prometheus", url=refused_url))
        yield Subject(
            source=source,
            span=Span(start_s=shop.NOW_S - 1200, end_s=shop.NOW_S - 600, step_s=10.0),
            several=PromQuery(source="prom", expr="sum by (code) (rate(http_requests_total[1m]))"),
            nothing=PromQuery(source="prom", expr="no_such_metric"),
            refused=PromQuery(source="prom", expr="sum("),
            foreign=EsQuery(source="logs", query="", metric=EsMetric(function="count")),
            wanted=LabelValues(label="instance", metric="up"),
            unreachable=unreachable,
        )
        await source.aclose()
        await unreachable.aclose()


def test_prometheus_api_client_finds_its_way(face: FaceServer) -> None:
    client = PrometheusConnect(url=face.url)
    assert client.check_prometheus_connection()
    assert {"up", "http_requests_total"} <= set(client.all_metrics())
    assert client.get_label_values("code") == ["200", "404", "500"]
    assert "instance" in client.get_label_names()
    assert {each["value"][1] for each in client.custom_query("up")} == {"1"}
    begin, end = (datetime.fromtimestamp(shop.NOW_S - ago, UTC) for ago in (600, 0))
    ranged = client.custom_query_range("up", start_time=begin, end_time=end, step="30")
    assert [len(each["values"]) for each in ranged] == [21, 21, 21]
    data = client.get_metric_range_data("node_load1", label_config={"job": "shop"}, start_time=begin, end_time=end)
    assert len(data) == 3
    client._session.close()  # it has no method for that


@pytest.mark.integration
def test_a_real_prometheus_scrapes_it_and_tells_the_same(face: FaceServer, make_prometheus: MakePrometheus) -> None:
    """It asks for OpenMetrics first, and refuses a page with one wrong line as a whole."""
    server = make_prometheus(machines={"plant": face.address})
    server.wait_until(lambda it: it.query('up{job="plant"} == 1') != [])
    scraped = server.query('count({exported_job="shop"})')
    assert scraped[0]["value"][1] == str(len([s for s in shop.series() if s.labels["__name__"] not in ("up", "gone")]))
    assert len(server.query('http_request_duration_seconds_bucket{exported_instance="10.0.0.1:80"}')) == 4
    told = server.api("metadata").json()["data"]
    for name, family in shop.FAMILIES.items():
        stem = name.removesuffix("_total")  # in OpenMetrics a counter's family is named without it
        assert told[stem][0]["help"] == family.help
    assert told["http_requests"][0]["type"] == "counter"
    assert told["http_request_duration_seconds"][0]["unit"] == "seconds"


class Slow:
    """A storage whose reading takes a moment, so that a query can be waited for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.reads = 0

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        import time

        self.reads += 1
        time.sleep(self._seconds)
        return []


async def test_a_query_that_takes_too_long_is_a_503_and_the_loop_goes_on_meanwhile() -> None:
    face = PrometheusFace(Slow(0.3), shop.catalogue(), now_s=lambda: shop.NOW_S)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    ticking = asyncio.ensure_future(tick())
    response = await face.handler()(Request(method="GET", path="/api/v1/query", raw_query="query=up&timeout=100ms"))
    ticking.cancel()
    face.close()
    assert response.status == 503
    assert json.loads(response.body) == {
        "status": "error",
        "errorType": "timeout",
        "error": "query timed out in expression evaluation",
    }
    assert turns > 1


async def test_an_evaluation_that_nobody_waits_for_any_more_ends_at_its_next_selector() -> None:
    slow = Slow(0.05)
    face = PrometheusFace(slow, shop.catalogue(), now_s=lambda: shop.NOW_S)
    request = Request(
        method="GET",
        path="/api/v1/query",
        raw_query="query=" + "%2B".join(f"up{n}" for n in range(50)),
        is_abandoned=lambda: slow.reads >= 2,
    )
    response = await face.handler()(request)
    face.close()
    assert (response.status, json.loads(response.body)["errorType"]) == (503, "canceled")
    assert slow.reads == 2


async def test_an_evaluation_that_nobody_waits_for_any_more_ends_within_a_long_window() -> None:
    times = shop.NOW_S * 1000 - np.arange(2_000, dtype=np.int64)[::-1] * 1_000
    rows = tuple(Series({"__name__": "x", "n": str(n)}, times, np.arange(2_000.0)) for n in range(40))
    face = PrometheusFace(FixedStorage(rows), shop.catalogue(), now_s=lambda: shop.NOW_S)
    asked = 0

    def is_abandoned() -> bool:
        nonlocal asked
        asked += 1
        return asked > 10

    span = f"&start={shop.NOW_S - 600}&end={shop.NOW_S}&step=1"
    request = Request(
        method="GET",
        path="/api/v1/query_range",
        raw_query=f"query=quantile_over_time(0.5,x[20m]){span}",
        is_abandoned=is_abandoned,
    )
    response = await face.handler()(request)
    face.close()
    assert (response.status, json.loads(response.body)["errorType"]) == (503, "canceled")
    assert asked == 11


async def ask(path: str, query: str = "", **headers: str) -> tuple[int, str]:
    face = PrometheusFace(shop.storage(), shop.catalogue(), now_s=lambda: shop.NOW_S)
    response = await face.handler()(Request(method="GET", path=path, raw_query=query, headers=headers))
    face.close()
    return response.status, response.body.decode()


async def test_metadata_is_that_of_the_families() -> None:
    _, body = await ask("/api/v1/metadata")
    assert json.loads(body)["data"].keys() == shop.FAMILIES.keys()
    _, body = await ask("/api/v1/metadata", "metric=node_load1")
    assert json.loads(body)["data"] == {"node_load1": [{"type": "gauge", "help": "Load.", "unit": ""}]}
    _, body = await ask("/api/v1/metadata", "limit=1")
    assert len(json.loads(body)["data"]) == 1


async def test_targets_are_up_or_down_and_have_their_own_families() -> None:
    _, body = await ask("/api/v1/targets", "state=active")
    active = json.loads(body)["data"]["activeTargets"]
    assert [(each["health"], each["lastError"]) for each in active] == [
        ("up", ""),
        ("up", ""),
        ("down", "connection refused"),
    ]
    _, body = await ask("/api/v1/targets/metadata", "match_target={instance%3D~%22.*1:80%22}&metric=node_load1")
    assert json.loads(body)["data"] == [
        {"target": {"job": "shop", "instance": "10.0.0.1:80"}, "type": "gauge", "help": "Load.", "unit": ""}
    ]


async def test_the_text_page_escapes_what_would_break_it() -> None:
    status, body = await ask("/metrics")
    assert status == 200
    assert '# HELP http_requests_total Requests\\\\answers of "all"\\nservices.\n' in body
    assert 'odd_counter{job="shop",text="a \\"quoted\\"\\\\ line\\nand <b>ünï</b>"} 720\n' in body
    assert "# EOF" not in body
    assert "\nup{" not in body


async def test_openmetrics_is_for_those_who_ask() -> None:
    _, body = await ask("/metrics", accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert body.endswith("# EOF\n")
    assert "# TYPE http_requests counter\n" in body
    assert "# TYPE odd_counter unknown\n" in body
    assert "# UNIT http_request_duration_seconds seconds\n" in body


async def test_federation_shows_what_is_chosen_with_its_time() -> None:
    _, body = await ask("/federate", "match[]=up&match[]=up")
    assert body.splitlines()[:2] == [
        "# TYPE up untyped",
        f'up{{instance="10.0.0.0:80",job="shop"}} 1 {shop.END_MS}',
    ]
    assert len(body.splitlines()) == 4
