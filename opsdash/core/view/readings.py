"""One number of each series of a panel: what stats, gauges and bar gauges show."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import Window
from opsdash.core.view.drawn import drawn_series
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelSpec, Thresholds
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.states import state_of
from opsdash.core.view.table_rows import is_gone
from opsdash.core.view.units import format_value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """A series with its number, in words and as bad as it is."""

    name: str
    index: int
    """Its place in the order of colours."""
    value: float
    text: str
    """The number with its unit, or the word that it is mapped to."""
    unit: str
    level: Level
    is_gone: bool
    """Whether the series stopped: the number is the last that was known."""
    window: Window
    row: int
    """Where its history is in the window."""
    earlier: float
    """The same number of the compared period, else its value at the start; NaN where there is none."""


def readings(view: PanelView, look: Look) -> list[Reading]:
    """The series in the panel's order, or sorted by `sort: value`, `-value`, `name` or `-name`."""
    found: list[Reading] = []
    spec = view.spec
    for part in drawn_series(view, look):
        window = part.shown if part.window.times.size > 1 else part.window
        values = reduce(window, spec.calc).tolist()
        stopped = is_gone(window).tolist() if spec.calc == "last" else [False] * len(values)
        before = _earlier(window, part.compare, spec)
        for row, value in enumerate(values):
            known = bool(window.present[row].any()) or spec.calc == "count"
            text, level = _shown(value, spec, part.unit) if known else ("–", Level.NONE)
            found.append(
                Reading(
                    name=part.names[row],
                    index=part.indexes[row],
                    value=value,
                    text=text,
                    unit=part.unit,
                    level=Level.NONE if stopped[row] else level,
                    is_gone=bool(stopped[row]),
                    window=window,
                    row=row,
                    earlier=before[row],
                )
            )
    return _sorted(found, spec.sort)


def _shown(value: float, spec: PanelSpec, unit: str) -> tuple[str, Level]:
    level = level_of(value, spec.thresholds)
    if not spec.mappings:
        return format_value(value, unit, spec.decimals), level
    state = state_of(value, replace(spec, thresholds=Thresholds()), unit)
    return state.text, state.level if state.level is not Level.NONE else level


def _earlier(window: Window, compare: Window | None, spec: PanelSpec) -> list[float]:
    if compare is not None:
        by_labels = dict(zip(compare.labels, reduce(compare, spec.calc).tolist(), strict=True))
        return [by_labels.get(labels, math.nan) for labels in window.labels]
    if spec.calc != "last" or window.times.size < 2:
        return [math.nan] * len(window.labels)
    return [float(value) for value in reduce(window, "first")]


def _sorted(found: list[Reading], sort: str) -> list[Reading]:
    match sort.removeprefix("-").casefold():
        case "value":
            rest = [reading for reading in found if math.isnan(reading.value)]
            known = [reading for reading in found if not math.isnan(reading.value)]
            return sorted(known, key=lambda reading: reading.value, reverse=sort.startswith("-")) + rest
        case "name":
            return sorted(found, key=lambda reading: reading.name, reverse=sort.startswith("-"))
        case _:
            return found
