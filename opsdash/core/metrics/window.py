"""A Window: what one query gave over a span of time, as numpy columns on one grid of instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.labels import Labels

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """Series that share their instants. A missing sample is a gap and not NaN: NaN is a value that a source sent."""

    times: Floats
    """(N,) UTC seconds, strictly increasing."""
    labels: tuple[Labels, ...]
    """S label sets, one a series, in the order the source gave."""
    values: Floats
    """(S, N); where `present` is False the value is NaN and means nothing."""
    present: Bools
    """(S, N); True where the source gave a sample."""

    @property
    def is_empty(self) -> bool:
        """Whether there is not one sample."""
        return not bool(self.present.any())

    def crop(self, start_s: float, end_s: float) -> Window:
        """The part from `start_s` to `end_s`, both included; series without a sample in it stay."""
        low = int(np.searchsorted(self.times, start_s, side="left"))
        high = int(np.searchsorted(self.times, end_s, side="right"))
        return Window(
            times=self.times[low:high],
            labels=self.labels,
            values=self.values[:, low:high],
            present=self.present[:, low:high],
        )

    def last(self) -> tuple[Floats, Floats]:
        """The newest sample of each series: (times, values), both (S,), NaN where a series has none."""
        series = len(self.labels)
        times = np.full(series, np.nan)
        values = np.full(series, np.nan)
        if self.times.size and series:
            newest = self.times.size - 1 - np.argmax(self.present[:, ::-1], axis=1)
            has = self.present.any(axis=1)
            rows = np.flatnonzero(has)
            times[rows] = self.times[newest[rows]]
            values[rows] = self.values[rows, newest[rows]]
        return times, values


def empty_window() -> Window:
    """No series, no instants."""
    return Window(times=np.empty(0), labels=(), values=np.empty((0, 0)), present=np.empty((0, 0), dtype=bool))


def window_of(times: Sequence[float] | Floats, series: Sequence[tuple[Labels, Sequence[float | None]]]) -> Window:
    """A window from plain values; None is a gap."""
    grid = np.asarray(times, dtype=np.float64)
    count = len(series)
    values = np.full((count, grid.size), np.nan)
    present = np.zeros((count, grid.size), dtype=bool)
    for row, (_, samples) in enumerate(series):
        for column, sample in enumerate(samples):
            if sample is not None:
                values[row, column] = sample
                present[row, column] = True
    return Window(times=grid, labels=tuple(labels for labels, _ in series), values=values, present=present)
