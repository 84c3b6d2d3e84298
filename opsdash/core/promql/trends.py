"""`deriv`, `predict_linear`, `holt_winters`: where a gauge is going."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.moments import LineSums, is_level, line_sums, pays, usable_rows
from opsdash.core.promql.over_time import by_rows, each
from opsdash.core.promql.sums import total
from opsdash.core.promql.values import Bools, Floats, Ints, Scalar
from opsdash.core.promql.windows import Gathered, Windows


def slope(windows: Windows) -> Floats:
    """The slope per second of the line with the least squares."""

    def slow(some: Windows) -> Floats:
        return each(some, lambda part: _line(part, part.times[..., :1])[0])

    return _by_sums(windows, lambda some: some.times_at(some.first), lambda rises, _: rises, slow)


def predicted(windows: Windows, ahead_s: Scalar) -> Floats:
    """Where that line will be so many seconds after the time of evaluation."""

    def of(part: Gathered) -> Floats:
        rises, now = _line(part, part.steps[None, :, None])
        return rises * ahead_s + now

    return _by_sums(
        windows,
        lambda some: some.steps[None, :],
        lambda rises, now: rises * ahead_s + now,
        lambda some: each(some, of),
    )


def _by_sums(
    windows: Windows,
    origin: Callable[[Windows], Ints],
    made: Callable[[Floats, Floats], Floats],
    slow: Callable[[Windows], Floats],
) -> Floats:
    """`made` of the slope and the value at the origin; long windows by running sums where they are exact."""
    if not pays(windows):
        return slow(windows)

    def fast(some: Windows) -> Floats:
        sums = line_sums(some, origin(some))
        return slow(some) if sums is None else made(*_line_of(some, sums))

    return by_rows(windows, usable_rows(windows.batch.values), fast, slow)


def _line_of(windows: Windows, sums: LineSums) -> tuple[Floats, Floats]:
    """The slope, and the value at the origin."""
    counts = np.maximum(windows.counts, 1)
    rises = (sums.xy - sums.x * sums.y / counts) / (sums.xx - sums.x * sums.x / counts)
    level = is_level(windows)
    return (
        np.where(level, 0.0, rises),
        np.where(level, windows.at(windows.first), sums.y / counts - rises * sums.x / counts),
    )


def _line(part: Gathered, origin: Ints) -> tuple[Floats, Floats]:
    """The slope, and the value at the origin."""
    counts = np.maximum(part.counts, 1)
    x = np.where(part.inside, (part.times - origin) / 1000, 0.0)
    y = np.where(part.inside, part.values, 0.0)
    largest_x = np.abs(x).max(axis=-1, initial=0.0, keepdims=True)
    largest_y = np.abs(y).max(axis=-1, initial=0.0, keepdims=True)
    sum_x, sum_y = total(x, largest_x), total(y, largest_y)
    covariance = total(x * y, largest_x * largest_y) - sum_x * sum_y / counts
    spread = total(x * x, largest_x**2) - sum_x * sum_x / counts
    rises = covariance / spread
    rises = np.where(np.isfinite(largest_y[..., 0]), rises, np.nan)
    begins = part.values[..., 0]
    level = ((y == begins[..., None]) | ~part.inside).all(axis=-1)
    flat = np.where(np.isinf(begins), np.nan, 0.0)
    return np.where(level, flat, rises), np.where(level, begins + flat, sum_y / counts - rises * sum_x / counts)


def smoothed(windows: Windows, smoothing: Scalar, trend: Scalar) -> Floats:
    """The last value of double exponential smoothing. Raises EvaluationError where a factor is not between 0 and 1."""
    used = (windows.counts > 0).any(axis=0)
    for name, short, factor in (("smoothing", "sf", smoothing), ("trend", "tf", trend)):
        wrong = factor[used & ((factor <= 0) | (factor >= 1))]
        if wrong.size:
            raise EvaluationError(f"invalid {name} factor. Expected: 0 < {short} < 1, got: {wrong[0]:f}")
    return each(windows, lambda part: _smoothed(part, smoothing, trend))


def _smoothed(part: Gathered, smoothing: Scalar, trend: Scalar) -> Floats:
    values = part.values
    level, before = values[..., 0], np.zeros(values.shape[:2])
    rising = values[..., min(1, values.shape[2] - 1)] - level
    for column in range(1, values.shape[2]):
        inside: Bools = part.inside[..., column]
        now = rising if column == 1 else trend * (level - before) + (1 - trend) * rising
        new = smoothing * values[..., column] + (1 - smoothing) * (level + now)
        before, level = np.where(inside, level, before), np.where(inside, new, level)
        rising = np.where(inside, now, rising)
    return np.asarray(level)
