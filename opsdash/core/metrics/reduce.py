"""One number of each series of a window: what a stat, a legend, a toplist or a table cell shows."""

from __future__ import annotations

from typing import Literal, assert_never

import numpy as np

from opsdash.core.metrics.window import Bools, Floats, Window

Reduction = Literal["last", "min", "max", "avg", "sum", "count", "first", "delta"]
"""The names of `calc:` in the configuration."""


def reduce(window: Window, calc: Reduction) -> Floats:
    """(S,) one number a series; NaN where the series has no sample that could give one.

    Gaps never count. NaN is a value that a source sent, so `first`, `last`, `delta` and `count` see it:
    a series whose newest sample is NaN is NaN now. `min`, `max`, `avg` and `sum` leave NaN samples out, as
    PromQL's own `min` and `max` do, and are NaN only where nothing else is left. Infinities count everywhere.
    `count` is 0 for a series without samples; `delta` is last minus first.
    """
    present = window.present
    if not window.labels or not window.times.size:
        return np.zeros(len(window.labels)) if calc == "count" else np.full(len(window.labels), np.nan)
    match calc:
        case "last":
            return window.last()[1]
        case "first":
            return _first(window)
        case "delta":
            with np.errstate(invalid="ignore"):
                return window.last()[1] - _first(window)
        case "count":
            return np.asarray(present.sum(axis=1), dtype=np.float64)
        case "min" | "max" | "avg" | "sum":
            return _over(window.values, present & ~np.isnan(window.values), calc)
        case _:
            assert_never(calc)


def _first(window: Window) -> Floats:
    oldest = np.argmax(window.present, axis=1)
    values = window.values[np.arange(len(window.labels)), oldest]
    return np.where(window.present.any(axis=1), values, np.nan)


def _over(values: Floats, counts: Bools, calc: Literal["min", "max", "avg", "sum"]) -> Floats:
    """The reduction over the samples that `counts` marks; NaN where it marks none."""
    some = counts.any(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        if calc == "min":
            result = np.where(counts, values, np.inf).min(axis=1)
        elif calc == "max":
            result = np.where(counts, values, -np.inf).max(axis=1)
        else:
            result = np.where(counts, values, 0.0).sum(axis=1)
            if calc == "avg":
                result = result / np.maximum(counts.sum(axis=1), 1)
    return np.where(some, result, np.nan)
