"""Rows that the operator went down to: joined without a hole, bounded, gone with the time that they belong to."""

from opsdash.core.metrics.answers import LogRow
from opsdash.core.metrics.queries import LogQuery
from opsdash.engine.older_rows import MOST_ROWS, OlderRows

QUERY = LogQuery(source="logs", query="error", limit=10)


def rows(newest: int, oldest: int) -> tuple[LogRow, ...]:
    return tuple(LogRow(id=str(at), at_s=float(at), message="") for at in range(newest, oldest - 1, -1))


def times(found: tuple[LogRow, ...]) -> list[int]:
    return [int(row.at_s) for row in found]


def test_without_an_older_page_a_poll_shows_what_it_brought() -> None:
    assert OlderRows().under(QUERY, rows(100, 91), from_s=0) == rows(100, 91)


def test_rows_that_leave_the_newest_page_stay_above_the_older_ones() -> None:
    older = OlderRows()
    assert times(older.join(QUERY, rows(100, 91), rows(90, 81))) == list(range(100, 80, -1))
    for newest in (105, 110, 115):
        found = older.under(QUERY, rows(newest, newest - 9), from_s=0)
        assert times(found) == list(range(newest, 80, -1))


def test_more_than_a_page_of_new_rows_leaves_no_hole_that_nobody_sees() -> None:
    older = OlderRows()
    older.join(QUERY, rows(100, 91), rows(90, 81))
    assert older.under(QUERY, rows(200, 191), from_s=0) == rows(200, 191)
    assert older.under(QUERY, rows(201, 192), from_s=0) == rows(201, 192)


def test_rows_that_leave_the_range_go() -> None:
    older = OlderRows()
    older.join(QUERY, rows(100, 91), rows(90, 81))
    assert times(older.under(QUERY, rows(101, 92), from_s=86))[-1] == 86


def test_no_more_than_a_bounded_number_is_kept_and_the_newest_are() -> None:
    older = OlderRows()
    older.join(QUERY, rows(100_000, 99_991), rows(99_990, 90_000))
    found = older.under(QUERY, rows(100_000, 99_991), from_s=0)
    assert len(found) == MOST_ROWS
    assert found[0].at_s == 100_000


def test_another_time_forgets_them() -> None:
    older = OlderRows()
    older.join(QUERY, rows(100, 91), rows(90, 81))
    older.forget_all()
    assert older.under(QUERY, rows(100, 91), from_s=0) == rows(100, 91)
