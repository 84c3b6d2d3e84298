"""One instant as people and scripts write it, on a command line and in the dashboard."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from opsdash.core.duration import parse_duration
from opsdash.core.text import clean

FIRST_S, LAST_S = 0.0, 32_503_680_000.0
"""1970 to the year 3000: what is outside was not meant."""

TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
"""Hours, minutes and perhaps seconds; whether there is such a time is not looked at."""
_EPOCH = re.compile(r"\d{1,10}(\.\d{1,9})?")
_EPOCH_MS = re.compile(r"\d{12,13}")


def parse_instant(text: str, now_s: float, zone: tzinfo) -> float:
    """UTC seconds of `now`, `-15m`, `14:02`, an ISO 8601 time, Unix seconds or Unix milliseconds.

    A time without an offset is in `zone`; a time of day is the newest that is not after now. Raises ValueError whose
    text says what was not understood.
    """
    asked = text.strip()
    if asked == "now":
        return now_s
    if asked.startswith(("-", "now-")):
        length = parse_duration(asked.removeprefix("now").removeprefix("-"))
        if length is None:
            raise ValueError(f'"{_short(asked)}" is not a time before now; write -15m, -2h or -1d12h')
        return _sane(now_s - length, asked)
    if _EPOCH_MS.fullmatch(asked):
        return _sane(float(asked) / 1000, asked)
    if _EPOCH.fullmatch(asked) and len(asked.partition(".")[0]) >= 9:
        return _sane(float(asked), asked)
    clock = TIME_OF_DAY.fullmatch(asked)
    try:
        at_s = _time_of_day(clock, now_s, zone) if clock else _calendar_time(asked, zone)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f'"{_short(asked)}" is not a time; write 14:00, -2h or 2026-11-22 14:00') from None
    return _sane(at_s, asked)


def _time_of_day(clock: re.Match[str], now_s: float, zone: tzinfo) -> float:
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    at = datetime.fromtimestamp(now_s, zone).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return at.timestamp() if at.timestamp() <= now_s else (at - timedelta(days=1)).timestamp()


def _calendar_time(text: str, zone: tzinfo) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()


def _sane(at_s: float, asked: str) -> float:
    if not FIRST_S <= at_s <= LAST_S:
        raise ValueError(f'"{_short(asked)}" is not between 1970 and 3000')
    return at_s


def _short(text: str) -> str:
    return clean(text, longest=40) + ("…" if len(text) > 40 else "")
