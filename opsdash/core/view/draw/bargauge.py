"""Draws the inside of a bar gauge: a bar a series on one scale, with its name, its value and the thresholds."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.text import text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.meter import meter
from opsdash.core.view.readings import Reading, readings
from opsdash.core.view.roles import Role
from opsdash.core.view.scale import ValueScale, scale_for, threshold_marks
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import pad

_NUMBER = 7
_LONGEST_NAME = 32
_NARROWEST_BAR = 4
_TALLEST = 3
_BAR_BESIDE_WHOLE_NAMES = 6
"""Names are shown whole where that leaves so much of the bar."""


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """One line a series from `look.scroll` on, taller where there is room."""
    cells = Cells(width, height)
    found = readings(view, look)
    if width < 1 or height < 1 or not found:
        return cells
    draw_rows(cells, found, view, look)
    return cells


def draw_rows(cells: Cells, found: Sequence[Reading], view: PanelView, look: Look) -> None:
    """Name, bar, value and mark of each series on the whole canvas; the last line counts what has no room."""
    room = cells.height if len(found) <= cells.height else max(cells.height - 1, 1)
    first = min(max(look.scroll, 0), max(len(found) - room, 0))
    shown = found[first : first + room]
    scale = scale_for(found, view.spec)
    size = max(_NUMBER, *(text_width(reading.text) for reading in found))
    size = min(size, max(cells.width - 2, 1))
    longest = max(text_width(reading.name[:256]) for reading in found)
    space = cells.width - size - 4
    whole = longest if longest <= min(space - _BAR_BESIDE_WHOLE_NAMES, _LONGEST_NAME) else 0
    name = whole or max(min(longest, _LONGEST_NAME, space if space < 14 else space // 2), 0)
    names = short_names(tuple(reading.name for reading in shown), name)
    step = max(min(cells.height // len(shown), _TALLEST + 1), 1)
    thick = max(step - 1, 1)
    top = max(cells.height - used_rows(len(shown), cells.height), 0) // 2 if thick > 1 else 0
    for n, reading in enumerate(shown):
        first_y = top + n * step
        middle = first_y + (thick - 1) // 2
        cells.put(0, middle, pad(names[n], name), ink(Role.STALE if reading.is_gone else Role.TEXT))
        for y in range(first_y, first_y + thick):
            _draw_bar(cells, (name + 1, y, cells.width - name - size - 4), reading, scale, view, look)
        _draw_value(cells, middle, reading, size)
    if len(found) > len(shown) and cells.height > 1:
        cells.put(0, cells.height - 1, f"+{len(found) - len(shown)} more", ink(Role.DIM))


def used_rows(count: int, height: int) -> int:
    """How many of `height` rows so many bars take."""
    step = max(min(height // max(count, 1), _TALLEST + 1), 1)
    return min(count * step - (1 if step > 1 else 0), height)


def _draw_value(cells: Cells, y: int, reading: Reading, size: int) -> None:
    alarming = reading.level >= Level.WARNING
    role = Role.STALE if reading.is_gone else level_role(reading.level) if alarming else Role.TEXT
    x = max(cells.width - size - 2, 0)
    cells.put(x, y, pad(reading.text, size, "right"), ink(role, attributes=BOLD if alarming else 0))
    sign = "░" if reading.is_gone else level_mark(reading.level)
    if cells.width > size + 1:
        cells.put(cells.width - 1, y, sign, ink(role))


def _draw_bar(  # noqa: PLR0913, PLR0917 - place, value, scale and how it is looked at
    cells: Cells, place: tuple[int, int, int], reading: Reading, scale: ValueScale, view: PanelView, look: Look
) -> None:
    """A bar of eighths from the left end of the scale, `┊` where a threshold is that it does not reach."""
    x, y, width = place
    if width < _NARROWEST_BAR:
        return
    role = level_role(reading.level) if reading.level >= Level.WARNING else Role.SERIES_1
    role = Role.STALE if reading.is_gone else role
    cells.fill(x, y, width, 1, "·", ink(Role.FRAME))
    bar = meter(scale.share(reading.value), width, ascii_only=look.ascii_only)
    cells.put(x, y, bar, ink(role))
    for value, level in threshold_marks(view.spec):
        column = min(int(scale.share(value) * width), width - 1)
        if scale.low < value < scale.high and column >= len(bar):
            cells.put(x + column, y, "┊", ink(level_role(level), attributes=BOLD))
