"""What `--at` understands."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.instant import parse_instant

NOW_S = 1_790_000_000.0  # 2026-09-21T14:13:20Z
SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW_S), ("-15m", NOW_S - 900), ("now-1h30m", NOW_S - 5400), ("-0", NOW_S),
        ("2026-09-21T14:13:20Z", NOW_S), ("2026-09-21T23:13:20+09:00", NOW_S), ("2026-09-21 14:13:20", NOW_S),
        ("20260921T141320Z", NOW_S), ("1790000000", NOW_S), ("1790000000.5", NOW_S + 0.5),
        ("1790000000500", NOW_S + 0.5),
        ("14:13:20", NOW_S), ("14:00", NOW_S - 800), ("15:00", NOW_S + 2800 - 86_400), (" now ", NOW_S),
        ("2026-09-21", NOW_S - 51_200),
    ],
)  # fmt: skip
def test_the_usual_ways_to_write_a_time_are_understood(text, expected):
    assert parse_instant(text, NOW_S, UTC) == expected


def test_a_time_without_an_offset_is_local():
    assert parse_instant("2026-09-21T23:13:20", NOW_S, SEOUL) == NOW_S
    assert parse_instant("23:13:20", NOW_S, SEOUL) == NOW_S


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "-x", "-15", "25:00", "14:60", "2026-13-01", "9999-01-01", "-9000y", "1e9", "\x1b[2J", "5"],
)
def test_what_is_not_a_time_is_refused_with_examples(text):
    with pytest.raises(ValueError, match=r"is not a time|is not between") as refused:
        parse_instant(text, NOW_S, UTC)
    assert "\x1b" not in str(refused.value)


@given(st.text())
def test_any_text_gives_an_instant_or_a_message(text):
    found: float | str
    try:
        found = parse_instant(text, NOW_S, UTC)
    except ValueError as refused:
        found = str(refused)
    assert found != ""
