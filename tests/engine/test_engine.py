"""The engine in virtual time: minutes of polling take no time, and every wait is exact."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import numpy as np

from opsdash.core.errors import QueryRejected, SecretMissing, SourceBusy, SourceUnavailable
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import LogQuery, PromQuery, Span
from opsdash.core.retention import MOST_HIDDEN
from opsdash.core.sources import SourceSpec
from opsdash.core.variables import ALL, FixedValues, LabelValues, ValuesFrom, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.timerange import TimeRange
from opsdash.engine.engine import Engine
from opsdash.ports import Probe
from tests.fakes.clock import VirtualClock, run_virtual
from tests.fakes.sine_source import SineSource


def panel(title: str, expr: str | None = None, *, dashboard: str = "Main") -> PanelSpec:
    query = PanelQuery(query=PromQuery(source="prom", expr=expr or title), legend="{{service}}")
    return PanelSpec(id=f"{dashboard}/{title}", title=title, kind=PanelKind.TIMESERIES, source="prom", queries=(query,))


def board(*panels: PanelSpec, refresh_s: float = 5.0) -> Board:
    return Board(
        dashboards=(
            Dashboard(title="Main", panels=panels or (panel("a"), panel("b"))),
            Dashboard(title="Other", panels=(panel("c", dashboard="Other"),)),
        ),
        sources=(SourceSpec(name="prom", kind="prometheus", url="http://user@127.0.0.1:9090/x?token=1"),),
        refresh_s=refresh_s,
    )


Script = Callable[[Engine, SineSource, VirtualClock], Awaitable[None]]


def play(script: Script, the_board: Board | None = None, source: SineSource | None = None) -> SineSource:
    """Runs an engine beside the script, in virtual time."""
    the_source = source or SineSource()

    async def main() -> None:
        clock = VirtualClock()
        engine = Engine(the_board or board(), {"prom": the_source}, clock)
        running = asyncio.create_task(engine.run())
        await script(engine, the_source, clock)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(main())
    return the_source


def test_the_real_period_is_the_one_that_was_asked_for() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(61)

    for refresh in (1.0, 5.0):
        times = play(script, board(refresh_s=refresh)).times_asked("a")
        assert len(times) in {int(60 / refresh) + 1, int(60 / refresh) + 2}
        gaps = np.diff(times[1:])
        assert np.allclose(gaps, refresh)


def test_a_query_that_hangs_costs_only_its_panel() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.hangs.add("a")
        await asyncio.sleep(0.2)
        early = engine.snapshot().panels
        assert early["Main/b"].state is Freshness.FRESH
        assert early["Main/a"].waiting
        await asyncio.sleep(59.8)
        late = engine.snapshot().panels
        assert late["Main/a"].state is Freshness.ERROR
        assert "did not answer in 4 s" in (late["Main/a"].message or "")
        assert late["Main/b"].state is Freshness.FRESH
        assert late["Main/b"].age_s is not None
        assert late["Main/b"].age_s <= 5.1

    source = play(script)
    assert np.allclose(np.diff(source.times_asked("b")[1:]), 5.0)


def test_two_polls_of_one_query_are_never_under_way_at_once() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.takes_s = 2.5
        for _ in range(20):
            engine.refresh()
            await asyncio.sleep(1.0)
        period = engine.snapshot().real_period_s
        assert period is not None
        assert 2.4 <= period <= 3.6

    assert play(script, board(refresh_s=1.0)).most_under_way == 1


def test_the_same_query_is_asked_once_for_all_panels_that_show_it() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(0.5)
        panels = engine.snapshot().panels
        assert panels["Main/x"].queries[0].legends == panels["Main/y"].queries[0].legends == ("orders", "users")

    assert len(play(script, board(panel("x", "same"), panel("y", "same"))).times_asked("same")) == 1


def test_what_is_not_on_screen_is_not_polled() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(11)
        assert not source.times_asked("c")
        engine.show(1)
        await asyncio.sleep(11)
        before = len(source.times_asked("a"))
        engine.show(0, ["Main/b"])
        await asyncio.sleep(30)
        assert len(source.times_asked("a")) == before
        assert source.times_asked("c")

    play(script)


def test_after_the_first_fill_only_what_is_new_is_asked() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(300)
        window = engine.snapshot().panels["Main/a"].queries[0].window
        assert np.allclose(window.values[0], np.sin(window.times / 600) + 6)
        assert 360 <= window.times.size <= 363
        assert np.all(np.diff(window.times) > 0)

    spans = [asked.span for asked in play(script).asked if asked.text == "a"]
    assert spans[0] is not None
    assert spans[0].points == 361
    assert all(span is None or span.points <= 4 for span in spans[1:])
    assert sum(span is None for span in spans) >= 25, "between two steps the value now is asked for"


def test_a_past_that_changed_is_filled_again() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(30)
        source.value = lambda _text, _service, _t: 7.0
        await asyncio.sleep(120)
        window = engine.snapshot().panels["Main/a"].queries[0].window
        assert np.all(window.values == 7.0)

    spans = [asked.span for asked in play(script).asked if asked.text == "a" and asked.span]
    assert sum(span.points > 300 for span in spans) <= 4, "a past that keeps changing must not be refilled all the time"


def test_a_source_that_goes_away_leaves_its_values_with_their_age_and_comes_back() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(20)
        source.fails = SourceUnavailable("prom refused the connection")
        states = []
        for _ in range(80):
            await asyncio.sleep(1)
            shown = engine.snapshot().panels["Main/a"]
            states.append(shown.state)
            assert not shown.queries[0].window.is_empty
        assert list(dict.fromkeys(states)) == [Freshness.FRESH, Freshness.LATE, Freshness.STALE]
        down = engine.snapshot()
        assert down.sources[0].message == "prom refused the connection"
        assert (down.panels["Main/a"].age_s or 0) > 75
        source.fails = None
        await asyncio.sleep(12)
        back = engine.snapshot()
        assert back.panels["Main/a"].state is Freshness.FRESH
        assert back.sources[0].message is None

    play(script)


def test_all_queries_of_a_source_share_its_back_off() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.fails = SourceUnavailable("down")
        await asyncio.sleep(120)

    panels = [panel(f"q{k}") for k in range(30)]
    source = play(script, board(*panels))
    assert len(source.asked) < 30 + 30, "after the first failure one query at a time tries, ten seconds apart"


def test_retry_after_is_kept_by_all_queries() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(7)
        source.fails = SourceBusy("prom is busy", retry_after_s=40)
        await asyncio.sleep(5)
        source.fails = None
        before = len(source.asked)
        await asyncio.sleep(30)
        assert len(source.asked) == before
        await asyncio.sleep(15)
        assert engine.snapshot().panels["Main/a"].state is Freshness.FRESH

    play(script)


def test_what_does_not_heal_by_itself_is_asked_rarely_and_at_once_when_the_operator_asks() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.fails = QueryRejected('prom: parse error: unexpected "}"')
        await asyncio.sleep(61)
        assert len(source.times_asked("a")) <= 4
        shown = engine.snapshot().panels["Main/a"]
        assert shown.state is Freshness.ERROR
        assert (shown.message or "").startswith('prom: parse error: unexpected "}"')
        source.fails = None
        engine.refresh()
        await asyncio.sleep(0.2)
        assert engine.snapshot().panels["Main/a"].state is Freshness.FRESH

    play(script)


def test_a_secret_that_is_not_there_is_the_sources_trouble_and_not_only_the_panels() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.fails = SecretMissing("prom: the variable PROM_TOKEN is not set")
        await asyncio.sleep(3)
        shown = engine.snapshot().sources[0]
        assert shown.state is Freshness.ERROR
        assert shown.message == "prom: the variable PROM_TOKEN is not set"

    play(script)


def test_an_error_that_nobody_foresaw_is_the_panels_own() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        def broken(text: str, _service: str, _t: float) -> float:
            if text == "a":
                raise ZeroDivisionError
            return 1.0

        source.value = broken
        await asyncio.sleep(12)
        panels = engine.snapshot().panels
        assert panels["Main/a"].state is Freshness.ERROR
        assert "log file" in (panels["Main/a"].message or "")
        assert panels["Main/b"].state is Freshness.FRESH

    play(script)


def test_a_host_clock_that_jumps_ages_nothing_and_the_window_follows() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(20)
        for jump in (-3600.0, 3600.0, 0.0):
            clock.jump_s = jump
            await asyncio.sleep(6)
            shown = engine.snapshot().panels["Main/a"]
            assert shown.state is Freshness.FRESH
            assert abs(shown.queries[0].window.times[-1] - clock.now_s()) < 15

    play(script)


def test_a_fixed_range_is_asked_once_and_stays_fresh() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        engine.choose_range(TimeRange(length_s=900, end_s=clock.now_s() - 7200))
        await asyncio.sleep(1)
        before = len(source.asked)
        await asyncio.sleep(120)
        assert len([asked for asked in source.asked[before:] if asked.text != "probe"]) == 0
        assert engine.snapshot().panels["Main/a"].state is Freshness.FRESH

    play(script)


def test_rows_and_single_values_of_a_fixed_range_are_asked_until_no_document_of_it_can_come_late() -> None:
    logs = LogQuery(source="prom", query="error", limit=10)
    single = PromQuery(source="prom", expr="single", instant=True)
    spec = PanelSpec(
        id="Main/both", title="both", kind=PanelKind.TABLE, source="prom",
        queries=(PanelQuery(query=logs), PanelQuery(query=single)),
    )  # fmt: skip

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        engine.choose_range(TimeRange(length_s=900, end_s=clock.now_s()))
        await asyncio.sleep(1)
        rows, values = len(source.times_asked("error")), len(source.times_asked("single"))
        await asyncio.sleep(300)
        assert len(source.times_asked("single")) == values
        assert 10 <= len(source.times_asked("error")) - rows <= 14
        assert engine.snapshot().panels["Main/both"].state is Freshness.FRESH
        engine.choose_range(TimeRange(length_s=900, end_s=clock.now_s() - 3600))
        await asyncio.sleep(1)
        assert len(source.times_asked("single")) == values + 1

    play(script, board(spec))


def test_a_failure_in_another_time_is_not_shown_for_ever_in_the_one_that_is_known() -> None:
    single = replace(panel("s"), queries=(PanelQuery(query=PromQuery(source="prom", expr="s", instant=True)),))

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        known = TimeRange(length_s=900, end_s=clock.now_s() - 7200)
        engine.choose_range(known)
        await asyncio.sleep(1)
        source.fails = QueryRejected("prom refuses the question")
        engine.choose_range(replace(known, end_s=clock.now_s() - 14_400))
        await asyncio.sleep(1)
        assert engine.snapshot().panels["Main/a"].state is Freshness.ERROR
        source.fails = None
        engine.choose_range(known)
        await asyncio.sleep(1)
        assert {view.state for view in engine.snapshot().panels.values()} == {Freshness.FRESH}

    play(script, board(panel("a"), single))


def test_pause_stands_still_and_resume_goes_on_at_once() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        engine.pause()
        await asyncio.sleep(0.1)
        before = len(source.times_asked("a"))
        await asyncio.sleep(60)
        paused = engine.snapshot()
        assert len(source.times_asked("a")) == before
        assert paused.panels["Main/a"].state is Freshness.FRESH
        assert paused.end_s == paused.paused_at_s
        engine.resume()
        await asyncio.sleep(0.5)
        assert len(source.times_asked("a")) == before + 1

    play(script)


def test_a_dashboard_that_is_opened_while_paused_is_asked_once_at_the_instant_that_is_shown() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        engine.pause()
        at_s = clock.now_s()
        await asyncio.sleep(30)
        engine.show(1)
        await asyncio.sleep(60)
        assert len(source.times_asked("c")) == 1
        shown = engine.snapshot().panels["Other/c"]
        assert shown.state is Freshness.FRESH
        assert shown.queries[0].window.times[-1] <= at_s
        engine.resume()
        await asyncio.sleep(6)
        assert len(source.times_asked("c")) >= 2

    play(script)


def test_the_earlier_period_is_drawn_on_the_time_of_this_one() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        engine.compare(86_400)
        await asyncio.sleep(12)
        shown = engine.snapshot().panels["Main/a"].queries[0]
        assert shown.compare is not None
        assert abs(shown.compare.times[-1] - shown.window.times[-1]) <= 10
        assert np.allclose(shown.compare.values[0], np.sin((shown.compare.times - 86_400) / 600) + 6)
        engine.compare(0)
        await asyncio.sleep(1)
        assert engine.snapshot().panels["Main/a"].queries[0].compare is None

    play(script)


def test_a_variable_waits_for_its_values_and_then_restricts_the_query() -> None:
    spec = VariableSpec(
        name="service", values_from=LabelValues(label="service"), source="prom", multi=True, include_all=True
    )
    the_board = replace(board(panel("v", 'up{service=~"$service"}')), variables=(spec,))

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        assert "waiting for the values of $service" in (engine.snapshot().panels["Main/v"].message or "")
        await asyncio.sleep(0.5)
        assert engine.snapshot().bindings[0].selected == (ALL,)
        engine.choose_variable("service", ("orders",))
        await asyncio.sleep(0.5)

    texts = [asked.text for asked in play(script, the_board).asked]
    assert 'up{service=~"$service"}' not in texts
    assert 'up{service=~"orders"}' in texts


def test_a_panel_of_logs_asks_what_an_alert_wants_until_it_is_told_to_stop() -> None:
    query = LogQuery(source="prom", query="*", filters=(("service", "users"),), limit=10)
    logs = PanelSpec(
        id="Main/logs", title="logs", kind=PanelKind.LOGS, source="prom", queries=(PanelQuery(query=query),)
    )

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        engine.narrow_logs("Main/logs", "level:error")
        await asyncio.sleep(1)
        view = engine.snapshot().panels["Main/logs"]
        assert view.spec.title == "logs: level:error"
        assert view.queries[0].spec.query == replace(query, query="level:error", filters=())
        assert view.queries[0].answer is not None
        engine.narrow_logs("Main/logs", "")
        await asyncio.sleep(0.1)
        assert engine.snapshot().panels["Main/logs"].queries[0].spec.query == query
        engine.narrow_logs("a panel that is gone", "x")
        engine.narrow_logs("another", "")
        await asyncio.sleep(0.1)

    play(script, board(logs))


def test_older_log_rows_join_the_newer_ones_and_stay() -> None:
    query = LogQuery(source="prom", query="level:error", limit=10)
    logs = PanelSpec(
        id="Main/logs", title="logs", kind=PanelKind.LOGS, source="prom", queries=(PanelQuery(query=query),)
    )

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        answer = engine.snapshot().panels["Main/logs"].queries[0].answer
        assert answer is not None
        assert len(answer.rows) == 10
        await engine.older_logs(query, answer)
        await asyncio.sleep(6)
        rows = engine.snapshot().panels["Main/logs"].queries[0].answer.rows  # type: ignore[union-attr]
        assert len(rows) >= 20
        assert [row.at_s for row in rows] == sorted((row.at_s for row in rows), reverse=True)

    play(script, board(logs))


def test_a_new_configuration_keeps_what_did_not_change_and_closes_what_is_gone() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        engine.reject_board("opsdash.yaml:4:1: dashboards: broken", 2)
        assert engine.snapshot().config_problem == "opsdash.yaml:4:1: dashboards: broken"
        assert engine.snapshot().panels["Main/a"].state is Freshness.FRESH
        new = SineSource()
        engine.replace_board(board(panel("a"), panel("d")), {"prom": new})
        await asyncio.sleep(6)
        shown = engine.snapshot()
        assert shown.config_problem is None
        assert set(shown.panels) == {"Main/a", "Main/d"}
        assert shown.panels["Main/d"].state is Freshness.FRESH
        assert source.closed
        assert new.times_asked("d")

    play(script)


def test_sources_are_closed_and_no_task_is_left_when_the_engine_stops() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.hangs.add("a")
        await asyncio.sleep(3)

    assert play(script).closed


def test_once_asks_everything_and_says_what_failed() -> None:
    source = SineSource(hangs={"a"})

    async def main() -> None:
        engine = Engine(board(), {"prom": source}, VirtualClock())
        snapshot = await engine.once()
        assert set(snapshot.panels) == {"Main/a", "Main/b", "Other/c"}
        assert snapshot.panels["Main/a"].state is Freshness.ERROR
        assert snapshot.panels["Main/b"].state is Freshness.FRESH
        assert not snapshot.panels["Main/a"].waiting

    run_virtual(main())


def test_an_address_of_ipv6_is_shown_in_its_brackets() -> None:
    spec = SourceSpec(name="prom", kind="prometheus", url="http://user:pw@[::1]:9090/x")
    engine = Engine(replace(board(), sources=(spec,)), {"prom": SineSource()}, VirtualClock())
    assert engine.snapshot().sources[0].url == "http://[::1]:9090/x"


def test_no_secret_of_an_url_is_shown() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        assert engine.snapshot().sources[0].url == "http://127.0.0.1:9090/x"

    play(script)


def test_snapshots_give_the_newest_and_skip_what_was_overtaken() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        seen = 0
        async for snapshot in engine.snapshots():
            seen += 1
            await asyncio.sleep(20)
            if seen == 3:
                assert clock.now_s() - snapshot.at_s < 26
                break

    play(script)


def test_a_range_that_is_chosen_while_an_answer_is_under_way_is_asked_at_once_after_it() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.takes_s = 2.0
        await asyncio.sleep(6)
        assert source.under_way["a"] == 1
        engine.choose_range(TimeRange(length_s=7200.0))
        await asyncio.sleep(3.5)
        window = engine.snapshot().panels["Main/a"].queries[0].window
        assert window.times[-1] - window.times[0] >= 7000

    async def paused(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.takes_s = 2.0
        await asyncio.sleep(0.5)
        engine.pause()
        engine.choose_range(TimeRange(length_s=7200.0))
        await asyncio.sleep(5)
        window = engine.snapshot().panels["Main/a"].queries[0].window
        assert window.times[-1] - window.times[0] >= 7000

    play(script)
    play(paused)


def test_once_survives_an_error_that_nobody_foresaw() -> None:
    def broken(text: str, service: str, at_s: float) -> float:
        if text == "b":
            raise ZeroDivisionError
        return at_s

    shown = run_virtual(Engine(board(), {"prom": SineSource(value=broken)}, VirtualClock()).once(dashboards=[0]))
    assert shown.panels["Main/a"].state is Freshness.FRESH
    assert shown.panels["Main/b"].message == "this panel could not read the answer; the log file says why"


def test_a_day_of_queries_that_change_with_the_time_leaves_a_bounded_state() -> None:
    moving = panel("a", 'a{at="$__to"}')
    the_board = replace(board(moving), variables=(VariableSpec(name="v", values_from=FixedValues(values=("x",))),))

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        engine.choose_range(TimeRange(length_s=60.0))
        for _ in range(700):
            engine.compare(0.0)
            await asyncio.sleep(5)
        assert len(source.asked) > 700
        assert len(engine.state.queries) <= MOST_HIDDEN + 1

    play(script, the_board)


def test_another_server_of_the_same_name_is_asked_for_everything() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        old = board()
        new = replace(old, sources=(replace(old.sources[0], url="http://127.0.0.1:9191"),))
        other = SineSource(value=lambda _text, _service, _at_s: 42.0)
        engine.replace_board(new, {"prom": other})
        waiting = engine.snapshot()
        assert waiting.panels["Main/a"].waiting
        assert waiting.sources[0].product == ""
        await asyncio.sleep(6)
        assert set(engine.snapshot().panels["Main/a"].queries[0].window.values.ravel()) == {42.0}

    play(script)


def test_a_poll_under_way_when_its_source_goes_says_nothing_afterwards() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.takes_s = 3.0
        await asyncio.sleep(2.999)
        engine.replace_board(replace(board(), sources=()), {})
        await asyncio.sleep(5)
        assert engine.state.queries == {}
        assert engine.state.sources == {}
        assert source.closed

    play(script)


def test_older_rows_of_another_time_are_not_shown_in_this_one() -> None:
    query = LogQuery(source="prom", query="level:error", limit=10)
    logs = PanelSpec(
        id="Main/logs", title="logs", kind=PanelKind.LOGS, source="prom", queries=(PanelQuery(query=query),)
    )

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        answer = engine.snapshot().panels["Main/logs"].queries[0].answer
        assert answer is not None
        polls = engine.state.sources["prom"].polls
        await engine.older_logs(query, answer)
        assert engine.state.sources["prom"].polls == polls
        end_s = clock.now_s() - 86_400
        engine.choose_range(TimeRange(length_s=3600.0, end_s=end_s))
        await asyncio.sleep(1)
        answer = engine.snapshot().panels["Main/logs"].queries[0].answer
        assert answer is not None
        assert max(row.at_s for row in answer.rows) <= end_s

    play(script, board(logs))


def test_a_dashboard_seen_long_before_the_pause_is_brought_up_to_date_when_opened() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        engine.show(1)
        await asyncio.sleep(600)
        engine.pause()
        stopped_s = clock.now_s()
        engine.show(0)
        await asyncio.sleep(30)
        window = engine.snapshot().panels["Main/a"].queries[0].window
        assert window.times[-1] > stopped_s - 15
        asked = len(source.times_asked("a"))
        await asyncio.sleep(300)
        assert len(source.times_asked("a")) == asked

    play(script)


def test_values_found_for_an_old_choice_are_not_taken_for_the_new_one() -> None:
    of = LabelValues(label="zone", metric='up{service="$service"}')
    first = VariableSpec(name="service", values_from=FixedValues(values=("a", "b")), default=("a",))
    second = VariableSpec(name="zone", values_from=of, source="prom")

    class Zones(SineSource):
        async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
            await asyncio.sleep(2)
            assert isinstance(wanted, LabelValues)
            return (wanted.metric,)

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(1)
        engine.choose_variable("service", ("b",))
        await asyncio.sleep(1.5)
        assert engine.state.bindings["zone"].options == ()
        await asyncio.sleep(2)
        assert engine.state.bindings["zone"].options == ('up{service="b"}',)

    play(script, replace(board(panel("a")), variables=(first, second)), Zones())


def test_a_background_question_that_breaks_does_not_end_the_polling() -> None:
    class Broken(SineSource):
        async def probe(self) -> Probe:
            raise ZeroDivisionError

        async def explain_empty(self, query: PromQuery, start_s: float, end_s: float) -> str | None:
            raise ZeroDivisionError

        async def aclose(self) -> None:
            raise ZeroDivisionError

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(120)
        assert len(source.times_asked("a")) > 20
        engine.replace_board(board(panel("d")), {"prom": SineSource()})
        await asyncio.sleep(10)
        assert engine.snapshot().panels["Main/d"].state is Freshness.FRESH

    play(script, source=Broken(services=()))


def test_each_empty_query_is_explained_also_beside_one_that_cannot_be() -> None:
    class Explaining(SineSource):
        async def explain_empty(self, query: PromQuery, start_s: float, end_s: float) -> str | None:
            return f"there is no metric {query.expr}"

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        await asyncio.sleep(6)
        views = engine.snapshot().panels
        assert views["Main/b"].message == "no data: there is no metric b"
        assert views["Main/a"].message == "no data: the source answered, and there is nothing in this time"

    async def main() -> None:
        silent = PanelQuery(query=PromQuery(source="mute", expr="a"))
        first = replace(panel("a"), source="mute", queries=(silent,))
        the_board = board(first, panel("b"))
        mute = SourceSpec(name="mute", kind="prometheus", url="http://127.0.0.1:1")
        the_board = replace(the_board, sources=(*the_board.sources, mute))
        source, clock = Explaining(services=()), VirtualClock()
        engine = Engine(the_board, {"prom": source, "mute": SineSource(name="mute", services=())}, clock)
        running = asyncio.create_task(engine.run())
        await script(engine, source, clock)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(main())


def test_a_source_that_refuses_every_question_is_an_error_and_one_that_refuses_some_is_not() -> None:
    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        source.fails = QueryRejected("prom: 404: page not found")
        await asyncio.sleep(1)
        shown = engine.snapshot().sources[0]
        assert (shown.state, shown.message) == (Freshness.ERROR, "prom: 404: page not found")
        source.fails = None
        engine.refresh()
        await asyncio.sleep(1)
        assert engine.snapshot().sources[0].state is Freshness.FRESH

    play(script)


def test_a_bad_question_that_is_answered_first_does_not_make_its_source_an_error() -> None:
    seen: list[Freshness] = []

    class RefusesAtOnce(SineSource):
        async def _answer(self, text: str, span: Span | None) -> None:
            if text == "bad":
                raise QueryRejected("prom: unknown function")
            await super()._answer(text, span)

    async def script(engine: Engine, source: SineSource, clock: VirtualClock) -> None:
        for _ in range(20):
            await asyncio.sleep(0.1)
            seen.append(engine.snapshot().sources[0].state)

    source = RefusesAtOnce(takes_s=1.0)
    play(script, board(panel("bad"), panel("good")), source)
    assert Freshness.ERROR not in seen
    assert seen[-1] is Freshness.FRESH
