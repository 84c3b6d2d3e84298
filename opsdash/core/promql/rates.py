"""`rate`, `increase`, `delta`, `irate`, `idelta`: what a window says of a counter's or a gauge's change."""

from __future__ import annotations

import numpy as np

from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.sums import running_sums, tame
from opsdash.core.promql.values import Floats
from opsdash.core.promql.windows import Windows

_NEAR = 1.1
"""A window's edge is near a sample within so many average intervals."""


def extrapolated(windows: Windows, semantics: Semantics, *, counter: bool, per_second: bool) -> Floats:
    """The change over the window, with what is missing to its edges guessed from the samples' spacing."""
    first, last = windows.first, windows.after - 1
    begins = windows.at(first)
    change = windows.at(last) - begins
    if counter:
        change = change + _lost_at_resets(windows)
    since, until = windows.times_at(first), windows.times_at(last)
    sampled = (until - since) / 1000
    spacing = sampled / np.maximum(windows.counts - 1, 1)
    to_start = (since - (windows.ends - windows.range_ms)) / 1000
    to_end = (windows.ends - until) / 1000
    near = spacing * _NEAR
    if semantics is Semantics.V2:
        to_start = _from_zero(to_start, sampled, begins, change) if counter else to_start
        to_start = np.where(to_start < near, to_start, spacing / 2)
    else:
        to_start = np.where(to_start >= near, spacing / 2, to_start)
        to_start = _from_zero(to_start, sampled, begins, change) if counter else to_start
    factor = (sampled + to_start + np.where(to_end < near, to_end, spacing / 2)) / sampled
    result: Floats = change * (factor / (windows.range_ms / 1000) if per_second else factor)
    return result


def _from_zero(to_start: Floats, sampled: Floats, begins: Floats, change: Floats) -> Floats:
    """A counter was not below zero: it is not extrapolated to before the time at which it would have been zero."""
    since_zero = np.where((change > 0) & (begins >= 0), sampled * (begins / change), np.inf)
    return np.asarray(np.where(since_zero < to_start, since_zero, to_start))


def _lost_at_resets(windows: Windows) -> Floats | float:
    """What a counter had before each of its resets inside of a window."""
    values, times = windows.batch.values, windows.batch.times
    falls = values[:, 1:] < values[:, :-1]
    if len(times) > 1:  # what fills up a row is below its last sample, and no reset
        falls &= times[:, 1:] < windows.batch.beyond
    falling = np.flatnonzero(falls.any(axis=1))
    if not falling.size:
        return 0.0
    if falling.size == len(values):
        return _lost(windows)
    result = np.zeros((len(values), windows.first.shape[1]))
    result[falling] = _lost(windows.some(falling))
    return result


def _lost(windows: Windows) -> Floats:
    """The same of series of which each has a reset."""
    values = windows.batch.values
    lost = np.zeros_like(values)
    np.copyto(lost[:, 1:], values[:, :-1], where=values[:, 1:] < values[:, :-1])
    first = windows.column(windows.first)
    after = np.maximum(windows.column(windows.after - 1), first)
    summable = tame(lost)
    sums = running_sums(np.where(summable[:, None], lost, 0.0)).between(first + 1, after + 1)
    for row in np.flatnonzero(~summable):
        own = 0 if len(first) == 1 else row
        edges = zip(first[own] + 1, after[own] + 1, strict=True)
        sums[row] = [lost[row, begin:end].sum() for begin, end in edges]
    return sums


def instantaneous(windows: Windows, *, counter: bool) -> Floats:
    """The change between a window's last two samples; of a counter, per second."""
    last, before = windows.at(windows.after - 1), windows.at(windows.after - 2)
    change = last - before
    if not counter:
        return change
    elapsed = (windows.times_at(windows.after - 1) - windows.times_at(windows.after - 2)) / 1000
    return np.asarray(np.where(last < before, last, change) / elapsed)
