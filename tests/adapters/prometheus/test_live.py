"""The Prometheus source on a real Prometheus: what we decode is what the server itself says to a plain client."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from opsdash.core.errors import QueryRejected, SourceUnavailable
from opsdash.core.metrics.queries import PromQuery, Span
from opsdash.core.metrics.window import Window
from opsdash.core.variables import LabelValues, QueryResult
from tests.adapters.prometheus.own_source import source
from tests.servers.fixtures import MakePrometheus
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

QUERIES = [
    "up",
    "sum by (service) (rate(http_requests_total[1m]))",
    'sum by (service) (rate(http_requests_total{code=~"5.."}[1m])) / sum by (service) (rate(http_requests_total[1m]))',
    "histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m])))",
    "http_requests_total > 1e15",
    "0 / 0 * up",
    "up / 0",
    "-up / 0",
    "up and on () (hour() < 0)",
    "vector(1) unless on () (vector(time() % 60) < 30)",
    "time()",
    "42",
    "{__name__=~'process.*|go_.*|http_requests_total'}",
]


def recent_span(step_s: float, *, points: int, ago_s: float = 300) -> Span:
    end = math.floor((time.time() - ago_s) / step_s) * step_s
    return Span(start_s=end - (points - 1) * step_s, end_s=end, step_s=step_s)


def samples(window: Window) -> dict[tuple[tuple[str, str], ...], dict[float, str]]:
    """What the window holds, as text that tells NaN from a gap."""
    return {
        labels: {
            round(at, 3): repr(float(value))
            for at, value, there in zip(window.times, window.values[row], window.present[row], strict=True)
            if there
        }
        for row, labels in enumerate(window.labels)
    }


def said(result: list[dict[str, Any]]) -> dict[tuple[tuple[str, str], ...], dict[float, str]]:
    """The same of the server's own JSON."""
    return {
        tuple(sorted(series["metric"].items())): {
            round(at, 3): repr(float(text)) for at, text in series.get("values", None) or [series["value"]]
        }
        for series in result
    }


@pytest.mark.parametrize("expr", QUERIES)
@pytest.mark.parametrize("step_s", [10.0, 0.25, 300.0])
async def test_ranges_are_what_the_server_says(prometheus_server: PrometheusServer, expr: str, step_s: float) -> None:
    span = recent_span(step_s, points=20)
    async with source(prometheus_server.url) as prom:
        answer = await prom.fetch(PromQuery(source="prom", expr=expr), span)
    expected = prometheus_server.query_range(expr, start_s=span.start_s, end_s=span.end_s, step_s=step_s)
    assert samples(answer.window) == said(expected)
    assert answer.window.times.size == 20
    assert answer.cut == ()


@pytest.mark.parametrize("expr", [expr for expr in QUERIES if expr not in ("42", "time()")])
async def test_instants_are_what_the_server_says(prometheus_server: PrometheusServer, expr: str) -> None:
    at_s = math.floor(time.time() - 120) + 0.5
    async with source(prometheus_server.url) as prom:
        answer = await prom.fetch_instant(PromQuery(source="prom", expr=expr), at_s)
    assert samples(answer.window) == said(prometheus_server.query(expr, at_s=at_s))
    assert answer.window.times.tolist() == [at_s]


async def test_a_large_answer_is_the_same_as_a_plain_client_reads(prometheus_server: PrometheusServer) -> None:
    span = recent_span(10.0, points=360)
    expr = "http_request_duration_seconds_bucket"
    async with source(prometheus_server.url) as prom:
        answer = await prom.fetch(PromQuery(source="prom", expr=expr), span)
    expected = prometheus_server.query_range(expr, start_s=span.start_s, end_s=span.end_s, step_s=10.0)
    assert len(expected) > 100
    assert samples(answer.window) == said(expected)


async def test_an_answer_comes_packed(prometheus_server: PrometheusServer) -> None:
    span = recent_span(10.0, points=360)
    expr = "sum by (service) (rate(http_requests_total[1m]))"
    plain = prometheus_server.api("query_range", query=expr, start=repr(span.start_s), end=repr(span.end_s), step="10")
    async with source(prometheus_server.url) as prom:
        answer = await prom.fetch(PromQuery(source="prom", expr=expr), span)
    assert answer.bytes < len(plain.body) / 2


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        ("sum(", "parse error"),
        ("rate(up)", "expected type range vector"),
        ("http_requests_total / on (service) http_requests_total", "found duplicate series"),
        ("nonsense(up)", "unknown function"),
    ],
)
async def test_what_the_server_refuses_is_told_in_its_words(
    prometheus_server: PrometheusServer, expr: str, words: str
) -> None:
    async with source(prometheus_server.url) as prom:
        with pytest.raises(QueryRejected, match=words) as caught:
            await prom.fetch_instant(PromQuery(source="prom", expr=expr), time.time())
    assert caught.value.message.startswith("prom: ")


async def test_a_very_long_query_goes_through(prometheus_server: PrometheusServer) -> None:
    expr = " or ".join(["up"] * 3000)
    async with source(prometheus_server.url) as prom:
        answer = await prom.fetch_instant(PromQuery(source="prom", expr=expr), time.time())
    assert not answer.window.is_empty


async def test_it_says_that_it_is_prometheus_and_what_time_it_has(prometheus_server: PrometheusServer) -> None:
    async with source(prometheus_server.url) as prom:
        probe = await prom.probe()
    assert probe.product == "Prometheus"
    assert probe.version == prometheus_server.api("status/buildinfo").json()["data"]["version"]
    assert probe.skew_s == 0.0


async def test_values_of_variables_are_what_the_server_has(prometheus_server: PrometheusServer) -> None:
    now = time.time()
    async with source(prometheus_server.url) as prom:
        services = await prom.values(LabelValues(label="service", metric="http_requests_total"), now - 3600, now)
        everything = await prom.values(LabelValues(label="service"), now - 3600, now)
        codes = await prom.values(
            QueryResult(expr="sum by (code) (http_requests_total)", label="code"), now - 3600, now
        )
        nothing = await prom.values(LabelValues(label="service", metric="no_such_metric"), now - 3600, now)
        long_ago = await prom.values(LabelValues(label="service"), 1000, 2000)
    assert set(services) == {"gateway", "users", "orders", "payments", "search", "stream"}
    assert set(services) <= set(everything) == set(prometheus_server.label_values("service"))
    assert set(codes) == {"200", "301", "404", "500"}
    assert nothing == long_ago == ()


async def test_a_server_that_goes_away_and_comes_back_is_asked_again(make_prometheus: MakePrometheus) -> None:
    server = make_prometheus()
    query = PromQuery(source="prom", expr="vector(1)")
    async with source(server.url, timeout_s=1.0) as prom:
        assert not (await prom.fetch_instant(query, time.time())).window.is_empty
        server.kill()
        with pytest.raises(SourceUnavailable, match="refused the connection"):
            await prom.fetch_instant(query, time.time())
        server.start()
        assert not (await prom.fetch_instant(query, time.time())).window.is_empty
        server.freeze()
        with pytest.raises(Exception, match="prom did not answer in 1 s"):
            await prom.fetch_instant(query, time.time())
        server.thaw()
        assert not (await prom.fetch_instant(query, time.time())).window.is_empty
