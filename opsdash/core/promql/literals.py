"""Numbers, durations and strings as queries write them."""

from __future__ import annotations

import re

from opsdash.core.promql.numbers import go_quoted, parse_go_float

_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_UNITS_MS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_LONGEST_MS = (2**63 - 1) // 1_000_000
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_ESCAPED = re.compile(rb"\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


def read_number(text: str) -> float:
    """A number as Prometheus reads it: `017` is octal. Raises ValueError in Go's words."""
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text, re.ASCII) and int(text, 16) < 2**63:
        return float(int(text, 16))
    if re.fullmatch(r"0[0-7]+", text, re.ASCII) and int(text, 8) < 2**63:
        return float(int(text, 8))
    number = parse_go_float(text)
    if number is not None:
        return number
    decimal = re.fullmatch(r"[0-9.]+(?:[eE][+-]?[0-9]+)?", text, re.ASCII)
    raise ValueError(
        f"error parsing number: strconv.ParseFloat: parsing {go_quoted(text)}: "
        + ("value out of range" if decimal else "invalid syntax")
    )


def read_duration(text: str) -> int:
    """Milliseconds. Raises ValueError in Prometheus's words."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"not a valid duration string: {go_quoted(text)}")
    total = sum(int(count) * unit for count, unit in zip(found.groups(), _UNITS_MS, strict=True) if count)
    if total > _LONGEST_MS:
        raise ValueError("duration out of range")
    if not total:
        raise ValueError("duration must be greater than 0")
    return total


def read_string(text: str) -> str:
    """What stands between quotes, its escapes resolved; bytes that are no UTF-8 become U+FFFD."""
    if text.startswith("`"):
        return text[1:-1]

    def of(found: re.Match[bytes]) -> bytes:
        octal, short, four, eight, char = found.groups()
        if octal or short:
            return bytes([int(octal, 8) if octal else int(short, 16)])
        if four or eight:
            return chr(int(four or eight, 16)).encode()
        return bytes([_ESCAPES[char.decode()]])

    return _ESCAPED.sub(of, text[1:-1].encode(errors="replace")).decode(errors="replace")
