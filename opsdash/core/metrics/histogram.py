"""Histograms over time: how many samples fell between two bounds at each instant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opsdash.core.metrics.labels import Labels, label
from opsdash.core.metrics.window import Bools, Floats, Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BucketMatrix:
    """B buckets, smallest first, over N instants."""

    times: Floats
    lows: Floats
    """(B,) lower bounds; -Inf where the first bucket has none."""
    highs: Floats
    """(B,) upper bounds, included; +Inf for the last."""
    names: tuple[str, ...]
    """What each bucket is called: its upper bound as the source wrote it, its range, or its legend."""
    counts: Floats
    """(B, N); NaN where the source gave nothing, which is not zero."""
    by_bound: bool = True
    """Whether the buckets are bounds of a quantity; otherwise rows are just series, one a legend."""


def bucket_matrix(window: Window, legends: Sequence[str]) -> BucketMatrix:
    """The buckets of a window.

    Series with `le` are cumulative, as Prometheus keeps them: those of the same bound are added up and each bound
    has the one below it taken away; a difference below zero (a scrape between two increments) counts as zero.
    Series with VictoriaMetrics' `vmrange` are buckets already. Other series are rows of their own, in their order.
    """
    bounds = [_bound(labels) for labels in window.labels]
    if any(bound is not None for bound in bounds):
        return _from_le(window, bounds)
    ranges = [_range(labels) for labels in window.labels]
    if any(found is not None for found in ranges):
        return _from_ranges(window, ranges)
    counts = np.where(window.present, window.values, np.nan)
    places = np.arange(len(window.labels), dtype=np.float64)
    return BucketMatrix(
        times=window.times, lows=places, highs=places + 1, names=tuple(legends), counts=counts, by_bound=False
    )


def _bound(labels: Labels) -> float | None:
    return _number(label(labels, "le"))


def _range(labels: Labels) -> tuple[float, float] | None:
    low, dots, high = label(labels, "vmrange").partition("...")
    start, end = _number(low), _number(high)
    return (start, end) if dots and start is not None and end is not None else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _from_le(window: Window, bounds: Sequence[float | None]) -> BucketMatrix:
    known = sorted({bound for bound in bounds if bound is not None})
    totals = [_sum(window, [n for n, found in enumerate(bounds) if found == bound]) for bound in known]
    cumulative = np.array(totals).reshape(len(known), window.times.size)
    counts = cumulative.copy()
    counts[1:] -= cumulative[:-1]
    highs = np.array(known)
    lows = np.concatenate(([0.0 if known[0] > 0 else -np.inf], highs[:-1]))
    names = tuple(_spelling(window, bounds, bound) for bound in known)
    return BucketMatrix(times=window.times, lows=lows, highs=highs, names=names, counts=_not_negative(counts))


def _spelling(window: Window, bounds: Sequence[float | None], bound: float) -> str:
    return label(window.labels[bounds.index(bound)], "le")


def _from_ranges(window: Window, ranges: Sequence[tuple[float, float] | None]) -> BucketMatrix:
    known = sorted({found for found in ranges if found is not None})
    counts = np.array([_sum(window, [n for n, found in enumerate(ranges) if found == bucket]) for bucket in known])
    return BucketMatrix(
        times=window.times,
        lows=np.array([low for low, _ in known]),
        highs=np.array([high for _, high in known]),
        names=tuple(f"{low:g}…{high:g}" for low, high in known),
        counts=_not_negative(counts.reshape(len(known), window.times.size)),
    )


def _sum(window: Window, rows: Sequence[int]) -> Floats:
    """The sum of the samples that are there; NaN where none is."""
    chosen = list(rows)
    values, present = window.values[chosen], _usable(window)[chosen]
    total = np.where(present, values, 0.0).sum(axis=0)
    result: Floats = np.where(present.any(axis=0), total, np.nan)
    return result


def _usable(window: Window) -> Bools:
    return window.present & np.isfinite(window.values)


def _not_negative(counts: Floats) -> Floats:
    result: Floats = np.where(counts < 0, 0.0, counts)
    return result
