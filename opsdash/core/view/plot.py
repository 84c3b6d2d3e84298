"""The chart itself: series, areas, thresholds and the cursor on a canvas without axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Floats
from opsdash.core.view import raster
from opsdash.core.view.axes import ValueAxis
from opsdash.core.view.cells import BOLD, Cells, Role, ink, series_role
from opsdash.core.view.drawn import Drawn
from opsdash.core.view.look import Look
from opsdash.core.view.palette import SERIES_GLYPHS, SERIES_GLYPHS_ASCII
from opsdash.core.view.snapshot import PanelView

_NEAR = 0.5
"""A threshold is brought into the picture when it is at most this share of the data's range away."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """What is drawn, from when to when."""

    view: PanelView
    drawn: tuple[Drawn, ...]
    start_s: float
    end_s: float
    look: Look


def plotted_range(plot: Plot) -> tuple[float, float, bool]:
    """(least, largest, whether zero belongs in the picture) of what is drawn, near thresholds included."""
    spec = plot.view.spec
    parts = [part.shown.values for part in plot.drawn]
    low, high = np.inf, -np.inf
    for values in parts:
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        low, high = 0.0, 1.0
    from_zero = spec.draw in {"bars", "area"} or spec.stacked
    reach = _NEAR * max(high - min(low, 0.0) if low <= high / 2 else high - low, abs(high) * 0.02)
    for value in (spec.thresholds.warning, spec.thresholds.critical):
        if value is not None and low - reach <= value <= high + reach:
            low, high = min(low, value), max(high, value)
    return low, high, from_zero


def draw_plot(plot: Plot, axis: ValueAxis, width: int, height: int) -> Cells:
    """The chart in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 1 or height < 1:
        return cells
    _draw_thresholds(cells, plot, axis)
    _draw_lines(cells, plot, axis)
    _draw_cursor(cells, plot)
    return cells


def _draw_lines(cells: Cells, plot: Plot, axis: ValueAxis) -> None:
    height, ascii_only = cells.height, plot.look.ascii_only
    dots_x, dots_y = (1, 1) if ascii_only else (raster.DOTS_X, raster.DOTS_Y)
    layers: list[raster.Patterns] = []
    indexes: list[int] = []
    for part in plot.drawn:
        columns = raster.columns_of(
            part.window.times, part.finite, plot.start_s, plot.end_s, cells.width * dots_x, join=True
        )
        spans = raster.spans_of(columns, axis.low, axis.high, height * dots_y, join=True)
        layers.append(raster.cells_of(spans, height) if ascii_only else raster.patterns_of(spans, height))
        indexes.extend(part.indexes)
    if indexes:
        _put_dots(cells, np.concatenate(layers), indexes, ascii_only=ascii_only)


def _put_dots(cells: Cells, patterns: raster.Patterns, indexes: Sequence[int], *, ascii_only: bool) -> None:
    dots, owner = raster.merged(patterns)
    inks = np.array([ink(series_role(index)) for index in indexes], dtype=np.uint16)
    used = dots != 0
    if ascii_only:
        signs = np.array([ord(SERIES_GLYPHS_ASCII[index % len(SERIES_GLYPHS_ASCII)]) for index in indexes], np.uint32)
        np.copyto(cells.codes, signs[owner], where=used)
    else:
        np.copyto(cells.codes, dots.astype(np.uint32) + np.uint32(raster.BRAILLE), where=used)
    np.copyto(cells.inks, inks[owner], where=used)


def _draw_thresholds(cells: Cells, plot: Plot, axis: ValueAxis) -> None:
    limits = plot.view.spec.thresholds
    for value, role, sign in ((limits.warning, Role.WARNING, "╌"), (limits.critical, Role.CRITICAL, "┅")):
        if value is None or not axis.low <= value <= axis.high:
            continue
        share = (axis.high - value) / (axis.high - axis.low)
        row = int(np.rint(share * (cells.height * 4 - 1))) // 4
        cells.fill(0, row, cells.width, 1, sign, ink(role))


def _draw_cursor(cells: Cells, plot: Plot) -> None:
    cursor = plot.look.cursor_s
    if cursor is None or not plot.start_s <= cursor <= plot.end_s:
        return
    x = min(int((cursor - plot.start_s) / (plot.end_s - plot.start_s) * cells.width), cells.width - 1)
    free = (cells.codes[:, x] < raster.BRAILLE) | (cells.codes[:, x] > raster.BRAILLE + 0xFF)
    cells.codes[free, x] = ord("│")
    cells.inks[free, x] = ink(Role.CURSOR, attributes=BOLD)
