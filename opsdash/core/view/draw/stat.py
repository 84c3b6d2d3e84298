"""Draws the inside of a stat panel: one large number a series, how it changed, and its history below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Bools, Floats
from opsdash.core.text import fit, text_width
from opsdash.core.view import raster
from opsdash.core.view.cells import BOLD, DIM_ATTR, Cells, ink
from opsdash.core.view.digits import DigitPen, draw_digits, largest_scale, size_of
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.palette import age_text
from opsdash.core.view.plotted import PlotSpan, finite
from opsdash.core.view.readings import Reading, readings
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.sparkline import sparklines

_TILE = (16, 3)
"""Least cells of a tile; with less room series are lines."""
_CHECKER = 0x95
_GAP = 2
_NARROWEST_HISTORY, _WIDEST_HISTORY = 8, 40
"""Cells of the history in a line of its own series."""


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """One tile a series, as large as there is room; plain lines where there is little."""
    cells = Cells(width, height)
    found = readings(view, look)
    if width < 1 or height < 1 or not found:
        return cells
    columns = _columns(len(found), width, height)
    if not columns:
        _draw_lines(cells, found, (view, look))
        return cells
    rows = -(-len(found) // columns)
    tile_width, tile_height = (width - columns + 1) // columns, height // rows
    names = short_names(tuple(reading.name for reading in found), max(tile_width - 2, 1))
    span = PlotSpan(*(look.axis or (view.start_s, view.end_s)))
    room = tile_height - int(len(found) > 1 and tile_height > 1)
    below = min(max(room // 3, 1), 6) if room >= 4 else 0
    histories = _histories(found, (tile_width, below), span, look)
    changes = [_change(reading, view) for reading in found]
    free = room - (below if histories else 0) - int(any(changes) and room >= 5)
    scale = _scale(found, (tile_width - 5, free), look)
    for n, reading in enumerate(found):
        tile = Cells(tile_width, tile_height)
        words = _Words(names[n] if len(found) > 1 else "", changes[n], scale)
        _draw_tile(tile, reading, words, look, histories.get(reading))
        cells.blit(n % columns * (tile_width + 1), n // columns * tile_height, tile)
    return cells


def _columns(count: int, width: int, height: int) -> int:
    """How many tiles stand beside each other so that the smaller side of a tile is as large as can be; 0: no tiles."""
    if count == 1:
        return 1
    best, best_size = 0, 0.0
    for columns in range(1, count + 1):
        tile_width, tile_height = (width - columns + 1) // columns, height // -(-count // columns)
        if tile_width < _TILE[0] or tile_height < _TILE[1]:
            continue
        size = min(tile_width / 3.0, float(tile_height))
        if size > best_size:
            best, best_size = columns, size
    return best


def _role(reading: Reading) -> Role:
    if reading.is_gone:
        return Role.STALE
    return level_role(reading.level) if reading.level >= Level.WARNING else Role.TEXT


def _mark(reading: Reading) -> str:
    return "░" if reading.is_gone else level_mark(reading.level).strip()


def _scale(found: Sequence[Reading], room: tuple[int, int], look: Look) -> int:
    """How large the digits are: the same in all tiles, so that the larger number is not the one of fewer digits."""
    plain = look.ascii_only
    numbers = [reading.text for reading in found if size_of(reading.text, 1, ascii_only=plain)[0]]
    return min((largest_scale(text, *room, ascii_only=plain) for text in numbers), default=0)


def _draw_lines(cells: Cells, found: Sequence[Reading], seen: tuple[PanelView, Look]) -> None:
    """Name, history and number of as many series as there are lines; the last one counts the rest."""
    view, look = seen
    shown = list(found) if len(found) <= cells.height else list(found[: max(cells.height - 1, 1)])
    size = max(text_width(reading.text) for reading in found)
    names = short_names(tuple(reading.name for reading in shown), max(cells.width - size - 4, 1))
    free = cells.width - 2 - max(text_width(name) for name in names) - size - 2 * _GAP
    history = min(free, _WIDEST_HISTORY)
    lines = _lines(shown, history, view, look) if history >= _NARROWEST_HISTORY else {}
    for y, reading in enumerate(shown):
        cells.put(0, y, _mark(reading), ink(_role(reading), attributes=BOLD))
        cells.put(2, y, names[y])
        if reading in lines:
            role = _role(reading) if reading.level >= Level.WARNING else Role.SERIES_1
            cells.put(cells.width - size - _GAP - history, y, lines[reading], ink(role))
        style = ink(_role(reading), attributes=BOLD)
        x = max(cells.width - text_width(reading.text), 0)
        cells.put(x, y, fit(reading.text, cells.width - x), style)
    if len(found) > len(shown) and cells.height > 1:
        cells.put(2, cells.height - 1, f"+{len(found) - len(shown)} more", ink(Role.DIM))


def _lines(shown: Sequence[Reading], width: int, view: PanelView, look: Look) -> dict[Reading, str]:
    """The history of each series in one line; all of a window at once."""
    found: dict[Reading, str] = {}
    span = look.axis or (view.start_s, view.end_s)
    for window in {id(reading.window): reading.window for reading in shown}.values():
        mine = [reading for reading in shown if reading.window is window]
        if window.times.size > 1:
            rows = [reading.row for reading in mine]
            texts = sparklines(window, rows, width, span, ascii_only=look.ascii_only)
            found |= dict(zip(mine, texts, strict=True))
    return found


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in a tile beside the number."""

    name: str
    change: str
    scale: int
    """Of the digits; 0 where they are plain text."""


def _draw_tile(tile: Cells, reading: Reading, words: _Words, look: Look, history: _History | None) -> None:
    """Name, number, change and history, from top to bottom; what has no room is left out, the number never."""
    style = ink(_role(reading), attributes=BOLD)
    mark = _mark(reading)
    y = 0
    if words.name and tile.height > 1:
        tile.put(1, 0, words.name, ink(Role.DIM))
        y = 1
    below, change, scale = 0 if history is None else len(history.codes), words.change, words.scale
    high = size_of(reading.text, scale, ascii_only=look.ascii_only)[1] if scale else 0
    if high:
        right = draw_digits(tile, (1, y), reading.text, DigitPen(scale, style, look.ascii_only))
        y += high
        tile.put(right + 1, y - 1, mark, style)
        if change and y < tile.height - below:
            tile.put(1, y, fit(change, tile.width - 1), ink(Role.DIM))
    else:
        right = tile.put(1 if tile.width > text_width(reading.text) else 0, y, fit(reading.text, tile.width), style)
        right = tile.put(right + 1, y, mark, style) if mark else right
        if change and tile.height - below > y + 1:
            tile.put(1, y + 1, fit(change, tile.width - 1), ink(Role.DIM))
        elif change and right + 2 + text_width(change) <= tile.width:
            tile.put(right + 2, y, change, ink(Role.DIM))
    if history is not None:
        role = level_role(reading.level) if reading.level >= Level.WARNING else Role.SERIES_1
        history.draw(tile, role)


def _change(reading: Reading, view: PanelView) -> str:
    """`+12% in 1h`, or against the compared period; nothing where there is no such number."""
    if not (math.isfinite(reading.earlier) and math.isfinite(reading.value)) or reading.earlier == 0:
        return ""
    share = (reading.value - reading.earlier) / abs(reading.earlier)
    since = f"vs {age_text(view.compare_s)} ago" if view.compare_s else f"in {age_text(view.end_s - view.start_s)}"
    percent = f"{share * 100:+.1f}" if abs(share) < 0.1 else f"{share * 100:+,.0f}"
    percent = percent if percent.strip("+-0.") else "±0"
    return f"{percent}% {since}" if abs(share) < 100 else f"×{reading.value / reading.earlier:,.0f} {since}"


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """The picture of one series: codes, which cells hold anything, which of them hold the line itself."""

    codes: NDArray[np.uint32]
    used: Bools
    edge: Bools

    def draw(self, tile: Cells, role: Role) -> None:
        """Puts it at the foot of the tile."""
        y = tile.height - len(self.codes)
        styles = np.where(self.edge, np.uint16(ink(role)), np.uint16(ink(role, attributes=DIM_ATTR)))
        np.copyto(tile.codes[y:], self.codes, where=self.used)
        np.copyto(tile.inks[y:], styles, where=self.used)


def _histories(found: Sequence[Reading], size: tuple[int, int], span: PlotSpan, look: Look) -> dict[Reading, _History]:
    """Each series as a line over an area, from its own least to its own largest value; all of a window at once."""
    pictures: dict[Reading, _History] = {}
    for window in {id(reading.window): reading.window for reading in found}.values():
        mine = [reading for reading in found if reading.window is window]
        if window.times.size > 1 and size[1] > 0:
            drawn = _pictures(window.times, window.values[[reading.row for reading in mine]], size, span, look)
            pictures |= dict(zip(mine, drawn, strict=True))
    return pictures


def _pictures(times: Floats, values: Floats, size: tuple[int, int], span: PlotSpan, look: Look) -> list[_History]:
    width, rows = size
    dots_x, dots_y = (1, 1) if look.ascii_only else (raster.DOTS_X, raster.DOTS_Y)
    found = raster.columns_of(times, finite(values), span.bounds, width * dots_x, join=True)
    low = np.fmin.reduce(found.low, axis=1, keepdims=True)
    high = np.fmax.reduce(found.high, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore"):
        margin = np.maximum(np.maximum((high - low) * 0.05, np.abs(high) * 0.02), 1e-300)
        least, length = low - margin, high - low + 2 * margin
        share = raster.Columns(low=(found.low - least) / length, high=(found.high - least) / length)
    line = raster.spans_of(share, 0.0, 1.0, rows * dots_y, join=True)
    area = raster.Spans(top=line.top, bottom=np.where(line.top > line.bottom, line.bottom, rows * dots_y - 1))
    if look.ascii_only:
        edges, fills = raster.cells_of(line, rows) != 0, raster.cells_of(area, rows) != 0
        codes = np.where(edges, np.uint32(ord("*")), np.uint32(ord(".")))
        return [_History(*parts) for parts in zip(codes, fills, edges, strict=True)]
    dots = raster.patterns_of(line, rows)
    both = dots | raster.patterns_of(area, rows) & _CHECKER
    codes = both.astype(np.uint32) + np.uint32(raster.BRAILLE)
    return [_History(*parts) for parts in zip(codes, both != 0, dots != 0, strict=True)]
