"""Numbers and texts as Go writes and reads them."""

from __future__ import annotations

import math
import re

_FIRST_EXPONENT = 6
_GO_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)", re.ASCII)
_GO_HEX = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+", re.ASCII)
_GO_WORD = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)


def shortest(number: float) -> str:
    """All digits that are needed and no exponent: `0.1`, `1000000`, `+Inf`, `NaN`."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}" + (f".{digits[point:]}" if digits[point:].strip("0") else "")


def spelled_number(number: float) -> str:
    """As Go's `%v`: the shortest digits, with an exponent below 1e-4 and from 1e+06 on."""
    if number == 0 or not math.isfinite(number):
        return shortest(number)
    spellings = (f"{number:.{precision}e}" for precision in range(18))
    digits, _, exponent = next(text for text in spellings if float(text) == number).partition("e")
    if -4 <= int(exponent) < _FIRST_EXPONENT:
        return shortest(number)
    return f"{digits}e{int(exponent):+03d}"


def parse_go_float(text: str) -> float | None:
    """A number in any spelling that Go's ParseFloat takes; None where it takes it not."""
    if _GO_FLOAT.fullmatch(text) or _GO_WORD.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) or _GO_WORD.fullmatch(text) else None
    if _GO_HEX.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return None
    return None


def go_quoted(text: str) -> str:
    """A text in double quotes as Go writes it."""
    known = {
        "\\": "\\\\",
        '"': '\\"',
        "\n": "\\n",
        "\t": "\\t",
        "\r": "\\r",
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }

    def of(char: str) -> str:
        if char in known:
            return known[char]
        if char.isprintable():
            return char
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return '"' + "".join(map(of, text)) + '"'
