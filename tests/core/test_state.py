"""The reducer, by plain values and by random histories."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.events import (
    BoardLoaded,
    BoardRejected,
    CompareChosen,
    Event,
    Failure,
    OlderRowsJoined,
    OptionsFound,
    Paused,
    Polled,
    PollFailed,
    QueryDropped,
    RangeChosen,
    Resumed,
    SourceProbed,
    VariableChosen,
)
from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.queries import LogQuery, PromQuery
from opsdash.core.metrics.window import empty_window
from opsdash.core.sources import SourceSpec
from opsdash.core.state import SourceRecord, State, apply, initial
from opsdash.core.variables import ALL, FixedValues, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard
from opsdash.core.view.timerange import TimeRange

SPEC = VariableSpec(name="service", values_from=FixedValues(values=("a", "b")), multi=True, include_all=True)
BOARD = Board(
    dashboards=(Dashboard(title="Main", panels=()),),
    sources=(SourceSpec(name="prom", kind="prometheus", url="http://127.0.0.1:9090"),),
    variables=(SPEC,),
)
QUERY = PromQuery(source="prom", expr="up")
LOGS = LogQuery(source="prom", query="error")
DOWN = Failure(message="prom refused the connection", healing=True, of_source=True)
SLOW = Failure(message="prom did not answer in 4 s", healing=True, of_source=False)


def polled(at_s: float, *, size: int = 10) -> Polled:
    return Polled(query=QUERY, answer=Answer(bytes=size), window=empty_window(), at_s=at_s, rtt_s=0.003)


def after(*events: Event) -> State:
    state = initial(BOARD)
    for event in events:
        state = apply(state, event)
    return state


def test_a_failed_poll_keeps_the_last_good_answer() -> None:
    state = after(polled(1), PollFailed(query=QUERY, failure=SLOW, at_s=6))
    record = state.queries[QUERY]
    assert record.succeeded_at_s == 1
    assert record.answer is not None
    assert record.failure == SLOW


def test_an_answer_clears_the_failure_of_its_query_and_of_its_source() -> None:
    state = after(PollFailed(query=QUERY, failure=DOWN, at_s=1), polled(2))
    assert state.queries[QUERY].failure is None
    assert state.sources["prom"].failure is None
    assert state.sources["prom"].failing_since_s is None


def test_a_query_that_is_slow_does_not_make_its_source_fail() -> None:
    source = after(PollFailed(query=QUERY, failure=SLOW, at_s=1)).sources["prom"]
    assert source.failure is None
    assert source.errors == 1


def test_a_source_is_failing_since_its_first_failure_in_a_row() -> None:
    failed = [PollFailed(query=QUERY, failure=DOWN, at_s=at) for at in (3.0, 5.0, 9.0)]
    assert after(polled(1), *failed).sources["prom"].failing_since_s == 3.0


def test_a_new_configuration_keeps_health_and_selection_of_what_stays() -> None:
    state = after(
        polled(1),
        OptionsFound(variable="service", options=("a", "b")),
        VariableChosen(variable="service", selected=("b",)),
        RangeChosen(time_range=TimeRange(length_s=900)),
        BoardRejected(problem="broken", count=1),
        BoardLoaded(board=BOARD),
    )
    assert state.sources["prom"].polls == 1
    assert state.bindings["service"].selected == ("b",)
    assert state.time_range.length_s == 900
    assert state.config_problem is None


def test_nothing_that_one_server_said_is_said_of_another_of_its_name() -> None:
    other = replace(BOARD, sources=(replace(BOARD.sources[0], url="http://127.0.0.1:9091"),))
    state = after(
        polled(1), SourceProbed(source="prom", product="Prometheus 2.42", skew_s=0.0), BoardLoaded(board=other)
    )
    assert state.queries == {}
    assert state.sources["prom"] == SourceRecord()


def test_older_rows_are_no_poll() -> None:
    row = LogRow(id="1", at_s=1.0, message="m")
    before = after(Polled(query=LOGS, answer=Answer(), window=empty_window(), at_s=5.0, rtt_s=0.1))
    state = apply(before, OlderRowsJoined(query=LOGS, rows=(row,)))
    assert state.sources == before.sources
    record = state.queries[LOGS]
    assert record.answer is not None
    assert record.answer.rows == (row,)
    assert (record.succeeded_at_s, record.previous_success_s) == (5.0, None)
    assert after(OlderRowsJoined(query=LOGS, rows=(row,))).queries == {}


def test_the_first_options_select_all_where_the_variable_has_all() -> None:
    assert after(OptionsFound(variable="service", options=("a",))).bindings["service"].selected == (ALL,)


def test_options_that_could_not_be_had_keep_the_old_ones() -> None:
    state = after(
        OptionsFound(variable="service", options=("a", "b")),
        OptionsFound(variable="service", options=(), error="prom refused the connection"),
    )
    assert state.bindings["service"].options == ("a", "b")
    assert state.bindings["service"].error == "prom refused the connection"


_events = st.one_of(
    st.builds(polled, st.floats(0, 1e6), size=st.integers(0, 1000)),
    st.builds(PollFailed, query=st.just(QUERY), failure=st.sampled_from([DOWN, SLOW]), at_s=st.floats(0, 1e6)),
    st.just(QueryDropped(query=QUERY)),
    st.just(OlderRowsJoined(query=LOGS, rows=(LogRow(id="1", at_s=1.0, message="m"),))),
    st.builds(RangeChosen, time_range=st.builds(TimeRange, length_s=st.floats(30, 1e6))),
    st.builds(Paused, at_s=st.floats(0, 1e6)),
    st.just(Resumed()),
    st.builds(CompareChosen, offset_s=st.floats(0, 1e6)),
    st.builds(OptionsFound, variable=st.sampled_from(["service", "gone"]), options=st.just(("a",))),
    st.just(SourceProbed(source="prom", product="Prometheus 2.42", skew_s=0.0)),
    st.just(BoardLoaded(board=BOARD)),
    st.builds(BoardRejected, problem=st.text(), count=st.integers(1, 9)),
)


@given(st.lists(_events, max_size=40))
def test_counts_only_grow_and_the_state_before_is_never_changed(events: list[Event]) -> None:
    state = initial(BOARD)
    for event in events:
        before, polls, errors = state, state.sources["prom"].polls, state.sources["prom"].errors
        state = apply(state, event)
        assert before.sources["prom"].polls == polls
        assert state.sources["prom"].polls >= polls
        assert state.sources["prom"].errors >= errors
        assert state.sources["prom"].errors <= state.sources["prom"].polls
