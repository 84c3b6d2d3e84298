"""Quantiles of samples, as Prometheus interpolates them."""

from __future__ import annotations

import numpy as np

from opsdash.core.promql.values import Bools, Floats


def quantile(wanted: Floats, values: Floats, inside: Bools) -> Floats:
    """The quantiles of the values over the last axis, where `inside`; NaN counts as the smallest value.

    `wanted` and `inside` are broadcast. Below 0 it is -Inf, above 1 +Inf, without values NaN.
    """
    inside = np.broadcast_to(inside, values.shape)
    lie = np.sort(np.where(inside, values, np.nan), axis=-1)
    counts = inside.sum(axis=-1)
    unknown = (np.isnan(values) & inside).sum(axis=-1)
    q = np.broadcast_to(wanted, counts.shape)
    rank = np.where(np.isnan(q), 0.0, np.clip(q, 0.0, 1.0)) * np.maximum(counts - 1, 0)
    lower = np.floor(rank)
    upper = np.minimum(lower + 1, np.maximum(counts - 1, 0))
    weight = rank - lower
    between = _ranked(lie, lower, unknown) * (1 - weight) + _ranked(lie, upper, unknown) * weight
    known = np.where(np.isnan(q) | (counts == 0), np.nan, between)
    return np.asarray(np.where(q < 0, -np.inf, np.where(q > 1, np.inf, known)))


def _ranked(lie: Floats, rank: Floats, unknown: Floats) -> Floats:
    """The value of a rank, where the NaN, which numpy sorts to the end, come first."""
    place = rank.astype(np.int64) - unknown
    found = np.take_along_axis(lie, np.maximum(place, 0)[..., None].astype(np.int64), axis=-1)[..., 0]
    return np.asarray(np.where(place < 0, np.nan, found))
