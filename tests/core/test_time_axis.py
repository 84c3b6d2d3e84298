"""Times below a chart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.view.time_axis import time_ticks

KST = timezone(timedelta(hours=9))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@given(
    st.floats(min_value=0, max_value=4e9),
    st.floats(min_value=1, max_value=400 * 86_400),
    st.integers(min_value=0, max_value=500),
    st.sampled_from([UTC, KST, ZoneInfo("America/St_Johns"), ZoneInfo("Europe/Berlin")]),
)
def test_labels_are_whole_apart_and_where_they_belong(start: float, length: float, width: int, zone: timezone) -> None:
    end_of_last = -1
    for tick in time_ticks(start, start + length, width, zone):
        assert tick.x > end_of_last
        assert 0 <= tick.x <= tick.column
        end_of_last = tick.x + len(tick.label)
        assert end_of_last <= width


def test_an_hour_has_times_of_the_zone() -> None:
    found = [tick.label for tick in time_ticks(NOON - 3600, NOON, 60, KST)]
    assert found == ["20:10", "20:20", "20:30", "20:40", "20:50"]


def test_a_short_range_has_seconds() -> None:
    assert [tick.label for tick in time_ticks(NOON - 30, NOON, 60, UTC)] == ["11:59:40", "11:59:50"]


def test_days_are_dates() -> None:
    found = [tick.label for tick in time_ticks(NOON - 7 * 86_400, NOON, 100, UTC)]
    assert found[0].startswith("Nov ")


def test_ticks_stay_on_round_local_times_over_a_change_of_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, 18, tzinfo=berlin).timestamp()
    labels = [tick.label for tick in time_ticks(start, start + 30 * 3600, 120, berlin)]
    assert all(label.endswith(":00") or " " in label for label in labels)


def test_an_impossible_range_has_no_labels() -> None:
    assert time_ticks(5.0, 5.0, 80, UTC) == ()
    assert time_ticks(0.0, 1e15, 80, UTC) == ()
    assert time_ticks(float("nan"), 3.0, 80, UTC) == ()
