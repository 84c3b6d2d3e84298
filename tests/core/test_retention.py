"""What is known of hidden queries is bounded; what is shown is never given up."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.retention import MOST_HIDDEN, MOST_HIDDEN_BYTES, to_give_up
from opsdash.core.state import QueryRecord, State, initial
from opsdash.core.view.board import Board


def query(number: int) -> PromQuery:
    return PromQuery(source="prom", expr=f"up{number}")


def state(records: dict[PromQuery, QueryRecord]) -> State:
    return replace(initial(Board(dashboards=())), queries=records)


def window(megabytes: int) -> Window:
    points = megabytes * 1024 * 1024 // 8
    return Window(
        times=np.empty(0),
        labels=((),),
        values=np.broadcast_to(np.float64(1.0), (1, points)),
        present=np.empty((0, 0), dtype=np.bool_),
    )


def test_those_that_were_asked_longest_ago_go_first() -> None:
    records = {query(n): QueryRecord(succeeded_at_s=float(n)) for n in range(MOST_HIDDEN + 3)}
    assert set(to_give_up(state(records), ())) == {query(0), query(1), query(2)}


def test_large_windows_go_before_there_are_many() -> None:
    records = {query(n): QueryRecord(window=window(50), succeeded_at_s=float(n)) for n in range(5)}
    kept = MOST_HIDDEN_BYTES // (50 * 1024 * 1024)
    assert set(to_give_up(state(records), ())) == {query(n) for n in range(5 - kept)}
    assert to_give_up(state(records), set(records)) == ()


def test_a_query_that_only_failed_counts_from_its_failure() -> None:
    records = {query(n): QueryRecord(succeeded_at_s=float(n)) for n in range(1, MOST_HIDDEN + 1)}
    records[query(0)] = QueryRecord(failed_at_s=1e6)
    assert to_give_up(state(records), ()) == (query(1),)


@given(st.integers(0, 700), st.sets(st.integers(0, 700)))
def test_what_is_shown_stays_and_what_is_hidden_is_bounded(count: int, shown_numbers: set[int]) -> None:
    shown = {query(n) for n in shown_numbers}
    records = {query(n): QueryRecord(succeeded_at_s=float(n)) for n in range(count)}
    given_up = set(to_give_up(state(records), shown))
    assert not given_up & shown
    assert len(set(records) - shown - given_up) <= MOST_HIDDEN
