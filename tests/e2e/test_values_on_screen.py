"""Numbers of `once` and of the screen beside the servers' own answers to the same question."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import opsdash
from tests.e2e.programs import dashboard
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.fixtures import LOGS_INDEX
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

P99 = "histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m])))"
RATE = "sum by (service) (rate(http_requests_total[1m]))"
COST = "cost_usd_per_hour"
ESQL = "FROM logs-shop | STATS n = COUNT(*), slowest = MAX(latency_ms) BY level | SORT n DESC"

BOARD = """\
version: 1
range: 30m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{prometheus}", scrape_interval: 5s}}
  logs: {{kind: elasticsearch, url: "{elasticsearch}", index: logs-shop}}
dashboards:
  - title: Values
    panels:
      - {{title: Slow, kind: timeseries, source: prom, unit: s, queries: [{{expr: '{p99}'}}]}}
      - title: Services
        kind: table
        source: prom
        queries: [{{name: rate, expr: '{rate}'}}, {{name: p99, expr: '{p99}'}}]
      - {{title: Spend, kind: cost, source: prom, unit: currencyUSD, queries: [{{expr: {cost}}}]}}
      - title: Counted
        kind: timeseries
        source: logs
        queries: [{{query: "level:error", metric: count, interval: 60s, legend: errors}}]
      - title: Latencies
        kind: timeseries
        source: logs
        queries: [{{metric: {{percentiles: {{field: latency_ms, percents: [50, 99]}}}}, interval: 5m}}]
      - {{title: Levels, kind: table, source: logs, queries: [{{esql: '{esql}'}}]}}
      - {{title: Rows, kind: logs, source: logs, queries: [{{query: "level:error", limit: 50}}]}}
"""


@pytest.fixture
def text(prometheus_server: PrometheusServer, elasticsearch_server: ElasticsearchServer) -> str:
    """The configuration on the shared servers."""
    urls = {"prometheus": prometheus_server.url, "elasticsearch": elasticsearch_server.url}
    return BOARD.format(**urls, p99=P99, rate=RATE, cost=COST, esql=ESQL)


@pytest.fixture
def asked(tmp_path: Path, text: str) -> dict[str, Any]:
    """Everything once, five minutes ago; panels by title under `panels`, its time in seconds under `at_s`."""
    (tmp_path / "opsdash.yaml").write_text(text)
    done = opsdash(tmp_path, "once", "opsdash.yaml", "--format", "json", "--at", "-5m")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    at_s = datetime.fromisoformat(found["at"]).timestamp()
    return {"at_s": at_s, **{panel["title"]: panel for panel in found["panels"]}}


def instant(server: PrometheusServer, expr: str, at_s: float, label: str = "service") -> dict[str, float]:
    return {one["metric"][label]: float(one["value"][1]) for one in server.query(expr, at_s=at_s)}


def in_span(query: str, start_s: float, end_s: float) -> dict[str, Any]:
    """The same filter as the Elasticsearch source means: [start, end)."""
    span = {"gte": int(start_s * 1000), "lt": int(end_s * 1000), "format": "epoch_millis"}
    return {"bool": {"filter": [{"query_string": {"query": query}}, {"range": {"@timestamp": span}}]}}


def test_quantiles_are_those_of_prometheus_at_every_step(
    asked: dict[str, Any], prometheus_server: PrometheusServer
) -> None:
    ours = {one["labels"]["service"]: one["points"] for one in asked["Slow"]["series"]}
    times = [at for at, _ in ours["orders"]]
    theirs = prometheus_server.query_range(P99, start_s=times[0], end_s=times[-1], step_s=times[1] - times[0])
    assert len(theirs) == len(ours) == 6
    for one in theirs:
        expected = [(at, pytest.approx(float(value))) for at, value in one["values"]]
        assert [(at, value) for at, value in ours[one["metric"]["service"]]] == expected


def test_a_table_and_a_cost_have_the_values_of_one_instant(
    asked: dict[str, Any], prometheus_server: PrometheusServer
) -> None:
    rows = {row["service"]: row for row in asked["Services"]["rows"]}
    at_s = asked["at_s"]
    tolerance = 0.02  # `at` is printed in whole seconds, the question may be up to one later
    rates, quantiles = (instant(prometheus_server, expr, at_s) for expr in (RATE, P99))
    assert {name: row["rate"] for name, row in rows.items()} == pytest.approx(rates, rel=tolerance)
    assert {name: row["p99"] for name, row in rows.items()} == pytest.approx(quantiles, rel=tolerance)
    costs = {one["labels"]["component"]: one["last"] for one in asked["Spend"]["series"]}
    assert costs == pytest.approx(instant(prometheus_server, COST, at_s, "component"), rel=tolerance)


def test_counts_of_documents_are_those_of_elasticsearch(
    asked: dict[str, Any], elasticsearch_server: ElasticsearchServer
) -> None:
    (series,) = asked["Counted"]["series"]
    inner = series["points"][1:-1]  # the first and the last bucket are cut by the range
    assert len(inner) > 20
    for at_s, value in inner:
        body = {"query": in_span("level:error", at_s, at_s + 60), "size": 0, "track_total_hits": True}
        assert value == elasticsearch_server.search(LOGS_INDEX, body)["hits"]["total"]["value"]


def test_percentiles_are_near_those_of_elasticsearch(
    asked: dict[str, Any], elasticsearch_server: ElasticsearchServer
) -> None:
    p50, p99 = asked["Latencies"]["series"]
    for (at_s, half), (_, most) in zip(p50["points"][1:-1], p99["points"][1:-1], strict=True):
        percentiles = {"percentiles": {"field": "latency_ms", "percents": [50, 99]}}
        body = {"query": in_span("*", at_s, at_s + 300), "size": 0, "aggs": {"p": percentiles}}
        values = elasticsearch_server.search(LOGS_INDEX, body)["aggregations"]["p"]["values"]
        assert half == pytest.approx(values["50.0"], rel=0.02)
        assert most == pytest.approx(values["99.0"], rel=0.02)


def test_an_esql_table_and_log_rows_are_those_of_elasticsearch(
    asked: dict[str, Any], elasticsearch_server: ElasticsearchServer
) -> None:
    end_s = asked["at_s"]
    rows = asked["Levels"]["rows"]
    for row in rows:
        body = {"query": in_span(f"level:{row['level']}", end_s - 1800, end_s), "track_total_hits": True, "size": 0}
        expected = elasticsearch_server.search(LOGS_INDEX, body)["hits"]["total"]["value"]
        assert row["n"] == pytest.approx(expected, abs=5), row  # the printed time is cut to the second
    newest = {
        "query": in_span("level:error", end_s - 1800, end_s),
        "sort": [{"@timestamp": "desc"}],
        "size": 40,
    }
    hits = elasticsearch_server.search(LOGS_INDEX, newest)["hits"]["hits"]
    shown = [row["time"][:19] for row in asked["Rows"]["rows"]]
    assert {hit["_source"]["@timestamp"][:19] for hit in hits} <= set(shown)


def test_the_table_on_the_screen_shows_what_prometheus_says(
    tmp_path: Path, text: str, prometheus_server: PrometheusServer
) -> None:
    with dashboard(tmp_path, text=text, size=(160, 60)) as tty:
        found = tty.wait_for(r"orders +([\d.]+)(?:/s)? +[\d.]+")
        times = [datetime.now(UTC).timestamp() - back for back in (0, 5, 10, 20)]
        values = [instant(prometheus_server, RATE, at_s)["orders"] for at_s in times]
        assert min(values) * 0.97 <= float(found[1]) <= max(values) * 1.03
        total = tty.wait_for(r"\$([\d.]+)/h")
        costs = [sum(instant(prometheus_server, COST, at_s, "component").values()) for at_s in times]
        assert float(re.sub(r"[^\d.]", "", total[1])) == pytest.approx(costs[0], rel=0.02)
        tty.send("q")
        assert tty.wait(5) == 0
