"""Times, ages and sizes as short words of a width that stays."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def age_word(seconds: float | None) -> str:
    """`0s`, `59s`, `2m`, `3h`, `4d`; `–` for never."""
    if seconds is None:
        return "–"
    whole = max(int(seconds), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def skew_word(seconds: float) -> str:
    """How far two clocks are apart, either way: it is known to a second or so, and 59.99 minutes are an hour."""
    apart = abs(seconds)
    return age_word(round(apart) if apart < 55 else 5 * round(apart / 5))


def duration_word(seconds: float) -> str:
    """A duration as it is written in a configuration: `90s`, `1h30m`, `7d`."""
    whole = round(seconds)
    if whole < 1:
        return f"{seconds:.1f}s"
    words = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words[:2])


def trip_word(seconds: float | None) -> str:
    """A round trip: `0.4ms`, `12ms`, `1.2s`."""
    if seconds is None:
        return "–"
    if seconds < 0.00095:
        return f"{seconds * 1000:.1f}ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:.1f}s" if seconds < 99.95 else f"{seconds:.0f}s"


def bytes_word(count: float) -> str:
    """`0 B`, `1.2 kB`, `3.4 MB`."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def moment(at_s: float, zone: tzinfo) -> datetime:
    """A UTC instant in a zone; what lies outside the calendar is moved to its edge."""
    try:
        return datetime.fromtimestamp(at_s, zone)
    except (OverflowError, ValueError, OSError):
        edge = datetime(9999, 12, 30, tzinfo=zone) if at_s > 0 else datetime(1970, 1, 2, tzinfo=zone)
        return edge.replace(microsecond=0)


def clock_word(at_s: float, zone: tzinfo) -> str:
    """`14:02:31 KST`: a zone without a name is shown as its offset."""
    at = moment(at_s, zone)
    return f"{at:%H:%M:%S} {zone_word(at)}"


def zone_word(at: datetime) -> str:
    """The zone's name, at most six cells; `+0900` where it has none."""
    name = at.tzname() or ""
    return name if name and len(name) <= 6 and ":" not in name else f"{at:%z}"


def moment_word(at_s: float, zone: tzinfo, now_s: float) -> str:
    """`14:02` today, `11-22 14:02` another day."""
    at, now = moment(at_s, zone), moment(now_s, zone)
    same_day = abs(at - now) < timedelta(days=1) and at.date() == now.date()
    return f"{at:%H:%M}" if same_day else f"{at:%m-%d %H:%M}"
