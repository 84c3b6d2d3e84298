"""What the header says of a source, from what its questions came to: by plain values and by random histories."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.events import Event, Failure, OptionsFound, Polled, PollFailed
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import empty_window
from opsdash.core.project import Moment, project
from opsdash.core.sources import SourceSpec
from opsdash.core.state import apply, initial
from opsdash.core.variables import LabelValues, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.core.view.snapshot import SourceView
from opsdash.core.wanted import wanted_panels
from opsdash.ui.news import news_of

QUERIES = {name: PromQuery(source="prom", expr=name) for name in ("a", "b", "c")}
NO_PATH = Failure(message="prom: 404 page not found", healing=False, of_source=False)
BAD = Failure(message='prom: 422: unknown function "rat"', healing=False, of_source=False)
SLOW = Failure(message="prom did not answer in 4 s", healing=True, of_source=False)
DOWN = Failure(message="prom refused the connection", healing=True, of_source=True)
TIMEOUT_S = 4.0


def board(*names: str) -> Board:
    panels = tuple(
        PanelSpec(
            id=name,
            title=name,
            kind=PanelKind.TIMESERIES,
            source="prom",
            queries=(PanelQuery(query=QUERIES[name]),),
        )
        for name in names
    )
    spec = SourceSpec(name="prom", kind="prometheus", url="http://127.0.0.1:9/x", timeout_s=TIMEOUT_S)
    hosts = VariableSpec(name="host", values_from=LabelValues(metric="up", label="host"), source="prom")
    return Board(dashboards=(Dashboard(title="Main", panels=panels),), sources=(spec,), variables=(hosts,))


def answered(name: str, at_s: float = 1.0) -> Polled:
    return Polled(query=QUERIES[name], answer=Answer(bytes=1), window=empty_window(), at_s=at_s, rtt_s=0.003)


def failed(name: str, failure: Failure, at_s: float = 1.0) -> PollFailed:
    return PollFailed(query=QUERIES[name], failure=failure, at_s=at_s)


def views(names: str, *events: Event, at_s: float = 1.0) -> list[SourceView]:
    """The source before the first event and after each."""
    state = initial(board(*names))
    seen = []
    for event in (None, *events):
        state = state if event is None else apply(state, event)
        wanted = wanted_panels(state, state.board.dashboards[0].panels, 1e9)
        seen.append(project(state, wanted, moment=Moment(now_s=1e9, monotonic_s=at_s)).sources[0])
    return seen


def test_a_source_that_refuses_every_question_is_an_error_with_its_last_words() -> None:
    shown = views("ab", failed("a", BAD), failed("b", NO_PATH))[-1]
    assert (shown.state, shown.message) == (Freshness.ERROR, NO_PATH.message)


def test_a_source_whose_every_question_hangs_is_an_error_too() -> None:
    shown = views("ab", failed("a", SLOW), failed("b", SLOW))[-1]
    assert (shown.state, shown.message) == (Freshness.ERROR, SLOW.message)


def test_a_bad_question_beside_good_ones_is_not_the_sources_trouble_in_whatever_order_they_come() -> None:
    for events in ((failed("a", BAD), answered("b")), (answered("b"), failed("a", BAD))):
        for shown in views("ab", *events)[1:]:
            assert shown.state is not Freshness.ERROR
            assert shown.message is None
        assert views("ab", *events)[-1].state is Freshness.FRESH


def test_a_source_is_not_given_up_while_a_question_is_on_its_way_until_its_time_is_over() -> None:
    events = (failed("a", BAD, at_s=1.0),)
    assert views("ab", *events, at_s=1.0 + TIMEOUT_S)[-1].state is Freshness.NO_DATA
    late = views("ab", *events, at_s=7.0 + TIMEOUT_S)[-1]
    assert (late.state, late.message) == (Freshness.ERROR, BAD.message)


def test_another_dashboard_does_not_take_an_error_back() -> None:
    state = initial(board("a"))
    state = apply(state, failed("a", NO_PATH))
    shown = project(state, {}, moment=Moment(now_s=1e9, monotonic_s=60.0)).sources[0]
    assert shown.state is Freshness.ERROR


def test_the_newest_reason_is_told_of_a_source_that_came_up_and_refuses() -> None:
    assert views("a", failed("a", DOWN), failed("a", NO_PATH))[-1].message == NO_PATH.message
    assert views("a", failed("a", NO_PATH), failed("a", DOWN))[-1].message == DOWN.message


def test_one_answer_takes_the_error_back_and_what_fails_later_is_the_panels_own() -> None:
    shown = views("ab", failed("a", NO_PATH), failed("b", NO_PATH), answered("a"), failed("a", NO_PATH))
    assert [view.state for view in shown[2:]] == [Freshness.ERROR, Freshness.FRESH, Freshness.FRESH]
    assert shown[-1].message is None


def test_a_source_that_was_asked_for_values_only_and_refused_is_an_error() -> None:
    refused = OptionsFound(variable="host", options=(), error=NO_PATH.message, failure=NO_PATH)
    shown = views("", refused, OptionsFound(variable="host", options=("x",)))
    assert [view.state for view in shown] == [Freshness.NO_DATA, Freshness.ERROR, Freshness.NO_DATA]
    assert shown[1].message == NO_PATH.message
    own = OptionsFound(variable="host", options=(), error="the regex of $host is too slow")
    assert views("", own)[-1].state is Freshness.NO_DATA


outcomes = st.one_of(
    st.builds(answered, st.sampled_from("abc")),
    st.builds(failed, st.sampled_from("abc"), st.sampled_from((NO_PATH, BAD, SLOW))),
)


@given(st.lists(outcomes, max_size=12))
def test_nobody_is_told_that_a_source_is_lost_which_was_only_asked_badly(events: list[Event]) -> None:
    state = initial(board("a", "b", "c"))
    wanted = wanted_panels(state, state.board.dashboards[0].panels, 1e9)
    before = project(state, wanted, moment=Moment(now_s=1e9, monotonic_s=1.0))
    for number, event in enumerate(events):
        state = apply(state, event)
        shown = project(state, wanted, moment=Moment(now_s=1e9, monotonic_s=1.0), revision=before.revision)
        assert news_of(before, shown) == []
        before = shown
        has_answered = any(isinstance(earlier, Polled) for earlier in events[: number + 1])
        assert (shown.sources[0].state is Freshness.FRESH) == has_answered
        assert (shown.sources[0].message is None) == (shown.sources[0].state is not Freshness.ERROR)


def test_a_source_that_answered_once_is_lost_when_it_goes() -> None:
    before, after = (
        project(apply(initial(board("a")), answered("a")), {}, moment=Moment(now_s=1e9, monotonic_s=at_s))
        for at_s in (1.0, 600.0)
    )
    assert [level for _, level in news_of(before, after)] == ["bad"]
    assert news_of(before, replace(after, sources=before.sources)) == []
