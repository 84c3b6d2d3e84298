"""The real Prometheus that tests are given."""

from __future__ import annotations

import time

import pytest

from tests.servers.fixtures import MakePrometheus
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration


def test_it_has_two_hours_of_the_plant_without_a_gap(prometheus_server: PrometheusServer) -> None:
    end_s = time.time() - 20
    expr = "sum(rate(http_requests_total[1m]))"
    (series,) = prometheus_server.query_range(expr, start_s=end_s - 6900, end_s=end_s, step_s=60)
    assert len(series["values"]) == 116
    assert all(100 < float(value) < 3000 for _, value in series["values"])


def test_live_scrapes_go_on_in_the_series_of_the_history(prometheus_server: PrometheusServer) -> None:
    prometheus_server.wait_until(lambda it: it.query("timestamp(queue_depth) > time() - 30") != [])
    (series,) = prometheus_server.query("count({job='plant', __name__!~'up|scrape_.*'})")
    assert series["value"][1] == "926"


def test_a_stopped_one_refuses_and_comes_back_on_its_port(make_prometheus: MakePrometheus) -> None:
    server = make_prometheus(history_hours=0.2)
    url = server.url
    assert len(server.query("queue_depth", at_s=time.time() - 60)) == 3
    server.stop()
    with pytest.raises(OSError, match="refused"):
        server.query("up")
    server.start()
    assert server.url == url
    assert len(server.query("queue_depth", at_s=time.time() - 60)) == 3
    server.restart_empty()
    assert server.url == url
    assert server.query("queue_depth", at_s=time.time() - 60) == []


def test_it_counts_what_it_was_asked(make_prometheus: MakePrometheus) -> None:
    server = make_prometheus()
    for _ in range(3):
        server.query("vector(41)")
    server.query("vector(1)")
    assert server.count("query").requests == 4
    assert server.count().response_bytes > 100
    assert len(server.asked("vector(41)")) == 3
