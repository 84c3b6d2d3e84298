"""What people type for a time is understood, or it is said what was not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.view.asked_time import EXAMPLES, parse_asked_time
from opsdash.core.view.timerange import TimeRange

KST = timezone(timedelta(hours=9), "KST")
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=KST)
HOUR = TimeRange(length_s=3600.0)


def asked(text: str) -> TimeRange:
    return parse_asked_time(text, HOUR, NOW.timestamp(), KST)


def ends(day: int, hour: int, minute: int = 0) -> float:
    return datetime(2026, 11, day, hour, minute, tzinfo=KST).timestamp()


@pytest.mark.parametrize(
    ("text", "length_s", "end_s"),
    [
        ("13:00", 3600, ends(23, 13, 30)),
        ("14:20", 3600, ends(23, 14, 30)),
        ("15:00", 3600, ends(22, 15, 30)),
        ("-2h", 3600, ends(23, 13, 0)),
        ("now-2h", 3600, ends(23, 13, 0)),
        ("3h", 10_800, None),
        ("1h30m", 5400, None),
        ("now", 3600, None),
        ("13:30 to 14:15", 2700, ends(23, 14, 15)),
        ("13:30-14:15", 2700, ends(23, 14, 15)),
        ("from 13:30 to 14:15", 2700, ends(23, 14, 15)),
        ("13:30 / 14:15", 2700, ends(23, 14, 15)),
        ("13:30 .. 14:15", 2700, ends(23, 14, 15)),
        ("23:00 to 01:00", 7200, ends(23, 1)),
        ("-2h to -1h", 3600, ends(23, 13, 30)),
        ("13:00 to now", 5400, None),
        ("13:00 to +30m", 1800, ends(23, 13, 30)),
        ("2026-11-22", 86_400, ends(23, 0)),
        ("2026-11-22 14:00", 3600, ends(22, 14, 30)),
        ("2026-11-22T05:00:00Z", 3600, ends(22, 14, 30)),
        ("2026-11-22 13:00 to 2026-11-22 14:00", 3600, ends(22, 14)),
        ("2026-11-22T13:00/2026-11-22T14:00", 3600, ends(22, 14)),
        ("2026-11-22 13:00 to 14:00", 3600, ends(22, 14)),
    ],
)
def test_a_time_is_understood(text: str, length_s: float, end_s: float | None) -> None:
    assert asked(text) == TimeRange(length_s=length_s, end_s=end_s)


def test_unix_seconds_are_understood() -> None:
    at = ends(22, 14)
    assert asked(str(int(at))) == asked("2026-11-22 14:00")
    assert asked(str(int(at * 1000))) == asked("2026-11-22 14:00")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "type a time"),
        ("lunch", "is not a time"),
        ("25:00", "is not a time"),
        ("2026-13-01", "is not a time"),
        ("2027-01-01", "future"),
        ("14:00 to 13:00 to 12:00", "more than a start and an end"),
        ("2026-11-22 14:00 to 2026-11-22 13:00", "not after the start"),
        ("5s", "shorter than 30 s"),
        ("9999d", "longer than 400 days"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asked(text)


@pytest.mark.parametrize("example", [text for text, _ in EXAMPLES])
def test_every_example_of_the_dialog_works(example: str) -> None:
    asked(example)


@given(st.text(max_size=40) | st.from_regex(r"[-0-9: TZ./hmd]{0,30}"))
def test_any_text_gives_a_sane_range_or_a_reason(text: str) -> None:
    try:
        found = parse_asked_time(text, HOUR, NOW.timestamp(), UTC)
    except ValueError:
        return
    assert 30 <= found.length_s <= 400 * 86_400
