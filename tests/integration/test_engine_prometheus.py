"""The engine with the real adapter on a real Prometheus: what is kept is what the server says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.sources import SourceSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.snapshot import PanelView, Snapshot
from tests.integration.live_engine import running, until
from tests.servers.fixtures import MakePrometheus
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration

RPS = "sum by (service) (rate(http_requests_total[1m]))"
P99 = "histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m])))"


def board(url: str, *exprs: str, refresh_s: float = 1.0, range_s: float = 1800.0) -> Board:
    panels = tuple(
        PanelSpec(
            id=expr,
            title=expr,
            kind=PanelKind.TIMESERIES,
            source="prom",
            queries=(PanelQuery(query=PromQuery(source="prom", expr=expr)),),
        )
        for expr in exprs
    )
    return Board(
        dashboards=(Dashboard(title="Main", panels=panels),),
        sources=(SourceSpec(name="prom", kind="prometheus", url=url, timeout_s=2.0),),
        refresh_s=refresh_s,
        range_s=range_s,
    )


def fresh(expr: str) -> Callable[[Snapshot], bool]:
    def holds(snapshot: Snapshot) -> bool:
        panel = snapshot.panels[expr]
        return panel.state is Freshness.FRESH and not panel.waiting and not panel.queries[0].window.is_empty

    return holds


def window_in(panel: PanelView) -> Window:
    return panel.queries[0].window


def samples(panel: PanelView) -> int:
    return int(window_in(panel).present.sum())


def by_labels(result: list[dict[str, Any]]) -> dict[Labels, dict[float, float]]:
    return {labels_of(one["metric"]): {float(t): float(v) for t, v in one["values"]} for one in result}


@pytest.mark.parametrize("expr", [RPS, P99, "up", "queue_depth", "vector(0)", "sqrt(-1 * vector(4))"])
async def test_every_kept_value_is_what_the_server_says_also_after_many_extensions(
    prometheus_server: PrometheusServer, expr: str
) -> None:
    async with running(board(prometheus_server.url, expr, range_s=300)) as engine:
        await until(engine, fresh(expr))
        await asyncio.sleep(7)
        window = window_in(engine.snapshot().panels[expr])
    grid = window.times[window.times % 1 == 0]
    # The two newest steps may have been asked before their samples were in.
    said = by_labels(prometheus_server.query_range(expr, start_s=float(grid[0]), end_s=float(grid[-3]), step_s=1.0))
    assert set(said) == set(window.labels)
    for row, labels in enumerate(window.labels):
        kept = {
            t: v
            for t, v, has in zip(window.times, window.values[row], window.present[row], strict=True)
            if has and t <= grid[-3] and t % 1 == 0
        }
        assert set(kept) == set(said[labels])
        for at_s, value in said[labels].items():
            assert kept[at_s] == value or (math.isnan(kept[at_s]) and math.isnan(value))


async def test_a_prometheus_that_is_not_there_at_the_start_is_live_as_soon_as_it_is(
    make_prometheus: MakePrometheus,
) -> None:
    server = make_prometheus(history_hours=0.5, scrape_plant=True)
    server.stop()
    async with running(board(server.url, RPS)) as engine:
        down = await until(engine, lambda s: s.panels[RPS].state is Freshness.ERROR)
        assert "prom" in (down.panels[RPS].message or "")
        assert "refused the connection" in (down.panels[RPS].message or "")
        server.start()
        await until(engine, fresh(RPS))


async def test_values_stay_with_their_age_while_it_is_gone_and_the_gap_stays_a_gap(
    make_prometheus: MakePrometheus,
) -> None:
    server = make_prometheus(history_hours=0.5, scrape_plant=True)
    async with running(board(server.url, RPS, range_s=300)) as engine:
        await until(engine, fresh(RPS))
        server.stop()
        gone = await until(engine, lambda s: s.panels[RPS].state is Freshness.LATE)
        assert not window_in(gone.panels[RPS]).is_empty
        assert gone.panels[RPS].age_s is not None
        assert gone.sources[0].message
        server.start()
        back = await until(engine, fresh(RPS))
        assert back.sources[0].message is None


async def test_an_empty_disk_after_a_restart_empties_the_window(make_prometheus: MakePrometheus) -> None:
    expr = "queue_depth"
    server = make_prometheus(history_hours=0.5, scrape_plant=True)
    async with running(board(server.url, expr, range_s=300)) as engine:
        before = await until(engine, fresh(expr))
        assert samples(before.panels[expr]) > 3 * 250
        server.restart_empty()
        await until(engine, lambda s: fresh(expr)(s) and samples(s.panels[expr]) < 3 * 60)


async def test_a_frozen_server_costs_a_deadline_and_not_the_screen(make_prometheus: MakePrometheus) -> None:
    server = make_prometheus(history_hours=0.5, scrape_plant=True)
    async with running(board(server.url, RPS, "up")) as engine:
        await until(engine, fresh(RPS))
        server.freeze()
        late = await until(engine, lambda s: s.panels[RPS].state is Freshness.LATE)
        assert "did not answer in 2 s" in (late.panels[RPS].message or "")
        server.thaw()
        await until(engine, fresh(RPS))


async def test_a_query_that_prometheus_refuses_says_why_in_its_words(prometheus_server: PrometheusServer) -> None:
    broken = "sum(rate(http_requests_total[1m])"
    async with running(board(prometheus_server.url, broken, RPS)) as engine:
        shown = await until(engine, lambda s: s.panels[broken].state is Freshness.ERROR and fresh(RPS)(s))
        assert "parse error" in (shown.panels[broken].message or "")


async def test_a_query_without_series_is_no_data_and_a_zero_is_a_value(prometheus_server: PrometheusServer) -> None:
    async with running(board(prometheus_server.url, "nothing_has_this_name", "vector(0)")) as engine:
        shown = await until(engine, lambda s: fresh("vector(0)")(s) and not s.panels["nothing_has_this_name"].waiting)
        assert shown.panels["nothing_has_this_name"].state is Freshness.NO_DATA
        assert np.all(window_in(shown.panels["vector(0)"]).values == 0)


async def test_the_source_says_what_it_is_and_what_time_it_has(prometheus_server: PrometheusServer) -> None:
    async with running(board(prometheus_server.url, "up")) as engine:
        shown = await until(engine, lambda s: bool(s.sources[0].product))
        assert shown.sources[0].product.startswith("Prometheus 2.")
        assert abs(shown.sources[0].skew_s or 0) < 2


async def test_a_wrong_label_value_is_answered_with_what_was_probably_meant(
    prometheus_server: PrometheusServer,
) -> None:
    expr = 'rate(http_requests_total{service="ordres"}[1m])'
    async with running(board(prometheus_server.url, expr)) as engine:
        shown = await until(engine, lambda s: "did you mean" in (s.panels[expr].message or ""))
        assert shown.panels[expr].state is Freshness.NO_DATA
        assert "orders" in (shown.panels[expr].message or "")
