"""The largest series of a panel, in order: what a toplist shows and a script reads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from opsdash.core.metrics.reduce import reduce
from opsdash.core.view.drawn import drawn_series
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.table_rows import is_gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One series with its number."""

    name: str
    value: float
    unit: str
    share: float
    """Of the sum over all series (0–1); NaN where that has no meaning, because some are negative."""
    level: Level
    is_gone: bool = False
    """Whether the series stopped: the number is the last that was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """`first` are the largest, at most the panel's limit."""

    first: tuple[Ranked, ...]
    count: int
    """How many series have a number."""
    total: float
    """Their sum; NaN where some are negative or of different units."""


def ranking(view: PanelView, look: Look) -> Ranking:
    """The series by size, largest first, then by name. Series without a number and NaN are left out."""
    found: list[tuple[str, float, str, bool]] = []
    for part in drawn_series(view, look):
        window = part.shown if part.window.times.size > 1 else part.window
        values = reduce(window, view.spec.calc).tolist()
        gone = is_gone(window) if view.spec.calc == "last" else np.zeros(len(values), dtype=np.bool_)
        found += [
            (name, value, part.unit, bool(stopped))
            for name, value, stopped in zip(part.names, values, gone.tolist(), strict=True)
            if not math.isnan(value)
        ]
    found.sort(key=lambda entry: (entry[3], -entry[1], entry[0]))
    total = _total([entry[1] for entry in found if not entry[3]], {entry[2] for entry in found})
    first = tuple(
        Ranked(
            name=name,
            value=value,
            unit=unit,
            share=value / total if total and math.isfinite(total) and not stopped else math.nan,
            level=Level.NONE if stopped else level_of(value, view.spec.thresholds),
            is_gone=stopped,
        )
        for name, value, unit, stopped in found[: max(view.spec.limit, 0)]
    )
    return Ranking(first=first, count=len(found), total=total)


def share_text(share: float) -> str:
    """A share of a whole (0–1) in at most four characters; one that is nearly nothing is not called nothing."""
    return "<1%" if 0 < share < 0.005 else f"{share * 100:.0f}%"


def _total(values: list[float], units: set[str]) -> float:
    if not values or min(values) < 0 or len(units) > 1:
        return math.nan
    total = sum(values)
    return total if math.isfinite(total) else math.nan
