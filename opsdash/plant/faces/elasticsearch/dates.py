"""Dates as Elasticsearch reads and writes them: ISO, milliseconds, date maths, formats, time zones and intervals."""

from __future__ import annotations

import re
from calendar import monthrange, timegm
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from opsdash.plant.faces.elasticsearch.errors import Refused, ShardRefused, illegal

DEFAULT_FORMAT = "strict_date_optional_time||epoch_millis"
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?)?)?)?",
    re.ASCII,
)
_STEP = re.compile(r"(?P<op>[+\-/])(?P<count>\d*)(?P<unit>[a-zA-Z]?)", re.ASCII)
_FIXED_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "H": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_MOST_MS = 253_402_300_799_999
_INTERVAL = re.compile(r"\s*(-?\d+)\s*(nanos|micros|ms|s|m|h|d)\s*", re.IGNORECASE | re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
CALENDAR = {
    "minute": "m", "1m": "m", "hour": "h", "1h": "h", "day": "d", "1d": "d", "week": "w", "1w": "w",
    "month": "M", "1M": "M", "quarter": "q", "1q": "q", "year": "y", "1y": "y",
    "second": "s", "1s": "s",
}  # fmt: skip


def time_value_ms(text: object, setting: str) -> int:
    """`5s` in milliseconds. Raises Refused."""
    match = _INTERVAL.fullmatch(str(text)) if isinstance(text, str) else None
    if match is None and str(text) in ("-1", "0"):
        return int(str(text))
    if match is None:
        reason = (
            f"failed to parse setting [{setting}] with value [{text}] as a time value: unit is missing or unrecognized"
        )
        raise illegal(reason)
    count, unit = int(match[1]), match[2].lower()
    return count * _UNIT_MS[unit] if unit in _UNIT_MS else count // (1_000_000 if unit == "nanos" else 1_000)


@lru_cache(maxsize=64)
def zone_of(text: str) -> tzinfo:
    """A time zone by name or offset. Raises Refused."""
    if text in ("Z", "UTC", "GMT"):
        return UTC
    match = re.fullmatch(r"([+-])(\d\d?)(?::?(\d\d))?", text, re.ASCII)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset < timedelta(hours=18, minutes=1):
            return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise Refused("zone_rules_exception", f"Unknown time-zone ID: {text}") from error


def instant(value: object, *, now_ms: int, up: bool, form: str | None = None, zone: tzinfo = UTC) -> int:
    """Milliseconds of a date; `up` takes the last millisecond of what is not said or is rounded. Raises Refused."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _unreadable(str(value), form)
    text = str(value)
    if text.startswith("now"):
        return _maths(text[3:], now_ms, up, zone)
    base, _, maths = text.partition("||")
    return _maths(maths, _read(base, form, zone, up=up and not maths), up, zone)


def _read(text: str, form: str | None, zone: tzinfo, *, up: bool) -> int:
    for each in (form or DEFAULT_FORMAT).split("||"):
        reader = _readers().get(each)
        if reader is None:
            raise _unknown_format(each)
        at_ms = reader(text, zone, up)
        if at_ms is not None:
            return at_ms
    raise _unreadable(text, form)


@lru_cache(maxsize=1)
def _readers() -> dict[str, Callable[[str, tzinfo, bool], int | None]]:
    iso = """strict_date_optional_time date_optional_time strict_date_time date_time strict_date date iso8601
        strict_date_optional_time_nanos yyyy-MM-dd yyyy-MM yyyy strict_date_time_no_millis date_time_no_millis
        strict_year_month_day yyyy-MM-dd'T'HH:mm:ss"""
    return {**dict.fromkeys(iso.split(), _read_iso), "epoch_millis": _read_millis, "epoch_second": _read_seconds}


def known_format(form: str) -> None:
    """Raises Refused for a format that cannot be read."""
    for each in form.split("||"):
        if each not in _readers():
            raise _unknown_format(each)


def _unknown_format(form: str) -> Refused:
    cause = illegal(f"Unknown pattern letter: {form[:1]}")
    return illegal(f"Invalid format: [{form}]: {cause.reason}", cause=cause)


def _read_millis(text: str, _zone: tzinfo, _up: bool) -> int | None:
    return int(float(text)) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,6})?", text, re.ASCII) else None


def _read_seconds(text: str, _zone: tzinfo, _up: bool) -> int | None:
    return round(float(text) * 1000) if re.fullmatch(r"-?\d{1,12}(?:\.\d{1,9})?", text, re.ASCII) else None


def _read_iso(text: str, zone: tzinfo, up: bool) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match["year"]), int(match["month"] or (12 if up else 1)), match["day"]
    if not 1 <= month <= 12 or year < 1:
        return None
    hour, minute, second = (
        int(match[name] or (top if up else 0)) for name, top in (("hour", 23), ("minute", 59), ("second", 59))
    )
    part_ms = int((match["part"] or ("999" if up else "0")).ljust(3, "0")[:3])
    try:
        last = monthrange(year, month)[1]
        at = datetime(year, month, int(day or (last if up else 1)), hour, minute, second)  # noqa: DTZ001 - local
    except ValueError:
        return None
    own = zone_of(match["zone"]) if match["zone"] else zone
    offset = at.replace(tzinfo=own).utcoffset() or timedelta()
    return (timegm(at.timetuple()) - int(offset.total_seconds())) * 1000 + part_ms


def _maths(text: str, at_ms: int, up: bool, zone: tzinfo) -> int:
    place = 0
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None:
            raise ShardRefused("parse_exception", f"operator not supported for date math [{text}]")
        unit = match["unit"]
        if not unit:
            raise ShardRefused("parse_exception", f"truncated date math [{text}]")
        if unit not in _FIXED_MS and unit not in ("M", "y"):
            raise ShardRefused("parse_exception", f"unit [{unit}] not supported for date math [{text}]")
        if match["op"] == "/":
            if match["count"] not in ("", "1"):
                raise ShardRefused("parse_exception", f"rounding `/` can only be used on single unit types [{text}]")
            at_ms = _rounded(at_ms, unit, up, zone)
        else:
            count = int(match["count"] or 1)
            at_ms = _moved(at_ms, -count if match["op"] == "-" else count, unit)
        if not -_MOST_MS < at_ms < _MOST_MS:
            raise ShardRefused("parse_exception", f"date math leads out of all time [{text}]")
        place = match.end()
    return at_ms


def _moved(at_ms: int, count: int, unit: str) -> int:
    if unit in _FIXED_MS:
        return at_ms + count * _FIXED_MS[unit]
    at = utc(at_ms)
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return _MOST_MS
    day = min(at.day, monthrange(year, month + 1)[1])
    return timegm(at.replace(year=year, month=month + 1, day=day).timetuple()) * 1000 + at_ms % 1000


def _rounded(at_ms: int, unit: str, up: bool, zone: tzinfo) -> int:
    low = floor_to(at_ms, unit.replace("H", "h"), zone)
    return next_after(low, unit.replace("H", "h"), zone) - 1 if up else low


def utc(at_ms: int) -> datetime:
    """The instant, without its milliseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_ms // 1000)


def floor_to(at_ms: int, unit: str, zone: tzinfo) -> int:
    """The beginning of the second, minute, hour, day, week, month, quarter or year (s m h d w M q y) in the zone."""
    at = utc(at_ms).astimezone(zone)
    if unit in "smh":
        cleared = {"s": {}, "m": {"second": 0}, "h": {"second": 0, "minute": 0}}[unit]
        return round(at.replace(**cleared).timestamp()) * 1000  # type: ignore[arg-type]
    at = at.replace(hour=0, minute=0, second=0)
    if unit == "w":
        at -= timedelta(days=at.weekday())
    elif unit != "d":
        month = {"M": at.month, "q": (at.month - 1) // 3 * 3 + 1, "y": 1}[unit]
        at = at.replace(day=1, month=month)
    return round(at.timestamp()) * 1000


def next_after(start_ms: int, unit: str, zone: tzinfo) -> int:
    """Where the next unit begins after one that begins at `start_ms`."""
    rough = {"s": 1.5, "m": 90, "h": 5_400, "d": 129_600, "w": 7.5 * 86_400, "M": 36 * 86_400, "q": 100 * 86_400}
    return floor_to(start_ms + int(rough.get(unit, 380 * 86_400) * 1000), unit, zone)


def written(at_ms: int, *, form: str | None = None, zone: tzinfo = UTC) -> str:
    """A date as text; without a format as `2026-11-23T18:00:00.000Z`. Raises Refused."""
    form = (form or "").partition("||")[0]
    if form == "epoch_millis":
        return str(at_ms)
    if form == "epoch_second":
        return str(at_ms // 1000)
    at = utc(at_ms).astimezone(zone)
    part = at_ms % 1000
    offset = int((at.utcoffset() or timedelta()).total_seconds())
    if form in ("", "strict_date_optional_time", "strict_date_time", "date_optional_time", "date_time", "iso8601"):
        return f"{at:%Y-%m-%dT%H:%M:%S}.{part:03d}{_offset_text(offset)}"
    form = {"strict_date": "yyyy-MM-dd", "date": "yyyy-MM-dd"}.get(form, form)
    return _patterned(form, at, part, offset)


def _offset_text(offset_s: int) -> str:
    if offset_s == 0:
        return "Z"
    hours, rest = divmod(abs(offset_s), 3600)
    return f"{'-' if offset_s < 0 else '+'}{hours:02d}:{rest // 60:02d}"


def _patterned(form: str, at: datetime, part_ms: int, offset_s: int) -> str:
    """A Java pattern of the usual letters."""
    text = ""
    for quoted, letters, other in _runs(form):
        if quoted:
            text += quoted[1:-1] or "'"
        elif other:
            text += other
        else:
            text += _letters(letters, form, at, part_ms, offset_s)
    return text


def _runs(form: str) -> list[tuple[str, str, str]]:
    runs = re.finditer(r"('[^']*')|((?P<one>[a-zA-Z])(?P=one)*)|(.)", form, re.DOTALL)
    return [(run[1] or "", run[2] or "", run[4] or "") for run in runs]


def _letters(  # noqa: PLR0911 - a letter in a row
    run: str, form: str, at: datetime, part_ms: int, offset_s: int
) -> str:
    width = len(run)
    numbers = {
        "H": at.hour,
        "m": at.minute,
        "s": at.second,
        "d": at.day,
        "h": at.hour % 12 or 12,
        "D": at.timetuple()[7],
    }
    letter = run[0]
    if letter in numbers:
        return str(numbers[letter]).zfill(width)
    if letter in "yu":
        return f"{at.year % 100:02d}" if width == 2 else str(at.year).zfill(width)
    if letter == "M":
        return str(at.month).zfill(width) if width < 3 else f"{at:%b}" if width == 3 else f"{at:%B}"
    if letter == "S":
        return f"{part_ms:03d}000000"[:width]
    if letter == "E":
        return f"{at:%a}" if width < 4 else f"{at:%A}"
    if letter == "a":
        return f"{at:%p}"
    if letter in "XZ":
        return (
            _offset_text(offset_s) if letter == "X" else _offset_text(offset_s).replace("Z", "+0000").replace(":", "")
        )
    raise _unknown_format(form)


def _unreadable(text: str, form: str | None) -> ShardRefused:
    words = f"failed to parse date field [{text}] with format [{form or DEFAULT_FORMAT}]"
    cause = illegal(words, cause=Refused("date_time_parse_exception", "Failed to parse with all enclosed parsers"))
    return ShardRefused("parse_exception", f"{words}: [{words}]", cause=cause)
