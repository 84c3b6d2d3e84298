"""What people type when they want to see another time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from opsdash.core.duration import parse_duration
from opsdash.core.instant import TIME_OF_DAY, parse_instant
from opsdash.core.view.timerange import LONGEST_S, SHORTEST_S, TimeRange

EXAMPLES = (
    ("14:00", "the range around 14:00, today or else yesterday"),
    ("-2h", "the range around two hours ago"),
    ("3h", "the last three hours, live"),
    ("13:30 to 14:15", "from, to; also -2h to -1h, 13:00 to now"),
    ("2026-11-22", "a day; with a time: 2026-11-22 14:00"),
    ("now", "back to live"),
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DASHED_CLOCKS = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)\s*[-–—]\s*(\d{1,2}:\d{2}(?::\d{2})?)")
_SEPARATOR = re.compile(r"\s+to\s+|\s*\.\.+\s*|\s*/\s*|\s+[-–—]\s+|\s*→\s*|\s*,\s*")


def parse_asked_time(text: str, current: TimeRange, now_s: float, zone: tzinfo) -> TimeRange:
    """The range that is meant. Raises ValueError whose text says what was not understood."""
    asked = text.strip().removeprefix("from ").strip()
    if not asked:
        raise ValueError("type a time, e.g. 14:00")
    if asked in ("now", "live"):
        return TimeRange(length_s=current.length_s)
    length_s = parse_duration(asked)
    if length_s is not None:
        return TimeRange(length_s=_sane(length_s))
    ends = _split(asked)
    if len(ends) == 2:
        return _between(ends[0], ends[1], now_s, zone)
    if len(ends) > 2:
        raise ValueError(f"“{asked}” has more than a start and an end")
    if _DAY.fullmatch(asked):
        start = parse_instant(asked, now_s, zone)
        return _fixed(start, min(_plus_day(start, zone), now_s), now_s)
    return _around(parse_instant(asked, now_s, zone), current.length_s, now_s)


def _split(asked: str) -> list[str]:
    """Start and end, however they are kept apart; one part where there is only an instant."""
    dashed = _DASHED_CLOCKS.fullmatch(asked)
    if dashed:
        return [dashed[1], dashed[2]]
    return [part.strip() for part in _SEPARATOR.split(asked)]


def _between(first: str, last: str, now_s: float, zone: tzinfo) -> TimeRange:
    start = parse_instant(first, now_s, zone)
    if last in ("", "now"):
        return TimeRange(length_s=_sane(now_s - start))
    length_s = parse_duration(last[1:]) if last.startswith("+") else None
    if length_s is not None:
        return _fixed(start, start + length_s, now_s)
    day = first[:10] if _DAY.match(first) and TIME_OF_DAY.fullmatch(last) else ""
    end = parse_instant(f"{day} {last}".strip(), now_s, zone)
    if TIME_OF_DAY.fullmatch(last) and end <= start and (_DAY.match(first) or TIME_OF_DAY.fullmatch(first)):
        end, start = (end, _minus_day(start, zone)) if not day else (_plus_day(end, zone), start)
    return _fixed(start, end, now_s)


def _fixed(start_s: float, end_s: float, now_s: float) -> TimeRange:
    if start_s >= now_s:
        raise ValueError("that is in the future")
    if end_s <= start_s:
        raise ValueError("the end is not after the start")
    return TimeRange(length_s=_sane(end_s - start_s), end_s=end_s)


def _around(at_s: float, length_s: float, now_s: float) -> TimeRange:
    if at_s > now_s:
        raise ValueError("that is in the future")
    return TimeRange(length_s=length_s, end_s=min(at_s + length_s / 2, now_s))


def _sane(length_s: float) -> float:
    if length_s < SHORTEST_S:
        raise ValueError(f"shorter than {SHORTEST_S:.0f} s")
    if length_s > LONGEST_S:
        raise ValueError(f"longer than {LONGEST_S / 86_400:.0f} days")
    return length_s


def _plus_day(at_s: float, zone: tzinfo) -> float:
    return (datetime.fromtimestamp(at_s, zone) + timedelta(days=1)).timestamp()


def _minus_day(at_s: float, zone: tzinfo) -> float:
    return (datetime.fromtimestamp(at_s, zone) - timedelta(days=1)).timestamp()
