"""Which series of a panel are drawn, with their names, numbers and places in the order of colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import Floats, Window
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Calc, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView

OTHERS = -1
"""In place of a place in the order of colours: what stands for all series that are not drawn on their own."""
Rows = NDArray[np.intp]
"""Which series, by their place."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """The series of one query that are drawn."""

    query: QueryView
    window: Window
    """Only the series that the filter lets through."""
    visible: Window
    """The same, only the time that the panel shows."""
    shown: Window
    """The same without buckets that are not complete yet: what numbers are computed from."""
    names: tuple[str, ...]
    indexes: tuple[int, ...]
    """Place of each series in the order of colours: by legend, whatever the data and the filter."""
    unit: str
    others: int = 0
    """How many of the last rows stand for series that are not drawn on their own."""

    @cached_property
    def finite(self) -> Floats:
        """The values, with NaN in place of what cannot be drawn."""
        values = self.window.values
        return np.where(np.isfinite(values), values, np.nan)

    @cached_property
    def compare(self) -> Window | None:
        """The earlier period: of the series that are drawn, where both periods have the same ones."""
        earlier = self.query.compare
        if earlier is None or len(self.window.labels) == len(self.query.window.labels):
            return earlier
        kept = set(self.window.labels)
        return rows_of(earlier, [n for n, labels in enumerate(earlier.labels) if labels in kept])

    @cached_property
    def last(self) -> tuple[Floats, Floats]:
        """(times, values) of the newest sample of each series in the time that is shown."""
        return self.shown.last()

    def numbers(self, calc: Calc) -> list[float]:
        """One number a series, over the time that is shown."""
        found: list[float] = (self.last[1] if calc == "last" else reduce(self.shown, calc)).tolist()
        return found

    @cached_property
    def known(self) -> list[bool]:
        """Whether each series has a sample in the time that is shown."""
        found: list[bool] = np.any(self.shown.present, axis=1).tolist()
        return found

    def first(self, count: int) -> Drawn:
        """Only the first series: what a legend can name. Rows that stand for others are none."""
        count = min(count, len(self.names) - self.others)
        return self if count == len(self.names) else self.only(np.arange(count))

    def only(self, rows: Rows) -> Drawn:
        """Some of the series, in the order that is given."""
        taken = rows.tolist()
        return replace(
            self,
            window=rows_of(self.window, taken),
            visible=rows_of(self.visible, taken),
            shown=rows_of(self.shown, taken),
            names=tuple(self.names[row] for row in taken),
            indexes=tuple(self.indexes[row] for row in taken),
            others=0,
        )

    def at(self, instant_s: float) -> list[float | None]:
        """The value of each series at the instant: of the nearest sample; None in a gap and outside."""
        times = self.window.times
        if not times.size:
            return [None] * len(self.names)
        nearest = int(np.abs(times - instant_s).argmin())
        step = float(np.median(np.diff(times))) if times.size > 1 else 60.0
        if abs(float(times[nearest]) - instant_s) > step:
            return [None] * len(self.names)
        values, present = self.window.values[:, nearest].tolist(), self.window.present[:, nearest].tolist()
        return [value if here else None for value, here in zip(values, present, strict=True)]


def drawn_series(view: PanelView, look: Look) -> tuple[Drawn, ...]:
    """The queries that are not hidden, each with its series; `look.filter` keeps those whose name contains it."""
    return _drawn_series(view, look.filter.casefold())


@lru_cache(maxsize=4)
def _drawn_series(view: PanelView, wanted: str) -> tuple[Drawn, ...]:
    """Kept for a moment: the marks in the title and the chart below it look at the same series."""
    found: list[Drawn] = []
    first = 0
    for query in view.queries:
        if query.spec.hidden:
            continue
        window, names = query.window, query.legends
        keep = [n for n, name in enumerate(names) if wanted in name.casefold()] if wanted else range(len(names))
        if len(keep) < len(names):
            window, names = rows_of(window, keep), tuple(names[n] for n in keep)
        visible = window.crop(view.start_s - view.step_s, view.end_s + view.step_s)
        found.append(
            Drawn(
                query=query,
                window=window,
                visible=visible,
                shown=_complete(visible, query),
                names=names,
                indexes=tuple(first + n for n in keep),
                unit=query.spec.unit or view.spec.unit,
            )
        )
        first += len(query.legends)
    return tuple(found)


def _complete(window: Window, query: QueryView) -> Window:
    """Without the partial buckets at the end, unless there are no others: half a bucket is not half of the traffic."""
    if query.answer is None or query.answer.partial_from_s is None or window.times.size < 2:
        return window
    end = float(np.nextafter(query.answer.partial_from_s, -np.inf))
    return window if end < window.times[0] else window.crop(-np.inf, end)


def rows_of(window: Window, rows: Sequence[int]) -> Window:
    """A window of some of the series, in the order that is given."""
    return Window(
        times=window.times,
        labels=tuple(window.labels[row] for row in rows),
        values=window.values[rows],
        present=window.present[rows],
    )


def worst_series(drawn: tuple[Drawn, ...], thresholds: Thresholds, calc: Calc = "last") -> tuple[Level, str]:
    """The worst level of all series now, and the name of the first series that is at it."""
    worst, who = Level.NONE, ""
    if thresholds.warning is None and thresholds.critical is None:
        return worst, who
    for part in drawn:
        values = part.last[1] if calc == "last" else reduce(part.shown, calc)
        if not values.size or np.isnan(values).all():
            continue
        least_or_most = np.nanmin(values) if thresholds.below else np.nanmax(values)
        level = level_of(float(least_or_most), thresholds)
        if level > worst:
            worst = level
            who = next(name for name, value in zip(part.names, values.tolist(), strict=True)
                       if level_of(value, thresholds) is level)  # fmt: skip
    return worst, who
