"""The samples of range vectors: for each series and step, which columns of a matrix lie in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from opsdash.core.promql.batches import Batch, rows_of, take
from opsdash.core.promql.values import Bools, Floats, Ints, LabelSet

_MOST_AT_ONCE = 150_000
"""Samples that are laid out side by side at once: few enough to stay in the processor's cache."""

Checkpoint = Callable[[], None]
"""Asked again and again while an evaluation is under way; it raises what ends it."""


def go_on() -> None:
    """The checkpoint of an evaluation that nobody ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Some series with all samples of every window laid out: (series, steps, samples)."""

    values: Floats
    inside: Bools
    """(1 or series, steps, samples): a window that has fewer samples is filled up at its end."""
    times: Ints
    """(1 or series, steps, samples), ms."""
    steps: Ints
    """(steps,) the times of evaluation, ms."""

    @property
    def counts(self) -> Ints:
        """Samples in each window: (1 or series, steps)."""
        result: Ints = self.inside.sum(axis=2)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """One window for each series of a batch and each step; the samples are columns `first` to `after`."""

    batch: Batch
    first: Ints
    """(1 or series, steps)."""
    after: Ints
    """(1 or series, steps): one past the last."""
    ends: Ints
    """(steps,) the right edges, ms."""
    range_ms: int
    steps: Ints
    """(steps,) the times of evaluation, ms: another than the right edge with `offset` or `@`."""
    checkpoint: Checkpoint = go_on
    """Asked before each piece of work."""

    @property
    def labels(self) -> tuple[LabelSet, ...]:
        """Of each series."""
        return self.batch.labels

    @property
    def counts(self) -> Ints:
        """Samples in each window: (1 or series, steps)."""
        return self.after - self.first

    def column(self, index: Ints) -> Ints:
        """A place that can be read, whatever is in the window."""
        return np.clip(index, 0, self.batch.values.shape[1] - 1)

    def at(self, index: Ints) -> Floats:
        """The values at one column of each window: (series, steps)."""
        return take(self.batch.values, self.column(index))

    def times_at(self, index: Ints) -> Ints:
        """The times at one column of each window: (1 or series, steps)."""
        return take(self.batch.times, self.column(index))

    def over(self, counts_at_least: int) -> Bools:
        """Which windows have so many samples: (series, steps)."""
        enough = self.counts >= counts_at_least
        result: Bools = np.broadcast_to(enough, (len(self.labels), enough.shape[1]))
        return result

    def columns(self) -> Iterator[tuple[Floats, Bools]]:
        """The first sample of every window, then the second, …: (series, steps) and whether there is one."""
        for number in range(int(self.counts.max(initial=0))):
            self.checkpoint()
            index = self.first + number
            yield self.at(index), index < self.after

    def gathered(self) -> Iterator[Gathered]:
        """The samples side by side, as many series at a time as memory allows."""
        widest = max(int(self.counts.max(initial=0)), 1)
        each = max(1, _MOST_AT_ONCE // max(1, widest * self.first.shape[1]))
        for begin in range(0, len(self.labels), each):
            self.checkpoint()
            yield self._laid_out(slice(begin, begin + each), widest)

    def _laid_out(self, rows: slice, widest: int) -> Gathered:
        shared = len(self.first) == 1
        first, after = (self.first, self.after) if shared else (self.first[rows], self.after[rows])
        columns = first[:, :, None] + np.arange(widest)
        inside = columns < after[:, :, None]
        index = self.column(columns)
        times = self.batch.times if len(self.batch.times) == 1 else self.batch.times[rows]
        return Gathered(take(self.batch.values[rows], index), inside, take(times, index), self.steps)

    def some(self, rows: Ints) -> Windows:
        """The windows of some of the series."""
        batch = rows_of(self.batch, rows)
        if len(self.first) == 1:
            return replace(self, batch=batch)
        return replace(self, batch=batch, first=self.first[rows], after=self.after[rows])
