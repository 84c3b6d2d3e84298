"""Numbers as people read them: a few digits, a prefix and a unit, in Grafana's unit ids and a few of ours.

Every unit belongs to a family that says how it scales: `1210` is `1.21k` of a count, `1.21s` of milliseconds and
`1.18KiB` of bytes. What a unit is, and its scale, are in `unit_table`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import assert_never

from opsdash.core.view.unit_table import KNOWN_UNITS, Scale, Unit, unit_of

__all__ = ["KNOWN_UNITS", "format_fixed", "format_value", "is_known_unit", "rung_for", "with_rung"]

_DIGITS = 3
"""Significant digits where nobody asked for a number of decimals."""
_MOST_DECIMALS = 9
_TOO_LARGE = 1e6
"""Of the largest scale: more is written as a power of ten of the unit itself."""
_MOST_PLAIN_DECIMALS = 5
"""Numbers of one scale that need more are written each on its own."""
_FIRST_MS = 100_000_000_000
"""Dates are milliseconds as in Grafana; a number too small for one since 1973 is taken as seconds."""


def is_known_unit(unit: str) -> bool:
    """Whether the id is in the table or in one of Grafana's free forms (`suffix:req`, `prefix:~`, `si:F`, …)."""
    return unit in KNOWN_UNITS or unit.partition(":")[0] in {"suffix", "prefix", "si", "count", "currency"}


def format_value(value: float, unit: str, decimals: int | None = None) -> str:
    """One number with its unit, at its own scale; three significant digits unless `decimals` is given.

    `NaN`, `+Inf` and `-Inf` stand for themselves; a number that is not zero is never shown as zero unless
    `decimals` asks for it.
    """
    return _formatted(value, unit, decimals)


@lru_cache(maxsize=8192)
def _formatted(value: float, unit: str, decimals: int | None) -> str:
    if not math.isfinite(value):
        return _not_finite(value)
    found = unit_of(unit)
    if found.form != "number":
        return _special(value, found)
    rung = rung_for(value, found, decimals)
    return with_rung(value, found, rung, decimals)


def format_fixed(
    values: Sequence[float], unit: str, decimals: int | None = None, *, distinct: bool = False
) -> list[str]:
    """Numbers that stand below each other (a column, an axis): one scale and one number of decimals for all.

    The largest decides the scale. A number that would then be shown as zero and is not gets its own scale instead.
    `distinct` takes as many decimals as it needs to show different numbers differently (the ticks of an axis).
    """
    found = unit_of(unit)
    finite = [value for value in values if math.isfinite(value)]
    if found.form != "number" or not finite:
        return [format_value(value, unit, decimals) for value in values]
    rung = rung_for(max(finite, key=abs), found, decimals)
    places = _common_decimals(finite, found, rung) if decimals is None else decimals
    if distinct:
        places = _distinct_decimals(finite, found, rung, places)
    if decimals is None and _is_unreadable(max(finite, key=abs), found, rung, places):
        own = [format_value(value, unit) for value in values]
        if not distinct or len(set(own)) == len(set(values)):
            return own
    texts: list[str] = []
    for value in values:
        vanishes = decimals is None and value != 0 and round(_scaled(value, found, rung), places) == 0
        if vanishes or not math.isfinite(value):
            texts.append(format_value(value, unit, decimals))
        else:
            texts.append(with_rung(value, found, rung, places) if value else with_rung(0.0, found, found.base, 0))
    if distinct and len(set(texts)) < len(set(values)):
        return [format_value(value, unit, decimals) for value in values]
    return texts


def _is_unreadable(largest: float, unit: Unit, rung: Scale, places: int) -> bool:
    """Whether numbers of one scale would be rows of zeros or of digits: `0.000000002`, `126839168y`."""
    endless = rung is unit.scales[-1] and rung is not unit.base and abs(_scaled(largest, unit, rung)) >= _TOO_LARGE
    return places > _MOST_PLAIN_DECIMALS or endless


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def rung_for(value: float, unit: Unit, decimals: int | None = None) -> Scale:
    """The scale that shows this number best; one that rounds up to the next scale is shown on the next."""
    size = abs(value) * unit.factor
    scales = unit.scales
    if size == 0:
        return unit.base
    chosen = 0
    for index, scale in enumerate(scales):
        if size >= scale.size:
            chosen = index
    if chosen + 1 < len(scales):
        shown = size / scales[chosen].size
        places = _own_decimals(shown, unit) if decimals is None else decimals
        if round(shown, places) * scales[chosen].size >= scales[chosen + 1].size:
            chosen += 1
    return scales[chosen]


def with_rung(value: float, unit: Unit, rung: Scale, decimals: int | None = None) -> str:
    """The number on this scale; without `decimals`, three significant digits and no zeros at the end."""
    shown = _scaled(value, unit, rung)
    if decimals is None and rung is not unit.base and rung is unit.scales[-1] and abs(shown) >= _TOO_LARGE:
        return with_rung(value, unit, unit.base)
    number = _plain(shown, unit) if decimals is None else f"{shown:.{min(max(decimals, 0), 20)}f}"
    if number.startswith("-") and not number.strip("-0."):
        number = number[1:]
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    if unit.grouped and "e" not in digits:
        whole, dot, rest = digits.partition(".")
        digits = f"{int(whole):,}{dot}{rest}"
    return f"{sign}{unit.prefix}{digits}{rung.suffix}"


def _scaled(value: float, unit: Unit, rung: Scale) -> float:
    """The number in units of the scale; one that is too large for a double stays at the largest double."""
    shown = value * unit.factor / rung.size
    if math.isinf(shown):
        shown = min(max(value / rung.size * unit.factor, -sys.float_info.max), sys.float_info.max)
    return shown


def _plain(shown: float, unit: Unit) -> str:
    if shown == 0:
        return "0"
    if abs(shown) < 1e-4 or (abs(shown) >= 1e7 and not unit.grouped):
        mantissa, _, exponent = f"{shown:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    text = f"{shown:.{_own_decimals(abs(shown), unit)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _own_decimals(shown: float, unit: Unit) -> int:
    """Decimals that give three significant digits; a share of nearly all keeps those that tell it from all."""
    if shown == 0 or (unit.grouped and shown >= 1000):
        return 0
    if unit.is_share and 99 <= shown < 100:
        return min(max(2, -math.floor(math.log10(100 - shown))), 4) if shown < 99.9999 else 6
    return min(max(_DIGITS - 1 - math.floor(math.log10(shown)), 0), _MOST_DECIMALS)


def _common_decimals(values: Sequence[float], unit: Unit, rung: Scale) -> int:
    """Decimals that the largest number needs for three digits, less those that all of them can do without."""
    shown = [abs(_scaled(value, unit, rung)) for value in values]
    most = _own_decimals(max(shown), unit)
    for places in range(most):
        if all(abs(number - round(number, places)) < 0.5 * 10.0 ** -(most + 1) for number in shown):
            return places
    return most


def _distinct_decimals(values: Sequence[float], unit: Unit, rung: Scale, places: int) -> int:
    shown = {_scaled(value, unit, rung) for value in values}
    while places < _MOST_DECIMALS and len({f"{number:.{places}f}" for number in shown}) < len(shown):
        places += 1
    return places


def _special(value: float, unit: Unit) -> str:  # noqa: PLR0911 - one case a form
    """The families that are not a number with a suffix."""
    match unit.form:
        case "words":
            return unit.words[1] if value else unit.words[0]
        case "hex":
            return f"{unit.prefix}{int(value):x}" if value >= 0 else f"-{unit.prefix}{int(-value):x}"
        case "sci":
            return f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
        case "plain":
            text = f"{value:.15g}"
            return "0" if text == "-0" else text
        case "date":
            return _date(value, unit.prefix)
        case "duration":
            return _duration(value * unit.factor)
        case "number":
            return with_rung(value, unit, rung_for(value, unit))
        case _:
            assert_never(unit.form)


def _date(value: float, layout: str) -> str:
    seconds = value if abs(value) < _FIRST_MS else value / 1000
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime(layout)
    except (OverflowError, ValueError):
        return f"{value:g}"


def _duration(seconds: float) -> str:
    """The two largest parts: `2d 4h`, `1m 30s`, `250ms`."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 1:
        return sign + format_value(seconds, "s")
    left = round(seconds)
    parts: list[str] = []
    for size, name in ((31_536_000, "y"), (604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{name}" if count else "")
    return sign + " ".join(part for part in parts[:2] if part)
