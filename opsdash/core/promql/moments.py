"""Variances and lines of least squares of long windows, from running sums: their cost is that of the samples, once.

What is wanted is a small difference of large sums, so every sum is kept as two numbers, the second what rounding the
first has lost. Numbers are halved into parts of 26 bits, whose products are exact. Rows of which that cannot be said,
and windows in which the real Prometheus has lost digits itself, are left to whoever adds up sample by sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.sums import running_sums, tame
from opsdash.core.promql.values import Bools, Floats, Ints
from opsdash.core.promql.windows import Windows

_SPLIT = float((1 << 27) + 1)
_LONGEST_MS = 1 << 26
"""18 hours: times so far from each other have exact products with a half of a number."""
_WIDEST = 1e8
"""Rows whose values differ by more than this factor are added up window by window."""
_NARROWEST = 1e5
"""A deviation that is so much smaller than the mean: Prometheus's own rounding shows in it."""
_STEPS_WEIGH = 2
_PAYS = 3

Pair = tuple[Floats, Floats]
"""A number and what its rounding lost."""


def pays(windows: Windows) -> bool:
    """Whether so many samples lie in so many windows that running sums are less work."""
    columns, steps = windows.batch.values.shape[1], windows.first.shape[1]
    return bool(int(windows.counts.max(initial=0)) * steps > _PAYS * (columns + _STEPS_WEIGH * steps))


def usable_rows(values: Floats) -> Bools:
    """Which rows can be given to the functions here."""
    size = np.abs(values)
    smallest = np.where(size > 0, size, np.inf).min(axis=1, initial=np.inf)
    largest = size.max(axis=1, initial=0.0)
    return np.asarray(tame(values) & (largest < smallest * _WIDEST) & (largest < 1e100))


def is_level(windows: Windows) -> Bools:
    """Where all values of a window are the same."""
    values = windows.batch.values
    turns = np.zeros(values.shape, dtype=np.int64)
    np.cumsum(values[:, 1:] != values[:, :-1], axis=1, out=turns[:, 1:])
    last, first = windows.column(windows.after - 1), windows.column(windows.first)
    return np.asarray(_taken(turns, last) == _taken(turns, first))


def variances(windows: Windows) -> tuple[Floats, Bools]:
    """The mean square of the distance from the mean, and where that has all its digits: (series, steps)."""
    values = windows.batch.values
    middle = values[:, values.shape[1] // 2, None]
    nothing = np.zeros(1)
    away, rest = _plus((values, nothing), (-middle, nothing))
    high, low = _halves(away)
    first, after = windows.first, np.maximum(windows.after, windows.first)
    squares = _joined([running_sums(part).pair(first, after) for part in (high * high, 2 * high * low, low * low)])
    squares = _plus(squares, (running_sums(2 * away * rest).between(first, after), nothing))
    total = _joined([running_sums(part).pair(first, after) for part in (high, low)])
    total = _plus(total, (running_sums(rest).between(first, after), nothing))
    counts = np.maximum(windows.counts, 1).astype(np.float64)
    spread = _plus(squares, _negative(_over(_times(total, total), counts)))
    result = np.maximum((spread[0] + spread[1]) / counts, 0.0)
    level = is_level(windows)
    mean = (total[0] + total[1]) / counts + middle
    return np.where(level, 0.0, result), level | (np.sqrt(result) * _NARROWEST > np.abs(mean))


@dataclass(frozen=True, slots=True, eq=False)
class LineSums:
    """What a line of least squares is made of, each (series, steps); times in seconds from the window's origin."""

    x: Floats
    y: Floats
    xx: Floats
    xy: Floats


def line_sums(windows: Windows, origin: Ints) -> LineSums | None:
    """The sums with times counted from `origin`, ms (1 or series, steps); None where times are too far apart."""
    times, values = windows.batch.times, windows.batch.values
    there = times < windows.batch.beyond if len(times) > 1 else np.ones(times.shape, dtype=np.bool_)
    low_ms, high_ms = int(times[:, 0].min()), int(times[there].max(initial=0))
    ref = (low_ms + high_ms) // 2
    away = origin - ref
    if max(high_ms - ref, ref - low_ms, int(np.abs(away).max(initial=0))) >= _LONGEST_MS:
        return None
    x = np.where(there, times - ref, 0)
    first, after = windows.first, np.maximum(windows.after, windows.first)
    sum_x, sum_xx = _running(x, first, after), _running(x * x, first, after)
    counts = after - first
    sum_y = running_sums(values).pair(first, after)
    y_high, y_low = _halves(values)
    x_float, away_float = x.astype(np.float64), away.astype(np.float64)
    products = _joined([running_sums(part).pair(first, after) for part in (x_float * y_high, x_float * y_low)])
    moved = _times(sum_y, (away_float, np.zeros(1)))
    xy = _plus(products, _negative(moved))
    return LineSums(
        x=(sum_x - counts * away) / 1e3,
        y=sum_y[0] + sum_y[1],
        xx=(sum_xx - 2 * away * sum_x + counts * away * away) / 1e6,
        xy=(xy[0] + xy[1]) / 1e3,
    )


def _running(numbers: Ints, first: Ints, after: Ints) -> Ints:
    """Exact sums of whole numbers; what overflows on the way comes back."""
    sums = np.zeros((len(numbers), numbers.shape[1] + 1), dtype=np.int64)
    np.cumsum(numbers, axis=1, out=sums[:, 1:])
    return _taken(sums, after) - _taken(sums, first)


def _taken(matrix: Ints, index: Ints) -> Ints:
    if len(index) == 1:
        return matrix[:, index[0]]
    return np.take_along_axis(matrix, index, axis=1) if len(matrix) > 1 else matrix[0][index]


def _halves(numbers: Floats) -> Pair:
    """Two numbers of at most 26 bits each that add up to it."""
    scaled = numbers * _SPLIT
    high = scaled - (scaled - numbers)
    return high, numbers - high


def _plus(one: Pair, other: Pair) -> Pair:
    whole = one[0] + other[0]
    seen = whole - one[0]
    lost = (one[0] - (whole - seen)) + (other[0] - seen)
    return whole, lost + (one[1] + other[1])


def _joined(pairs: list[Pair]) -> Pair:
    found = pairs[0]
    for pair in pairs[1:]:
        found = _plus(found, pair)
    return found


def _negative(one: Pair) -> Pair:
    return -one[0], -one[1]


def _product(one: Floats, other: Floats) -> Pair:
    """The product of two numbers and what its rounding lost."""
    whole = one * other
    (a, b), (c, d) = _halves(one), _halves(other)
    return whole, ((a * c - whole) + a * d + b * c) + b * d


def _times(one: Pair, other: Pair) -> Pair:
    whole, lost = _product(one[0], other[0])
    return whole, lost + (one[0] * other[1] + one[1] * other[0])


def _over(one: Pair, divisor: Floats) -> Pair:
    whole = one[0] / divisor
    back, lost = _product(whole, divisor)
    return whole, ((one[0] - back) - lost + one[1]) / divisor
