"""The ends of what may be configured, in virtual time: the quickest and the slowest refresh, the longest range."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import EsMetric, EsQuery, PromQuery
from opsdash.core.sources import SourceSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.timerange import LONGEST_S
from opsdash.engine.engine import Engine
from tests.fakes.clock import VirtualClock, run_virtual
from tests.fakes.sine_source import SineSource

DAY_S = 86_400.0
Script = Callable[[Engine, SineSource], Awaitable[None]]


def play(script: Script, query: PromQuery | EsQuery, *, refresh_s: float, range_s: float) -> SineSource:
    """One panel `P` that shows the query, while the script runs."""
    panel = PanelSpec(
        id="P", title="P", kind=PanelKind.TIMESERIES, source=query.source, queries=(PanelQuery(query=query),)
    )
    kind = "prometheus" if isinstance(query, PromQuery) else "elasticsearch"
    board = Board(
        dashboards=(Dashboard(title="Main", panels=(panel,)),),
        sources=(SourceSpec(name=query.source, kind=kind, url="http://127.0.0.1:1"),),  # type: ignore[arg-type]
        refresh_s=refresh_s,
        range_s=range_s,
    )
    source = SineSource(name=query.source)

    async def main() -> None:
        engine = Engine(board, {query.source: source}, VirtualClock())
        running = asyncio.create_task(engine.run())
        await script(engine, source)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(main())
    return source


def test_ten_refreshes_a_second_are_ten_and_never_two_at_once() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        await asyncio.sleep(20.05)
        shown = engine.snapshot()
        assert shown.panels["P"].state is Freshness.FRESH
        assert shown.real_period_s is None, "it keeps the period that was asked for"

    source = play(script, PromQuery(source="prom", expr="a"), refresh_s=0.1, range_s=300)
    times = source.times_asked("a")
    assert 199 <= len(times) <= 202
    assert np.allclose(np.diff(times[1:]), 0.1)
    assert source.most_under_way == 1


def test_a_slow_answer_at_ten_refreshes_a_second_is_waited_for_and_not_piled_up() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        source.takes_s = 0.35
        await asyncio.sleep(20)
        shown = engine.snapshot()
        assert shown.panels["P"].state is Freshness.FRESH
        assert shown.real_period_s == pytest.approx(0.4, abs=0.1)

    source = play(script, PromQuery(source="prom", expr="a"), refresh_s=0.1, range_s=300)
    assert source.most_under_way == 1
    assert 40 <= len(source.times_asked("a")) <= 58


def test_a_refresh_an_hour_is_fresh_for_that_hour_and_says_its_age() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        await asyncio.sleep(3590)
        panel = engine.snapshot().panels["P"]
        assert panel.state is Freshness.FRESH
        assert panel.age_s == pytest.approx(3590, abs=5)
        assert len(source.times_asked("a")) == 1
        await asyncio.sleep(15)
        assert (engine.snapshot().panels["P"].age_s or 0) < 15
        source.hangs.add("a")
        await asyncio.sleep(2 * 3600)
        assert engine.snapshot().panels["P"].state is Freshness.LATE

    play(script, PromQuery(source="prom", expr="a"), refresh_s=3600, range_s=3600)


def test_whoever_does_not_want_to_wait_an_hour_asks_now() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        await asyncio.sleep(600)
        engine.refresh()
        await asyncio.sleep(1)
        assert len(source.times_asked("a")) == 2
        assert (engine.snapshot().panels["P"].age_s or 0) < 2

    play(script, PromQuery(source="prom", expr="a"), refresh_s=3600, range_s=3600)


def test_the_longest_range_is_few_points_and_all_of_it() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        await asyncio.sleep(60)
        window = engine.snapshot().panels["P"].queries[0].window
        assert window.times[-1] - window.times[0] >= LONGEST_S - 2 * DAY_S
        assert np.all(np.diff(window.times[:-1]) == DAY_S)
        assert np.all(window.present)

    assert LONGEST_S == 400 * DAY_S
    source = play(script, PromQuery(source="prom", expr="a"), refresh_s=5, range_s=LONGEST_S)
    spans = [asked.span for asked in source.asked if asked.text == "a"]
    assert spans[0] is not None
    assert spans[0].points <= 402
    assert all(span is None or span.points <= 4 for span in spans[1:]), "later only what is new"


def test_a_bucket_wider_than_the_range_is_one_bucket_that_covers_it() -> None:
    async def script(engine: Engine, source: SineSource) -> None:
        await asyncio.sleep(60)
        panel = engine.snapshot().panels["P"]
        assert panel.state is Freshness.FRESH
        assert panel.queries[0].window.times.size >= 1

    query = EsQuery(source="logs", query="*", metric=EsMetric(function="count"), interval_s=3600.0)
    source = play(script, query, refresh_s=5, range_s=300)
    spans = [asked.span for asked in source.asked if asked.span is not None]
    assert spans
    assert {span.step_s for span in spans} == {3600.0}
    assert all(1 <= span.points <= 2 for span in spans)
    assert all(span.start_s % 3600 == 0 for span in spans)
