"""The ends of what may be configured, on the real servers: what is kept is what they say."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery
from opsdash.core.sources import SourceSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.snapshot import QueryView, Snapshot
from opsdash.core.view.timerange import LONGEST_S
from tests.integration.live_engine import running, until
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import LOGS_INDEX, MakePrometheus
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

COUNT = EsMetric(function="count")


def board(query: PromQuery | EsQuery, url: str, *, refresh_s: float = 1.0, range_s: float = 300.0) -> Board:
    panel = PanelSpec(
        id="P", title="P", kind=PanelKind.TIMESERIES, source=query.source, queries=(PanelQuery(query=query),)
    )
    source = (
        SourceSpec(name="prom", kind="prometheus", url=url)
        if isinstance(query, PromQuery)
        else SourceSpec(name="logs", kind="elasticsearch", url=url, index=LOGS_INDEX, ingest_lag_s=5.0)
    )
    return Board(
        dashboards=(Dashboard(title="Main", panels=(panel,)),), sources=(source,), refresh_s=refresh_s, range_s=range_s
    )


def shown(snapshot: Snapshot) -> QueryView:
    return snapshot.panels["P"].queries[0]


def is_filled(snapshot: Snapshot) -> bool:
    panel = snapshot.panels["P"]
    return panel.state is Freshness.FRESH and not panel.waiting and not shown(snapshot).window.is_empty


def counted(server: ElasticsearchServer, start_s: float, end_s: float, interval_s: int) -> dict[float, float]:
    """Bucket → documents, as Elasticsearch itself says."""
    over_time = {"date_histogram": {"field": "@timestamp", "fixed_interval": f"{interval_s}s", "min_doc_count": 0}}
    bounds: dict[str, Any] = {"gte": int(start_s * 1000), "lt": int(end_s * 1000), "format": "epoch_millis"}
    body = {"size": 0, "query": {"range": {"@timestamp": bounds}}, "aggs": {"t": over_time}}
    buckets = server.search(LOGS_INDEX, body)["aggregations"]["t"]["buckets"]
    return {bucket["key"] / 1000: float(bucket["doc_count"]) for bucket in buckets}


async def test_ten_refreshes_a_second_are_asked_one_after_the_other(make_prometheus: MakePrometheus) -> None:
    server = make_prometheus(history_hours=0.2, scrape_plant=True)
    async with running(board(PromQuery(source="prom", expr="queue_depth"), server.url, refresh_s=0.1)) as engine:
        await until(engine, is_filled)
        before = len(server.asked())
        await asyncio.sleep(5)
        asked = len(server.asked()) - before
        assert engine.snapshot().panels["P"].state is Freshness.FRESH
    assert 10 <= asked <= 60, "fifty, or fewer on a busy machine, and never more"


async def test_the_longest_range_shows_its_first_and_its_last_day(prometheus_server: PrometheusServer) -> None:
    expr = "day_of_year()"
    async with running(board(PromQuery(source="prom", expr=expr), prometheus_server.url, range_s=LONGEST_S)) as engine:
        window = shown(await until(engine, is_filled)).window
    days = window.times % 86_400 == 0
    assert 399 <= int(days.sum()) <= 402
    start_s, end_s = float(window.times[days][0]), float(window.times[days][-1])
    (said,) = prometheus_server.query_range(expr, start_s=start_s, end_s=end_s, step_s=86_400)
    assert window.values[0][days].tolist() == [float(value) for _, value in said["values"]]


async def test_a_bucket_wider_than_the_range_counts_what_elasticsearch_counts(
    elasticsearch_server: ElasticsearchServer,
) -> None:
    query = EsQuery(source="logs", query="*", metric=COUNT, interval_s=3600.0)
    async with running(board(query, elasticsearch_server.url)) as engine:
        window = shown(await until(engine, is_filled)).window
    begun_s = float(window.times[-1])
    assert begun_s % 3600 == 0
    assert 0 <= time.time() - begun_s <= 3700
    said = counted(elasticsearch_server, begun_s, begun_s + 3600, 3600)
    assert float(window.values[0][-1]) == said.get(begun_s, 0.0)


async def test_the_earlier_period_is_what_elasticsearch_says_of_it(elasticsearch_server: ElasticsearchServer) -> None:
    offset_s = 3600.0
    query = EsQuery(source="logs", query="*", metric=COUNT, interval_s=60.0)
    async with running(board(query, elasticsearch_server.url, range_s=900)) as engine:
        engine.compare(offset_s)
        both = shown(await until(engine, lambda s: is_filled(s) and shown(s).compare is not None))
    earlier = both.compare
    assert earlier is not None
    assert abs(float(earlier.times[-1] - both.window.times[-1])) <= 60, "on the time of this one"
    start_s, end_s = float(earlier.times[0] - offset_s), float(earlier.times[-1] - offset_s)
    said = counted(elasticsearch_server, start_s, end_s, 60)
    kept = dict(zip((earlier.times - offset_s).tolist(), earlier.values[0].tolist(), strict=True))
    assert len(said) >= 13
    assert {at_s: kept[at_s] for at_s in said} == said
    assert np.nansum(earlier.values) > 1000
