"""Maintenance windows: times in which alerts that match are expected, once or again each day or week.

A window that comes again begins by the wall clock of its zone and lasts by a stop watch: one of two hours from 02:00
lasts two hours also in the night in which the clock is put forward or back. A start that the clock leaps over comes as
long after midnight as ever, and so later by the clock; one that comes twice is taken the first time. Reading a zone is
I/O, so zones come from outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from opsdash.core.alerting.spec import MaintenanceWindow

ZoneOf = Callable[[str], tzinfo]
"""A time zone by its name, from the outside (cli/zone.py)."""

_DAY_S = 86_400.0
_LONGEST_DAYS = 8


def open_windows(
    windows: Iterable[MaintenanceWindow], now_s: float, zone_of: ZoneOf | None = None
) -> tuple[MaintenanceWindow, ...]:
    """Those that are open now. Without `zone_of` a window in another zone than UTC is never open: rather told twice
    than hidden at the wrong hour."""
    return tuple(window for window in windows if opened_at(window, now_s, zone_of) is not None)


def opened_at(window: MaintenanceWindow, now_s: float, zone_of: ZoneOf | None = None) -> float | None:
    """When it began, UTC seconds; None while it is not open."""
    if window.from_s is None:
        begins = 0.0 if window.starts_at_s is None else window.starts_at_s
        ends = begins + window.length_s if window.ends_at_s is None else window.ends_at_s
        return begins if begins <= now_s < ends else None
    zone = _zone(window, zone_of)
    if zone is None or not _in_span(window, now_s):
        return None
    back = min(math.ceil(window.length_s / _DAY_S), _LONGEST_DAYS) + 1
    starts = (_start(window, now_s, zone, -days) for days in range(-1, back + 1))
    return next((start for start in starts if start is not None and start <= now_s < start + window.length_s), None)


def next_start(window: MaintenanceWindow, now_s: float, zone_of: ZoneOf | None = None) -> float | None:
    """When it opens next, UTC seconds; None where it does not any more, or its zone is not known."""
    if window.from_s is None:
        begins = window.starts_at_s
        return begins if begins is not None and begins > now_s else None
    zone = _zone(window, zone_of)
    if zone is None:
        return None
    from_s = max(now_s, window.starts_at_s if window.starts_at_s is not None else now_s)
    starts = (_start(window, from_s, zone, days) for days in range(-1, _LONGEST_DAYS + 1))
    found = next((start for start in starts if start is not None and start > now_s and start >= from_s), None)
    return found if found is not None and _in_span(window, found) else None


def _in_span(window: MaintenanceWindow, at_s: float) -> bool:
    """Whether one that comes again has begun to, and not ceased to."""
    has_begun = window.starts_at_s is None or at_s >= window.starts_at_s
    return has_begun and (window.ends_at_s is None or at_s < window.ends_at_s)


def _start(window: MaintenanceWindow, at_s: float, zone: tzinfo, days: int) -> float | None:
    """When it opens on the day that is so many after that of `at_s`; None where it does not on such a day."""
    try:
        day = datetime.fromtimestamp(at_s, zone).date() + timedelta(days=days)
    except (OverflowError, OSError, ValueError):
        return None
    if window.days and day.weekday() not in window.days:
        return None
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(seconds=window.from_s or 0.0)
    return wall.timestamp()


def _zone(window: MaintenanceWindow, zone_of: ZoneOf | None) -> tzinfo | None:
    if window.timezone.upper() in ("UTC", "Z"):
        return UTC
    return None if zone_of is None else zone_of(window.timezone)
