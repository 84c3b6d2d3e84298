"""Durations and sizes as people write them: `5s`, `1h30m`, `250ms`; `64MiB`."""

from __future__ import annotations

import re

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
"""Seconds of each unit, as in Prometheus: a year is 365 days."""

_PART = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d|w|y)", re.ASCII)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?(?:([kKMGT])(i?)B?|B)?", re.ASCII)
_POWERS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_duration(text: str) -> float | None:
    """Seconds; None where the text is no duration. Units go from large to small and come once each."""
    if text == "0":
        return 0.0
    at, total, before = 0, 0.0, float("inf")
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or UNITS_S[found[2]] >= before:
            return None
        before = UNITS_S[found[2]]
        total += float(found[1]) * before
        at = found.end()
    return total if text else None


def format_duration(seconds: float) -> str:
    """The shortest way to write it: `1h30m`, `250ms`; what is finer than a millisecond is rounded."""
    left = round(seconds * 1000)
    if left == 0:
        return "0s"
    parts = ["-"] if left < 0 else []
    left = abs(left)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def format_size(count: int) -> str:
    """A number of bytes for a person, in powers of 1024: `49 KiB`, `1.5 MiB`, `64 MiB`."""
    if count < 1024:
        return f"{count} B"
    if round(count / 1024) < 1024:
        return f"{count / 1024:.0f} KiB"
    return f"{count / 1024 / 1024:.1f}".removesuffix(".0") + " MiB"


def parse_size(text: str) -> int | None:
    """Bytes; `kB MB GB TB` are powers of 1000, `KiB MiB GiB TiB` of 1024; None where the text is no size."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    base = 1024 if found[3] else 1000
    return round(float(found[1]) * float(base ** _POWERS.get(found[2] or "", 0)))
