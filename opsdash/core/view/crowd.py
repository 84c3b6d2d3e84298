"""More series than can be told apart: the foremost are drawn one by one, and something stands for all the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import Floats, Window
from opsdash.core.view.drawn import OTHERS, Drawn, Rows, rows_of
from opsdash.core.view.panels import PanelSpec

MOST_LINES = 200
"""Lines or points of one chart."""
MOST_LAYERS = 60
"""Layers of a stack, or bars: a chart has hardly more rows of dots than that."""
_NOBODY: Labels = ()
_BLOCKS = 8
"""About so many times in the length of a chart its series are ranked anew."""


def thinned(drawn: Sequence[Drawn], spec: PanelSpec) -> tuple[Drawn, ...]:
    """The series that a chart draws.

    Where there are too many, those that are largest on average (smallest, where less is worse). The others become
    their least and largest at each instant, or their sum in a stack: nothing that sticks out is lost, no total is
    wrong, and the axis is the same as if all were drawn.
    """
    most = _most(spec)
    if sum(len(part.names) for part in drawn) <= most:
        return tuple(drawn)
    size = np.concatenate([_steady_average(part.shown) for part in drawn])
    rank = np.nan_to_num(-size if spec.thresholds.below else size, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    is_kept = np.zeros(size.size, dtype=bool)
    is_kept[np.argsort(-rank, kind="stable")[:most]] = True
    found, first = [], 0
    for part in drawn:
        found.append(_with_others(part, is_kept[first : first + len(part.names)], stacked=spec.stacked))
        first += len(part.names)
    return tuple(found)


def crowd_note(drawn: Sequence[Drawn], spec: PanelSpec) -> str:
    """What a panel says when not every series is drawn on its own; empty where they all are."""
    total, most = sum(len(part.names) for part in drawn), _most(spec)
    if total <= most:
        return ""
    which = "smallest" if spec.thresholds.below else "largest"
    others = "one layer" if spec.stacked else "bars" if spec.draw == "bars" else "their edges"
    return f"drawn: {most:,} of {total:,} series, the {which} on average; the others dim, as {others}"


def _steady_average(window: Window) -> Floats:
    """The mean of each series over whole blocks of time only, which begin at the same instants for every picture.

    A chart that moves on by a step is ranked by the same samples as before until a block ends: its lines do not take
    turns at the edge of the crowd.
    """
    times = window.times
    if times.size <= _BLOCKS:
        return _average(window)
    step = float(np.median(np.diff(times)))
    block = step * 2.0 ** math.floor(math.log2(times.size / _BLOCKS))
    first, last = math.ceil(times[0] / block) * block, math.floor(times[-1] / block) * block
    return _average(window.crop(first, last - step / 2))


def _average(window: Window) -> Floats:
    """As `reduce` says it, for series without gaps in one pass."""
    with np.errstate(invalid="ignore", over="ignore"):
        result: Floats = window.values.sum(axis=1) / max(window.times.size, 1)
    gaps = np.flatnonzero(~np.isfinite(result))
    if gaps.size:
        result[gaps] = reduce(rows_of(window, gaps.tolist()), "avg")
    return result


def _most(spec: PanelSpec) -> int:
    return MOST_LAYERS if spec.stacked or spec.draw == "bars" else MOST_LINES


def _with_others(part: Drawn, is_kept: NDArray[np.bool_], *, stacked: bool) -> Drawn:
    kept: Rows = np.flatnonzero(is_kept)
    if kept.size == is_kept.size:
        return part
    shown = part.only(kept)
    rest = part.window.values[~is_kept]
    rows = _sum(rest) if stacked else np.array([np.fmin.reduce(rest, axis=0), np.fmax.reduce(rest, axis=0)])
    window = Window(
        times=part.window.times,
        labels=(*shown.window.labels, *[_NOBODY] * len(rows)),
        values=np.concatenate([shown.window.values, rows]),
        present=np.concatenate([shown.window.present, ~np.isnan(rows)]),
    )
    return replace(
        shown,
        window=window,
        visible=_cut_like(window, part.visible),
        shown=_cut_like(window, part.shown),
        names=(*shown.names, *[""] * len(rows)),
        indexes=(*shown.indexes, *[OTHERS] * len(rows)),
        others=len(rows),
    )


def _sum(values: Floats) -> Floats:
    is_known = np.isfinite(values)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.where(is_known, values, 0.0).sum(axis=0)
    return np.where(is_known.any(axis=0), total, np.nan)[None]


def _cut_like(window: Window, part: Window) -> Window:
    if part.times.size == window.times.size:
        return window
    low = int(np.searchsorted(window.times, part.times[0])) if part.times.size else 0
    cut = slice(low, low + part.times.size)
    return Window(
        times=window.times[cut],
        labels=window.labels,
        values=window.values[:, cut],
        present=window.present[:, cut],
    )
