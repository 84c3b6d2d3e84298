"""Scrapes: turns what happened in each interval into counters, gauges and histograms in the sample store.

Exporters register their series once and write into a frame of [scrapes, series]: counters get the increment of each
interval, gauges the value at its end. `commit` makes counters cumulative, marks what is away as stale, and appends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, SHAPE
from opsdash.plant.samples import STALE, Family, SampleStore

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class HistogramRows:
    """The rows of a histogram for some label sets: [sets, bounds + 1], and of its sum and count."""

    buckets: Rows
    sums: Rows
    counts: Rows
    log_bounds: Floats


class Recorder:
    """Writes frames into a `SampleStore`; counters start at zero and are whole numbers where events are counted."""

    def __init__(self, store: SampleStore) -> None:
        self.store = store
        self._kinds = np.zeros(0, dtype=np.int8)
        self._totals = np.zeros(0)
        self._away = np.zeros(0, dtype=bool)
        self.frame: Floats = np.zeros((0, 0))
        """[scrapes, series] of the scrapes that are being written."""

    def counter(self, name: str, text: str, labels: Iterable[Labels], *, whole: bool = True, unit: str = "") -> Rows:
        """Rows that get increments. `whole`: shown as whole numbers."""
        return self._add(Family(name, "counter", text, unit), labels, 2 if whole else 1)

    def gauge(self, name: str, text: str, labels: Iterable[Labels], *, unit: str = "") -> Rows:
        """Rows that get values."""
        return self._add(Family(name, "gauge", text, unit), labels, 0)

    def rows(self, family: Family, labels: Iterable[Labels], *, counts: bool, whole: bool, suffix: str = "") -> Rows:
        """Rows of any family: `counts` gets increments, else values. A real exporter's type may say otherwise."""
        return self._add(family, labels, (2 if whole else 1) if counts else 0, suffix)

    def histogram(
        self, name: str, text: str, labels: Sequence[Labels], bounds: Sequence[float], *, unit: str = ""
    ) -> HistogramRows:
        """Rows of a histogram with these upper bounds and +Inf."""
        family = Family(name, "histogram", text, unit)
        les = [_bound_text(bound) for bound in bounds] + ["+Inf"]
        buckets = self._add(family, [{**one, "le": le} for one in labels for le in les], 2, "_bucket")
        return HistogramRows(
            buckets.reshape(len(labels), len(les)),
            self._add(family, labels, 1, "_sum"),
            self._add(family, labels, 2, "_count"),
            np.log(np.asarray(bounds, dtype=np.float64)),
        )

    def _add(self, family: Family, labels: Iterable[Labels], kind: int, suffix: str = "") -> Rows:
        added = self.store.add(family, labels, suffix=suffix)
        count = added.stop - added.start
        self._kinds = np.concatenate([self._kinds, np.full(count, kind, dtype=np.int8)])
        self._totals = np.concatenate([self._totals, np.zeros(count)])
        self._away = np.concatenate([self._away, np.zeros(count, dtype=bool)])
        return np.arange(added.start, added.stop, dtype=np.int64)

    def restart(self, rows: Rows) -> None:
        """Counters of these rows begin at zero again: what exports them was replaced."""
        self._totals[rows] = 0.0

    def set_away(self, rows: Rows, away: bool) -> None:
        """While away, rows have no samples."""
        self._away[rows] = away

    def begin(self, scrapes: int) -> Floats:
        """An empty frame for this many scrapes."""
        self.frame = np.zeros((scrapes, self.store.series))
        return self.frame

    def put(self, rows: Rows, values: npt.ArrayLike) -> None:
        """Write [scrapes, len(rows)] (or what can be broadcast to it) into the frame."""
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
            self.frame[:, rows[0] : rows[-1] + 1] = values
        else:
            self.frame[:, rows] = values

    def put_histogram(self, rows: HistogramRows, counts: Floats, mean: Floats) -> None:
        """Log-logistic latencies: `counts` of them in each interval, [scrapes, sets], with this mean."""
        if not counts.shape[1]:
            return
        median = np.maximum(mean, 1e-9) / MEAN_OVER_MEDIAN
        exponent = SHAPE * (np.log(median)[..., None] - rows.log_bounds)
        below = counts[..., None] / (1.0 + np.exp(np.clip(exponent, -60.0, 60.0)))
        self.frame[:, rows.buckets[:, :-1]] = below
        self.frame[:, rows.buckets[:, -1]] = counts
        self.put(rows.counts, counts)
        self.put(rows.sums, counts * mean)

    def commit(self, times_ms: npt.NDArray[np.int64]) -> None:
        """Append the frame at these times."""
        frame = self.frame
        counters = self._kinds > 0
        # All columns are summed, also gauges, which are thrown away again: picking columns takes longer.
        with np.errstate(all="ignore"):
            cumulative = np.cumsum(frame, axis=0)
            cumulative += self._totals
            np.copyto(frame, cumulative, where=counters)
            np.copyto(self._totals, cumulative[-1], where=counters)
            # A little is added since many small increments that make a whole number may end just below it.
            cumulative += 1e-6
            np.copyto(frame, np.floor(cumulative, out=cumulative), where=self._kinds == 2)
        away = np.flatnonzero(self._away)
        if len(away):
            frame[:, away] = STALE
        self.store.append(times_ms, frame)


def summed(rates: Floats, step: int) -> Floats:
    """Rates of each second, [n, …], as totals of intervals of `step` seconds."""
    return np.asarray(rates.reshape(-1, step, *rates.shape[1:]).sum(axis=1))


def averaged(values: Floats, step: int) -> Floats:
    """The mean over intervals of `step` seconds."""
    return np.asarray(values.reshape(-1, step, *values.shape[1:]).mean(axis=1))


def last(values: npt.NDArray[Any], step: int) -> npt.NDArray[Any]:
    """The value at the end of each interval of `step` seconds."""
    return values[step - 1 :: step]


def _bound_text(bound: float) -> str:
    return f"{bound:g}"
