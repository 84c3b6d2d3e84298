"""Samples as matrices: series of one grid share its times; the others lie in a matrix filled up at its right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from opsdash.core.promql.storage import Block, Matcher, Storage
from opsdash.core.promql.values import Bools, Floats, Ints, LabelSet, is_stale, label_set

_OWN_MATRIX = 4
"""A block of fewer series is put into one matrix with others: it is the number of matrices that costs."""
_WIDEST_FILL = 4
"""Series that have so many times fewer samples than the longest go into another matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Series whose samples lie in one matrix."""

    labels: tuple[LabelSet, ...]
    times: Ints
    """(1, samples) where all series have the same times, else (series, samples), filled up with a time after all."""
    values: Floats
    """(series, samples)."""
    beyond: int = 0
    """The time that fills up the rows, at least 2 ms after the last sample."""

    def found(self, at: Ints, side: str) -> Ints:
        """How many samples of each series are before `at` (left) or not after it (right): (1 or series, steps)."""
        if len(self.times) == 1:
            index = np.searchsorted(self.times[0], at, "left" if side == "left" else "right")
            return np.asarray(index[None], dtype=np.int64)
        first = int(self.times[:, 0].min())
        span = self.beyond - first + 2
        rows = np.arange(len(self.times), dtype=np.int64)[:, None]
        keys = (self.times - first + 1 + rows * span).ravel()
        sought = np.clip(at, first - 1, self.beyond - 1)[None] - first + 1 + rows * span
        places = np.searchsorted(keys, sought, "left" if side == "left" else "right")
        return np.asarray(places - rows * self.times.shape[1], dtype=np.int64)


_Number = TypeVar("_Number", np.float64, np.int64)


def take(matrix: npt.NDArray[_Number], index: Ints) -> npt.NDArray[_Number]:
    """The entries of each row at places that are the same for all rows (1, …) or each row's own (series, …)."""
    if len(index) == 1:
        found = matrix[:, index[0]]
    elif len(matrix) == 1:
        found = matrix[0][index]
    else:
        found = np.take_along_axis(matrix, index.reshape(len(index), -1), axis=1).reshape(index.shape)
    return np.asarray(found)


def selected(storage: Storage, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Batch]:
    """What a selector finds between two times, both included."""
    small: list[Batch] = []
    found: list[Batch] = []
    for block in storage.select(matchers, start_ms, end_ms):
        batch = _cut(block, start_ms, end_ms)
        if batch.values.size:
            (found if len(batch.labels) >= _OWN_MATRIX else small).append(batch)
    if len(small) <= 1:
        return found + small
    return found + pooled(
        [(batch.labels[row], batch.times[0], batch.values[row]) for batch in small for row in range(len(batch.labels))]
    )


def _cut(block: Block, start_ms: int, end_ms: int) -> Batch:
    first = int(block.times.searchsorted(start_ms, "left"))
    last = int(block.times.searchsorted(end_ms, "right"))
    labels = tuple(map(label_set, block.labels)) if last > first else ()
    values = np.asarray(block.values[:, first:last], dtype=np.float64)
    return Batch(labels, np.asarray(block.times[None, first:last], dtype=np.int64), values)


def pooled(series: Sequence[tuple[LabelSet, Ints, Floats]]) -> list[Batch]:
    """Series with times of their own, in as few matrices as do not waste much memory. Empty ones are left out."""
    waiting = sorted((one for one in series if one[1].size), key=lambda one: -one[1].size)
    batches: list[Batch] = []
    while waiting:
        longest = waiting[0][1].size
        count = sum(one[1].size * _WIDEST_FILL >= longest for one in waiting)
        batches.append(_filled(waiting[:count]))
        waiting = waiting[count:]
    return batches


def _filled(series: Sequence[tuple[LabelSet, Ints, Floats]]) -> Batch:
    sizes = np.array([times.size for _, times, _ in series])
    if len(series) == 1:
        labels, times, values = series[0]
        return Batch((labels,), times[None], values[None])
    mask = np.arange(sizes.max()) < sizes[:, None]
    beyond = max(int(one[1][-1]) for one in series) + 2
    times = np.full(mask.shape, beyond, dtype=np.int64)
    values = np.zeros(mask.shape)
    times[mask] = np.concatenate([one[1] for one in series])
    values[mask] = np.concatenate([one[2] for one in series])
    return Batch(tuple(one[0] for one in series), times, values, beyond)


def without_stale(batch: Batch) -> list[Batch]:
    """The samples that are values: markers of a series' end are none."""
    stale = is_stale(batch.values)
    marked = stale.any(axis=1)
    if not marked.any():
        return [batch]
    clean = np.flatnonzero(~marked)
    keep = ~stale
    if len(batch.times) > 1:
        keep &= batch.times < batch.beyond
    return ([rows_of(batch, clean)] if clean.size else []) + kept(batch, keep, np.flatnonzero(marked))


def kept(batch: Batch, keep: Bools, rows: Ints) -> list[Batch]:
    """Only some samples of some series."""
    times = np.broadcast_to(batch.times, batch.values.shape)
    return pooled([(batch.labels[row], times[row][keep[row]], batch.values[row][keep[row]]) for row in rows])


def rows_of(batch: Batch, rows: Ints) -> Batch:
    """Some series of a batch. One that is alone has its own times and is not filled up."""
    if len(rows) == 1 and len(batch.times) > 1:
        row = int(rows[0])
        there = batch.times[row] < batch.beyond
        return Batch((batch.labels[row],), batch.times[row][there][None], batch.values[row][there][None])
    times = batch.times if len(batch.times) == 1 else batch.times[rows]
    return Batch(tuple(batch.labels[row] for row in rows), times, batch.values[rows], batch.beyond)
