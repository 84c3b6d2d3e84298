"""Axes that people can read: round numbers that stay where they are while the data moves a little."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from opsdash.core.view.unit_table import Unit, unit_of
from opsdash.core.view.units import format_fixed

_MOST_TICKS = 7
_HUGE = 1e300
_QUANTA = 10
"""The ends of an axis are multiples of about a tenth of it: it changes only when the data leaves such a tenth."""
_ZERO_SHARE = 0.5
"""Data whose least is under this share of its largest is shown from zero."""
_CLOCK_STEPS_S = (
    60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    2 * 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400, 90 * 86_400, 365 * 86_400,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One labelled value."""

    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAxis:
    """A vertical axis; `low` < `high`, ticks from small to large, labels of one scale."""

    low: float
    high: float
    ticks: tuple[Tick, ...]
    label_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisRequest:
    """What an axis is for: finite data from `low` to `high`, on `rows` cell rows."""

    low: float
    high: float
    unit: str
    rows: int
    from_zero: bool = False
    """Zero belongs in the picture: bars, areas, stacks."""
    minimum: float | None = None
    maximum: float | None = None
    """A fixed end, from the configuration."""
    decimals: int | None = None
    extra: tuple[float, ...] = ()
    """Values (thresholds) that are labelled like the ticks where they are inside."""


@lru_cache(maxsize=1024)
def value_axis(request: AxisRequest) -> ValueAxis:
    """The axis; data that is never negative gets no negative part."""
    found = unit_of(request.unit)
    bottom, top = _bounds(request, found)
    ticks = _ticks(bottom, top, found, request.rows)
    extra = [value for value in request.extra if bottom <= value <= top]
    values = [tick for tick in ticks if not any(math.isclose(tick, value) for value in extra)] + extra
    labels = format_fixed(values, request.unit, request.decimals, distinct=True)
    width = max((len(label) for label in labels), default=1)
    width = 4 if width <= 4 else 6 if width <= 6 else width
    pairs = sorted(dict(zip(values, labels, strict=True)).items())
    return ValueAxis(
        low=bottom, high=top, ticks=tuple(Tick(value=v, label=text) for v, text in pairs), label_width=width
    )


def _bounds(request: AxisRequest, unit: Unit) -> tuple[float, float]:
    low, high = (min(max(value, -_HUGE), _HUGE) for value in sorted((request.low, request.high)))
    start, end = low, high
    if low >= 0 and (request.from_zero or low <= _ZERO_SHARE * high):
        start = 0.0
    elif high <= 0 and (request.from_zero or high >= _ZERO_SHARE * low):
        end = 0.0
    start = start if request.minimum is None else request.minimum
    end = end if request.maximum is None else request.maximum
    if end - start <= 1e-9 * max(abs(start), abs(end)):
        start, end = _around(start, unit, from_here=request.minimum is not None or start == 0)
    quantum = nice_step((end - start) / _QUANTA, unit)
    if request.minimum is None:
        floor = math.floor(start / quantum + 1e-9) * quantum
        start = max(floor, 0.0) if low >= 0 else floor
    if request.maximum is None:
        ceiling = math.ceil(end / quantum - 1e-9) * quantum
        whole = 100.0 / unit.factor
        end = whole if unit.is_share and end <= whole < ceiling else ceiling
    return (start, end) if end > start else (start, start + quantum)


def _around(value: float, unit: Unit, *, from_here: bool) -> tuple[float, float]:
    """Room for a line that is flat at `value`."""
    if value == 0:
        return 0.0, 1.0 / unit.factor
    margin = abs(value) * (1.0 if from_here else 0.05)
    return (value if from_here else value - margin), value + margin


def nice_step(raw: float, unit: Unit | None = None) -> float:
    """The smallest round step that is not less than `raw`: 1, 2, 5; powers of two for bytes; clock steps for time."""
    if not raw > 0 or not math.isfinite(raw):
        return 1.0
    factor = 1.0 if unit is None else unit.factor
    shown = raw * factor
    if unit is not None and unit.binary and shown >= 1:
        return 2.0 ** math.ceil(math.log2(shown) - 1e-9) / factor
    if unit is not None and unit.time and shown > 10:
        for step in (15.0, 30.0, *_CLOCK_STEPS_S):
            if step >= shown * (1 - 1e-9):
                return step / factor
    power = 10.0 ** math.floor(math.log10(shown) + 1e-12)
    for digit in (1.0, 2.0, 5.0, 10.0):
        if digit * power >= shown * (1 - 1e-9):
            return digit * power / factor
    return 10.0 * power / factor


def _ticks(low: float, high: float, unit: Unit, rows: int) -> list[float]:
    """Round values inside the axis, as many as have room, every second row at most; at least two in two rows."""
    if rows < 1:
        return []
    wanted = min(max(round(rows / 2.5), 1), _MOST_TICKS - 1)
    step = nice_step((high - low) / wanted, unit)
    found: list[float] = []
    for _ in range(4):
        found = _multiples(low, high, step)
        if len(found) >= min(2, rows):
            break
        step = nice_step(step / 2.6, unit)
    finer = _multiples(low, high, nice_step(step / 2.6, unit))
    return finer if len(found) < len(finer) <= min(rows // 2, _MOST_TICKS) else found


def _multiples(low: float, high: float, step: float) -> list[float]:
    """The multiples of a step inside the axis; more than a chart can label are cut."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{n * step:.12g}") for n in range(first, min(last, first + 40) + 1)]


def row_of(value: float, axis: ValueAxis, rows: int) -> int:
    """The cell row that a value of the axis stands in, 0 at the top."""
    share = (axis.high - min(max(value, axis.low), axis.high)) / (axis.high - axis.low)
    return min(round(share * (rows * 4 - 1)) // 4, rows - 1)
