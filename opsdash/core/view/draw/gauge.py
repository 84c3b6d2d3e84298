"""Draws the inside of a gauge: half a circle where there is room for it, a bar on a scale where there is not."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Bools, Floats
from opsdash.core.text import fit, text_width
from opsdash.core.view import raster
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.digits import DigitPen, draw_digits, largest_scale, size_of
from opsdash.core.view.draw.bargauge import draw_rows, used_rows
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.readings import Reading, readings
from opsdash.core.view.roles import Role
from opsdash.core.view.scale import ValueScale, scale_for, threshold_marks
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.units import format_fixed

_SMALLEST_ARC = (18, 6)
_LARGEST_ARC = 14
"""Rows; a larger half circle says no more."""
_REST = 0x21
"""Dots of the part of the ring that the value does not reach."""
_RING = 0.3
"""Thickness of the ring as a share of its radius."""


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """Half circles side by side where each has room, else a bar a series with the scale's ends below."""
    cells = Cells(width, height)
    found = readings(view, look)
    if width < 1 or height < 1 or not found:
        return cells
    scale = scale_for(found, view.spec)
    columns = 0 if look.ascii_only else _columns(len(found), width, height)
    if not columns:
        _draw_bars(cells, found, view, look, scale)
        return cells
    rows = -(-len(found) // columns)
    tile_width, tile_height = width // columns, height // rows
    names = short_names(tuple(reading.name for reading in found), tile_width - 2)
    arc = _arc_height(tile_width, tile_height, named=len(found) > 1)
    digits = min((_largest_digits(reading, tile_width, arc) for reading in found), default=0)
    for n, reading in enumerate(found):
        tile = Cells(tile_width, tile_height)
        _draw_arc(tile, reading, (names[n] if len(found) > 1 else "", digits), view, scale)
        cells.blit(n % columns * tile_width, n // columns * tile_height, tile)
    return cells


def _columns(count: int, width: int, height: int) -> int:
    """How many half circles stand beside each other so that they are largest; 0 where they would be too small."""
    best, best_size = 0, 0
    for columns in range(1, count + 1):
        tile_width, tile_height = width // columns, height // -(-count // columns)
        size = min(tile_width // 4, tile_height - 1)
        if tile_width >= _SMALLEST_ARC[0] and tile_height >= _SMALLEST_ARC[1] and size > best_size:
            best, best_size = columns, size
    return best


def _ends(view: PanelView, reading: Reading, scale: ValueScale) -> list[str]:
    return format_fixed([scale.low, scale.high], reading.unit, view.spec.decimals)


def _draw_bars(cells: Cells, found: list[Reading], view: PanelView, look: Look, scale: ValueScale) -> None:
    has_ends = cells.height >= 3 and cells.width >= 20 and len(found) < cells.height
    room = cells.height - 1 if has_ends else cells.height
    used = used_rows(len(found), room)
    rows = Cells(cells.width, min(used + 1, room) if has_ends else room)
    draw_rows(rows, found, view, look)
    cells.blit(0, 0, rows)
    if has_ends:
        low, high = _ends(view, found[0], scale)
        text = f"{low} … {high}"
        limits = [
            f"{level_mark(level)} {format_fixed([value], found[0].unit)[0]}"
            for value, level in threshold_marks(view.spec)
        ]
        y = min(used + 1, room)
        cells.put(0, y, fit("   ".join([text, *limits]), cells.width), ink(Role.DIM))


@lru_cache(maxsize=64)
def _ring(width: int, height: int) -> tuple[NDArray[np.uint8], Floats]:
    """(braille dots of the whole ring, share of the scale at each cell: 0 at the left foot, 1 at the right)."""
    columns, rows = width * raster.DOTS_X, height * raster.DOTS_Y
    radius = min(columns / 2, float(rows)) - 0.5
    x = (np.arange(columns) - (columns - 1) / 2)[None, :]
    y = (rows - 0.5 - np.arange(rows))[:, None]
    distance = np.sqrt(x * x + y * y)
    inside: Bools = (distance <= radius) & (distance >= radius * (1 - _RING))
    weights = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
    blocks = inside.reshape(height, raster.DOTS_Y, width, raster.DOTS_X)
    dots = (blocks * weights[None, :, None, :]).sum(axis=(1, 3)).astype(np.uint8)
    middle_x = x.reshape(width, raster.DOTS_X).mean(axis=1)[None, :]
    middle_y = y.reshape(height, raster.DOTS_Y).mean(axis=1)[:, None]
    return dots, 1 - np.arctan2(middle_y, middle_x) / np.pi


def _arc_height(width: int, height: int, *, named: bool) -> int:
    return min(height - (2 if named else 1), _LARGEST_ARC, max(width // 4, 1))


def _largest_digits(reading: Reading, width: int, height: int) -> int:
    """The scale of digits that the hole of the ring has room for; 0 for none."""
    hole = int(min(width / 2, height * 2) * (1 - _RING) * 2 * 0.8)
    return largest_scale(reading.text, hole - 2, min(height // 2, 5))


def _draw_arc(tile: Cells, reading: Reading, words: tuple[str, int], view: PanelView, scale: ValueScale) -> None:
    """The ring filled up to the value, thresholds in their colours on the rest of it, the value in the middle.

    `words` are the name below it and the scale of the value's digits.
    """
    name, digits = words
    foot = 2 if name else 1
    height = _arc_height(tile.width, tile.height, named=bool(name))
    top = (tile.height - foot - height) // 2
    dots, share = _ring(tile.width, height)
    alarming = reading.level >= Level.WARNING
    role = Role.STALE if reading.is_gone else level_role(reading.level) if alarming else Role.SERIES_1
    filled = share <= scale.share(reading.value)
    inks = np.where(filled, np.uint16(ink(role)), np.uint16(ink(Role.FRAME)))
    for value, level in threshold_marks(view.spec):
        if scale.low < value < scale.high:
            inks[~filled & (share >= scale.share(value))] = ink(level_role(level))
    shown = np.where(filled, dots, dots & _REST)
    area = (slice(top, top + height), slice(0, tile.width))
    np.copyto(tile.codes[area], shown.astype(np.uint32) + raster.BRAILLE, where=shown != 0)
    np.copyto(tile.inks[area], inks, where=shown != 0)
    _draw_value(tile, reading, (top, height), digits)
    _draw_ends(tile, _ends(view, reading, scale), top + height, height)
    if name:
        tile.put((tile.width - text_width(name)) // 2, min(top + height + 1, tile.height - 1), name)


def _draw_value(tile: Cells, reading: Reading, place: tuple[int, int], scale: int) -> None:
    """In the hole of the ring, which is at `place` (top, height); large where all of them fit."""
    top, height = place
    alarming = reading.level >= Level.WARNING
    role = Role.STALE if reading.is_gone else level_role(reading.level) if alarming else Role.TEXT
    style = ink(role, attributes=BOLD)
    sign = "░" if reading.is_gone else level_mark(reading.level).strip()
    if scale:
        wide, high = size_of(reading.text, scale)
        right = draw_digits(tile, ((tile.width - wide) // 2, top + height - high), reading.text, DigitPen(scale, style))
        tile.put(right + 1, top + height - 1, sign, style)
        return
    text = f"{reading.text} {sign}".rstrip()
    tile.put(max((tile.width - text_width(text)) // 2, 0), top + height - 1, fit(text, tile.width), style)


def _draw_ends(tile: Cells, ends: list[str], y: int, height: int) -> None:
    """The least and the largest value under the feet of the ring."""
    radius = int(min(tile.width / 2, height * 2))
    left = max(tile.width // 2 - radius, 0)
    right = min(tile.width // 2 + radius, tile.width)
    low, high = ends
    if text_width(low) + text_width(high) + 2 > right - left:
        return
    tile.put(left, y, low, ink(Role.DIM))
    tile.put(right - text_width(high), y, high, ink(Role.DIM))
