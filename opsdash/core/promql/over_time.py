"""`*_over_time`, `changes`, `resets`: one number for the samples of a window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opsdash.core.promql.moments import pays, usable_rows, variances
from opsdash.core.promql.quantiles import quantile
from opsdash.core.promql.sums import running_sums, tame, total
from opsdash.core.promql.values import Bools, Floats, Scalar
from opsdash.core.promql.windows import Gathered, Windows


def count(windows: Windows) -> Floats:
    """How many samples."""
    shape = (len(windows.labels), windows.first.shape[1])
    return np.broadcast_to(windows.counts.astype(np.float64), shape)


def present(windows: Windows) -> Floats:
    """1."""
    return np.ones((len(windows.labels), windows.first.shape[1]))


def last(windows: Windows) -> Floats:
    """The newest value."""
    return windows.at(windows.after - 1)


def first(windows: Windows) -> Floats:
    """The oldest value."""
    return windows.at(windows.first)


def time_of_last(windows: Windows) -> Floats:
    """When the newest sample was, in seconds."""
    return np.broadcast_to(windows.times_at(windows.after - 1) / 1000, count(windows).shape)


def time_of_first(windows: Windows) -> Floats:
    """When the oldest sample was, in seconds."""
    return np.broadcast_to(windows.times_at(windows.first) / 1000, count(windows).shape)


def add(windows: Windows) -> Floats:
    """The sum."""
    usable = tame(windows.batch.values)
    if not usable.all():
        return by_rows(windows, usable, add, _added_one_by_one)
    return running_sums(windows.batch.values).between(windows.first, np.maximum(windows.after, windows.first))


def _added_one_by_one(windows: Windows) -> Floats:
    return each(windows, lambda part: total(np.where(part.inside, part.values, 0.0)))


def mean(windows: Windows) -> Floats:
    """The arithmetic mean, which does not overflow where the sum would."""
    usable = tame(windows.batch.values)
    if not usable.all():
        return by_rows(windows, usable, mean, lambda wild: each(wild, _wild_mean))
    sums = running_sums(windows.batch.values).between(windows.first, np.maximum(windows.after, windows.first))
    return sums / np.maximum(windows.counts, 1)


def _wild_mean(part: Gathered) -> Floats:
    counts = np.maximum(part.counts, 1)
    whole = total(np.where(part.inside, part.values, 0.0)) / counts
    scaled = total(np.where(part.inside, part.values / counts[..., None], 0.0))
    return np.asarray(np.where(np.isinf(whole), scaled, whole))


def extreme(windows: Windows, pick: np.ufunc) -> Floats:
    """The least (`np.fmin`) or greatest (`np.fmax`) value; NaN only where there is nothing else."""
    values = windows.batch.values
    rows, columns = values.shape
    offsets = (np.arange(rows, dtype=np.int64) * columns)[:, None]
    edges = np.empty((rows, windows.first.shape[1], 2), dtype=np.int64)
    edges[..., 0] = windows.first + offsets
    edges[..., 1] = windows.after + offsets
    flat = np.append(values.ravel(), np.nan)
    found = pick.reduceat(flat, edges.ravel())[::2]
    return np.asarray(found.reshape(rows, -1))


def variance(windows: Windows) -> Floats:
    """The mean square of the distance from the mean."""
    if not pays(windows):
        return _in_order(windows)

    def by_sums(some: Windows) -> Floats:
        found, exact = variances(some)
        inexact = np.flatnonzero(~(exact | (some.counts == 0)).all(axis=1))
        if inexact.size:
            found[inexact] = _in_order(some.some(inexact))
        return found

    return by_rows(windows, usable_rows(windows.batch.values), by_sums, _in_order)


def _in_order(windows: Windows) -> Floats:
    """The variance in Prometheus's own order, so that what cancels cancels alike."""
    shape = (len(windows.labels), windows.first.shape[1])
    middle, middle_rest, squares, squares_rest = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number, (values, inside) in enumerate(windows.columns(), start=1):
        away = values - (middle + middle_rest)
        new, new_rest = _kahan(away / number, middle, middle_rest)
        middle, middle_rest = np.where(inside, new, middle), np.where(inside, new_rest, middle_rest)
        new, new_rest = _kahan(away * (values - (middle + middle_rest)), squares, squares_rest)
        squares, squares_rest = np.where(inside, new, squares), np.where(inside, new_rest, squares_rest)
    return (squares + squares_rest) / np.maximum(windows.counts, 1)


def _kahan(more: Floats, whole: Floats, rest: Floats) -> tuple[Floats, Floats]:
    new = whole + more
    lost = np.where(np.abs(whole) >= np.abs(more), (whole - new) + more, (more - new) + whole)
    return new, rest + lost


def deviation(windows: Windows) -> Floats:
    """The root of the variance."""
    return np.sqrt(variance(windows))


def quantile_of(windows: Windows, wanted: Scalar) -> Floats:
    """A quantile, interpolated between samples."""
    return each(windows, lambda part: quantile(wanted[None], part.values, part.inside))


def median_deviation(windows: Windows) -> Floats:
    """The median distance from the median."""
    half = np.full((1, 1), 0.5)

    def of(part: Gathered) -> Floats:
        middle = quantile(half, part.values, part.inside)
        return quantile(half, np.abs(part.values - middle[..., None]), part.inside)

    return each(windows, of)


def time_of_extreme(windows: Windows, *, greatest: bool) -> Floats:
    """When the greatest or least value was, in seconds: the last time where there are several."""

    def of(part: Gathered) -> Floats:
        usable = part.inside & ~np.isnan(part.values)
        key = np.where(usable, part.values if greatest else -part.values, -np.inf)
        best = (key == key.max(axis=-1, keepdims=True)) & usable
        times = np.broadcast_to(part.times, part.values.shape)
        some = np.where(best, times, np.iinfo(np.int64).min).max(axis=-1)
        newest = np.where(part.inside, times, np.iinfo(np.int64).min).max(axis=-1)
        return np.asarray(np.where(best.any(axis=-1), some, newest) / 1000)

    return each(windows, of)


def changes(windows: Windows) -> Floats:
    """How often the value is another than the one before; NaN after NaN is none."""
    values = windows.batch.values
    other = values[:, 1:] != values[:, :-1]
    return _how_often(windows, other & ~(np.isnan(values[:, 1:]) & np.isnan(values[:, :-1])))


def resets(windows: Windows) -> Floats:
    """How often the value is smaller than the one before."""
    values = windows.batch.values
    return _how_often(windows, values[:, 1:] < values[:, :-1])


def _how_often(windows: Windows, events: Bools) -> Floats:
    """In how many pairs of neighbours inside of the window something happens."""
    from_first = np.zeros(windows.batch.values.shape)
    np.cumsum(events, axis=1, out=from_first[:, 1:])
    whole = Windows(
        batch=type(windows.batch)(windows.labels, windows.batch.times, from_first),
        first=windows.first,
        after=windows.after,
        ends=windows.ends,
        range_ms=windows.range_ms,
        steps=windows.steps,
    )
    return whole.at(windows.after - 1) - whole.at(windows.first)


def each(windows: Windows, of: Callable[[Gathered], Floats]) -> Floats:
    """A function of the samples laid out, some series at a time."""
    shape = (len(windows.labels), windows.first.shape[1])
    parts = [np.broadcast_to(of(part), (len(part.values), shape[1])) for part in windows.gathered()]
    return np.concatenate(parts) if parts else np.empty(shape)


def by_rows(
    windows: Windows, usable: Bools, tame_rows: Callable[[Windows], Floats], wild_rows: Callable[[Windows], Floats]
) -> Floats:
    """One function for the series that are usable, another for the others."""
    if usable.all():
        return tame_rows(windows)
    result = np.empty((len(windows.labels), windows.first.shape[1]))
    for rows, of in ((np.flatnonzero(usable), tame_rows), (np.flatnonzero(~usable), wild_rows)):
        if rows.size:
            result[rows] = of(windows.some(rows))
    return result
