"""An exporter as a table: items (instances, nodes, queues), metrics of each, and where their values come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from opsdash.plant.flow import Flow
from opsdash.plant.recorder import Recorder, last, summed
from opsdash.plant.samples import Family

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Labels = Mapping[str, str]
Values = Callable[[Flow], Floats]
"""[n, items × variants], a second where it is counted; what is constant may have fewer axes."""

_ONE: tuple[Labels, ...] = ({},)


class Shown(TypedDict, total=False):
    """How a counter is shown, where that is not the usual."""

    whole: bool
    """Whole numbers (which is the usual): events are counted, not seconds."""
    shown_as: str
    """Its type, where the real exporter has another one: an offset is a gauge, a part of a summary a summary."""
    suffix: str
    """Of the series' name, after the family's: `_count`."""


@dataclass(slots=True, eq=False)
class _Metric:
    name: str
    text: str
    counts: bool
    whole: bool
    variants: Sequence[Labels]
    values: Values
    kind: str
    """As the real exporter calls it: counter, gauge or summary."""
    suffix: str
    rows: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


class Table:
    """Metrics of items that have the same shape; items are only ever added."""

    def __init__(self, recorder: Recorder, labels: Callable[[int], Labels]) -> None:
        self._recorder = recorder
        self._labels = labels
        self._metrics: list[_Metric] = []
        self._items = 0

    def counter(
        self, name: str, text: str, values: Values, variants: Sequence[Labels] = _ONE, **shown: Unpack[Shown]
    ) -> None:
        """A metric that counts; `variants` are further labels, one series each."""
        kind, suffix = shown.get("shown_as", "counter"), shown.get("suffix", "")
        self._metrics.append(_Metric(name, text, True, shown.get("whole", True), variants, values, kind, suffix))

    def gauge(
        self, name: str, text: str, values: Values, variants: Sequence[Labels] = _ONE, *, shown_as: str = "gauge"
    ) -> None:
        """A metric that is measured; a total that the model keeps itself is `shown_as` a counter."""
        self._metrics.append(_Metric(name, text, False, False, variants, values, shown_as, ""))

    def cover(self, items: int) -> None:
        """Have rows for this many items."""
        if items <= self._items:
            return
        added = [self._labels(item) for item in range(self._items, items)]
        for metric in self._metrics:
            labels = [{**one, **variant} for one in added for variant in metric.variants]
            family = Family(metric.name, metric.kind, metric.text)
            rows = self._recorder.rows(family, labels, counts=metric.counts, whole=metric.whole, suffix=metric.suffix)
            metric.rows = np.concatenate([metric.rows, rows])
        self._items = items

    def rows_of(self, item: int) -> Rows:
        """All rows of an item."""
        parts = [
            metric.rows[item * len(metric.variants) : (item + 1) * len(metric.variants)] for metric in self._metrics
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def write(self, flow: Flow, step: int) -> None:
        """One frame."""
        if self._items == 0:
            return
        seconds = len(flow.seconds)
        for metric in self._metrics:
            values = metric.values(flow)
            if values.ndim < 2 or len(values) != seconds:
                shown = values * (step if metric.counts else 1)
            else:
                shown = summed(values, step) if metric.counts else last(values, step)
            self._recorder.put(metric.rows, shown)


def fixed(recorder: Recorder, items: Sequence[Labels]) -> Table:
    """A table whose items are known."""
    return Table(recorder, lambda item: items[item])


def column(values: Floats) -> Floats:
    """[n] as [n, 1]."""
    return values[:, None]


def interleaved(*parts: Floats) -> Floats:
    """Arrays of [n, items] as [n, items × variants], the variants of an item beside each other."""
    return np.asarray(np.stack(parts, axis=-1).reshape(len(parts[0]), -1))
