"""Instant and range selectors: look-back, staleness, `offset`, `@`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.batches import Batch, selected, take, without_stale
from opsdash.core.promql.nodes import Edge, RangeSelector, Selector, Shift
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import Storage
from opsdash.core.promql.values import Ints, Vector, is_stale, joined, ordered
from opsdash.core.promql.windows import Checkpoint, Windows, go_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How samples are read for one query."""

    storage: Storage
    semantics: Semantics
    lookback_ms: int
    start_ms: int
    """Of the whole query, for `@ start()`."""
    end_ms: int
    cut_ms: int | None = None
    """The last time of evaluation for which samples were asked of the storage, where evaluation goes on after it."""
    checkpoint: Checkpoint = go_on
    """Asked before each matrix of samples is looked at."""

    def shifted(self, shift: Shift, times: Ints) -> Ints:
        """The times at which a selector looks."""
        at = shift.at
        if at is not None:
            known = {Edge.START: self.start_ms, Edge.END: self.end_ms}
            times = np.full_like(times, known[at] if isinstance(at, Edge) else at)
        return times - shift.offset_ms

    def instant(self, selector: Selector, times: Ints, *, sample_times: bool = False) -> Vector:
        """The newest sample of each series, or the time of it in seconds, ordered by labels."""
        looked = self.shifted(selector.shift, times)
        oldest, newest = int(looked.min()) - self.lookback_ms, self._newest_ms(selector.shift, looked)
        if sample_times and selector.shift.at is not None:
            # `timestamp` looks at the time of `@` whatever the offset, but among the samples of the offset one.
            looked = looked + selector.shift.offset_ms
        batches = selected(self.storage, selector.matchers, oldest, newest)
        found = [self._newest(batch, looked, sample_times=sample_times) for batch in batches]
        return ordered(joined(found, times.size))

    def _newest_ms(self, shift: Shift, looked: Ints) -> int:
        """The last time of which samples are asked for."""
        newest = int(looked.max())
        return newest if self.cut_ms is None or shift.at is not None else min(newest, self.cut_ms - shift.offset_ms)

    def _newest(self, batch: Batch, looked: Ints, *, sample_times: bool) -> Vector:
        self.checkpoint()
        index = batch.found(looked, "right") - 1
        readable = np.maximum(index, 0)
        seen = take(batch.times, readable)
        oldest = looked - self.lookback_ms
        fresh = (index >= 0) & ((seen >= oldest) if self.semantics is Semantics.V2 else (seen > oldest))
        values = take(batch.values, readable)
        present = fresh & ~is_stale(values)
        if sample_times:
            values = np.broadcast_to(seen / 1000, values.shape)
        return Vector(batch.labels, values, present)

    def ranges(self, selector: RangeSelector, times: Ints, *, drifting: bool = False) -> list[Windows]:
        """The windows of a range selector; `drifting`: see `drifted`."""
        ends = self.shifted(selector.selector.shift, times)
        oldest, newest = int(ends.min()) - selector.range_ms, self._newest_ms(selector.selector.shift, ends)
        batches = selected(self.storage, selector.selector.matchers, oldest, newest)
        clean = [part for batch in batches for part in without_stale(batch)]
        ends = drifted(selector.selector.shift, ends, times) if drifting else ends
        return [self.windowed(batch, ends, selector.range_ms, times) for batch in clean]

    def windowed(self, batch: Batch, ends: Ints, range_ms: int, times: Ints) -> Windows:
        """Which samples of a batch lie in the windows that end at `ends`."""
        self.checkpoint()
        side = "left" if self.semantics is Semantics.V2 else "right"
        first = batch.found(ends - range_ms, side)
        return Windows(batch, first, batch.found(ends, "right"), ends, range_ms, times, self.checkpoint)


def drifted(shift: Shift, ends: Ints, times: Ints) -> Ints:
    """The ends of windows that `@` should hold in place, as Prometheus 2 moves them in functions that look at the time.

    There, `predict_linear(x[5m] @ t, …)` is evaluated at each step with the distance from `@` to the first step.
    """
    return ends if shift.at is None else ends + (times - times[0])
