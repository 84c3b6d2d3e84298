"""The parameters of Prometheus's HTTP API, read as its Go reads them, with its words where they cannot be read."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone

from opsdash.plant.faces.exchange import Pairs

MIN_TIME_MS = -(2**62)
MAX_TIME_MS = 2**62
"""Before and after everything; what `series` and `labels` look at when no time is given."""
MOST_POINTS = 11_000
_MIN_TIME_TEXT = "-292273086-05-16T16:47:06Z"
_MAX_TIME_TEXT = "292277025-08-18T07:12:54.999999999Z"
_LARGEST_S = 2**62 / 1000
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?0[xX][0-9a-fA-F.]+[pP][+-]?\d+", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_UNITS_MS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_LONGEST_NS = 2**63 - 1


class ApiError(Exception):
    """A refusal with its status and `errorType`."""

    def __init__(self, status: int, kind: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.kind = kind
        self.words = words


def bad_data(words: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "bad_data", words)


def invalid(name: str, words: str) -> ApiError:
    """400 for one parameter."""
    return bad_data(f"invalid parameter {quoted(name)}: {words}")


class Parameters:
    """What a request carries; the first of several values counts."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def text(self, name: str) -> str:
        """The value; empty where it was not given."""
        return next((value for each, value in self._pairs if each == name), "")

    def all(self, name: str) -> list[str]:
        """Every value."""
        return [value for each, value in self._pairs if each == name]

    def time_ms(self, name: str) -> int:
        """A moment that has to be there. Raises ApiError."""
        try:
            return parse_time_ms(self.text(name))
        except ValueError as error:
            raise invalid(name, str(error)) from None

    def time_or_ms(self, name: str, default_ms: int) -> int:
        """A moment, or the default. Raises ApiError."""
        text = self.text(name)
        try:
            return parse_time_ms(text) if text else default_ms
        except ValueError as error:
            raise invalid(name, f"Invalid time value for '{name}': {error}") from None

    def timeout_s(self, longest_s: float) -> float:
        """The parameter `timeout`, at most the longest. Raises ApiError."""
        if not self.text("timeout"):
            return longest_s
        try:
            return min(parse_duration_ns(self.text("timeout")) / 1e9, longest_s)
        except ValueError as error:
            raise invalid("timeout", str(error)) from None

    def limit(self) -> int:
        """The parameter `limit`; -1 for none. Raises ApiError."""
        text = self.text("limit")
        if not text:
            return -1
        if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
            raise bad_data("limit must be a number")
        return int(text)

    def steps_ms(self) -> tuple[int, int, int]:
        """start, end and step of a range query. Raises ApiError, also for more than 11,000 points."""
        start_ms, end_ms = self.time_ms("start"), self.time_ms("end")
        if end_ms < start_ms:
            raise invalid("end", "end timestamp must not be before start time")
        try:
            step_ns = parse_duration_ns(self.text("step"))
        except ValueError as error:
            raise invalid("step", str(error)) from None
        step_ms = step_ns // 1_000_000
        if step_ns <= 0 or step_ms <= 0:
            raise invalid(
                "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        if (end_ms - start_ms) * 1_000_000 // step_ns > MOST_POINTS:
            raise bad_data(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        return start_ms, end_ms, step_ms


def parse_time_ms(text: str) -> int:
    """Seconds as a number, or RFC 3339. Raises ValueError in the words of Prometheus."""
    seconds = _go_float(text)
    if seconds is not None and abs(seconds) < _LARGEST_S:
        whole = math.trunc(seconds)
        return whole * 1000 + _half_away((seconds - whole) * 1000)
    if found := _MOMENT.fullmatch(text):
        try:
            return _moment_ms(found)
        except (ValueError, OverflowError):
            pass  # the 31st of February
    if text in (_MIN_TIME_TEXT, _MAX_TIME_TEXT):
        return MIN_TIME_MS if text == _MIN_TIME_TEXT else MAX_TIME_MS
    raise ValueError(f"cannot parse {quoted(text)} to a valid timestamp")


def parse_duration_ns(text: str) -> int:
    """Seconds as a number, or `1h30m`. Raises ValueError in the words of Prometheus."""
    seconds = _go_float(text)
    if seconds is not None:
        if not abs(seconds * 1e9) <= _LONGEST_NS:
            raise ValueError(f"cannot parse {quoted(text)} to a valid duration. It overflows int64")
        return math.trunc(seconds * 1e9)
    found = _DURATION.fullmatch(text)
    if text and found:
        total_ns = 1_000_000 * sum(int(n or 0) * unit for n, unit in zip(found.groups(), _UNITS_MS, strict=True))
        if total_ns <= _LONGEST_NS:
            return total_ns
    raise ValueError(f"cannot parse {quoted(text)} to a valid duration")


def quoted(text: str) -> str:
    """In double quotes, what does not print escaped, as Go's %q writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\\u00", "\\x")


def _go_float(text: str) -> float | None:
    """What Go's ParseFloat takes; None for the rest, also for what is too large."""
    if text.lower().lstrip("+-") in ("inf", "infinity", "nan") and len(text) - len(text.lstrip("+-")) <= 1:
        return float(text)
    text = re.sub(r"(?<=[0-9])_(?=[0-9])", "", text[:101])
    if len(text) > 100 or not _NUMBER.fullmatch(text):
        return None
    try:
        number = float.fromhex(text) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _half_away(number: float) -> int:
    """To the nearest whole number, halves away from zero."""
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def _moment_ms(found: re.Match[str]) -> int:
    day = datetime.fromisoformat(found[1])
    offset = timedelta(hours=int(found[4] or 0), minutes=int(found[5] or 0))
    zone = timezone(-offset if found[3] == "-" else offset) if found[3] else UTC
    since = day.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1) + int((found[2] or "0")[:3].ljust(3, "0"))
