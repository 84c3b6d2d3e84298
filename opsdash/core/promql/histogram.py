"""`histogram_quantile` over classic buckets."""

from __future__ import annotations

import math

import numpy as np

from opsdash.core.promql.numbers import parse_go_float
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.values import (
    Bools,
    Floats,
    Scalar,
    Vector,
    empty_vector,
    grouped,
    merged,
    without,
    without_name,
)

_BUCKET = "le"
_TOLERANCE = 1e-12
"""Prometheus 3 takes counts for equal that differ by less than this part."""


def histogram_quantile(wanted: Scalar, vector: Vector, semantics: Semantics) -> Vector:
    """The quantiles of each histogram; series without a usable `le` are left out."""
    steps = vector.values.shape[1]
    bounds = [parse_go_float(dict(labels).get(_BUCKET, "")) for labels in vector.labels]
    usable = [row for row, bound in enumerate(bounds) if bound is not None]
    if not usable:
        return empty_vector(steps)
    buckets = vector.rows(usable)
    upper = np.array([bounds[row] for row in usable], dtype=np.float64)
    dropped = frozenset({_BUCKET})
    place, names = grouped(without(labels, dropped) for labels in buckets.labels)
    values = np.empty((len(names), steps))
    present = np.empty((len(names), steps), dtype=np.bool_)
    for group in range(len(names)):
        rows = np.flatnonzero(place == group)
        rows = rows[np.argsort(upper[rows], kind="stable")]
        present[group] = buckets.present[rows].any(axis=0)
        values[group] = _one(wanted, upper[rows], buckets.values[rows], buckets.present[rows], semantics)
    labels = tuple(map(without_name, names))
    return merged(Vector(labels, values, present))


def _one(wanted: Scalar, upper: Floats, counts: Floats, present: Bools, semantics: Semantics) -> Floats:
    """One histogram, for each set of buckets that is there together at some steps."""
    bounds = np.unique(upper)
    if bounds.size < upper.size:
        counts, present = _coalesced(upper, bounds, counts, present)
    if bool(present.all()):
        return _quantile(wanted, bounds, counts, semantics)
    found = np.full(wanted.shape, np.nan)
    sets, which = np.unique(present, axis=1, return_inverse=True)
    for number in range(sets.shape[1]):
        steps, rows = np.flatnonzero(which.ravel() == number), np.flatnonzero(sets[:, number])
        if rows.size:
            found[steps] = _quantile(wanted[steps], bounds[rows], counts[np.ix_(rows, steps)], semantics)
    return found


def _coalesced(upper: Floats, bounds: Floats, counts: Floats, present: Bools) -> tuple[Floats, Bools]:
    place = np.searchsorted(bounds, upper)
    together = np.zeros((bounds.size, counts.shape[1]))
    np.add.at(together, place, np.where(present, counts, 0.0))
    there = np.zeros(together.shape, dtype=np.bool_)
    np.logical_or.at(there, place, present)
    return together, there


def _quantile(wanted: Scalar, bounds: Floats, counts: Floats, semantics: Semantics) -> Floats:
    """Buckets that are all there: (buckets, steps)."""
    outside = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, np.nan))
    if bounds.size < 2 or bounds[-1] != math.inf:
        return outside
    counts = _rising(counts, semantics)
    everything = counts[-1]
    rank = wanted * everything
    steps = np.arange(rank.size)
    last = bounds.size - 1
    bucket = _first_reaching(counts[:last], rank)
    below = np.maximum(bucket - 1, 0)
    begins = np.where(bucket > 0, bounds[below], 0.0)
    before = np.where(bucket > 0, counts[below, steps], 0.0)
    inside = counts[bucket, steps] - before
    found = begins + (bounds[bucket] - begins) * ((rank - before) / inside)
    found = np.where((bucket == 0) & (bounds[0] <= 0), bounds[0], found)
    found = np.where(bucket == last, bounds[last - 1], found)
    found = np.where(everything == 0, np.nan, found)
    return np.asarray(np.where((wanted >= 0) & (wanted <= 1), found, outside))


def _first_reaching(counts: Floats, rank: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The first bucket with so many samples, one past the last where none has: by halving, as NaN are no order."""
    low = np.zeros(rank.shape, dtype=np.int64)
    high = np.full(rank.shape, len(counts), dtype=np.int64)
    steps = np.arange(rank.size)
    while bool((low < high).any()):
        middle = (low + high) // 2
        reaches = counts[np.minimum(middle, len(counts) - 1), steps] >= rank
        open_ = low < high
        high = np.where(open_ & reaches, middle, high)
        low = np.where(open_ & ~reaches, middle + 1, low)
    return low


def _rising(counts: Floats, semantics: Semantics) -> Floats:
    """Counts that never fall: what was scraped between two increments is put right."""
    if semantics is Semantics.V2 and not np.isnan(counts).any():
        return np.asarray(np.maximum.accumulate(counts, axis=0))
    result = counts.copy()
    highest = result[0]
    for row in range(1, len(result)):
        now = result[row]
        lower = now < highest
        if semantics is Semantics.V3:
            lower |= np.abs(now - highest) < _TOLERANCE * (np.abs(now) + np.abs(highest))
        result[row] = np.where(lower, highest, now)
        rises = now > highest if semantics is Semantics.V2 else ~lower
        highest = np.where(rises, now, highest)
        highest = np.where(lower, result[row], highest)
    return result
