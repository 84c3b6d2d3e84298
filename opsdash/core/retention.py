"""Which of the queries that nobody shows any longer are given up: going back to a tab is instant, a day is bounded."""

from __future__ import annotations

from collections.abc import Collection
from math import inf

from opsdash.core.metrics.queries import Query
from opsdash.core.state import QueryRecord, State

MOST_HIDDEN = 512
MOST_HIDDEN_BYTES = 128 * 1024 * 1024
BYTES_PER_ROW = 2_048
"""About what a log row takes with its fields."""


def to_give_up(state: State, shown: Collection[Query]) -> tuple[Query, ...]:
    """The hidden queries over either limit, those that have not been asked for the longest time."""
    if len(state.queries) <= len(shown):
        return ()
    hidden = [(query, record) for query, record in state.queries.items() if query not in shown]
    hidden.sort(key=lambda pair: _last_asked_s(pair[1]), reverse=True)
    given_up, held = [], 0
    for place, (query, record) in enumerate(hidden):
        held += _bytes(record)
        if place >= MOST_HIDDEN or held > MOST_HIDDEN_BYTES:
            given_up.append(query)
    return tuple(given_up)


def _last_asked_s(record: QueryRecord) -> float:
    return max(at for at in (record.succeeded_at_s, record.failed_at_s, -inf) if at is not None)


def _bytes(record: QueryRecord) -> int:
    window = record.window
    rows = len(record.answer.rows) if record.answer is not None else 0
    return window.times.nbytes + window.values.nbytes + window.present.nbytes + rows * BYTES_PER_ROW
