"""Where each panel goes: from a grid of 24 columns to rectangles of terminal cells, page by page.

A page is what the body of the window shows at a time. Panels are never cut: a page holds whole rows of panels and
scrolling goes from page to page. A panel's place depends on the configuration and on the window, never on its data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from opsdash.core.view.panels import PanelKind, PanelSpec

COLUMNS = 24
SMALLEST_WIDTH, SMALLEST_HEIGHT = 40, 12
"""A window below this is told so instead of drawn."""
FULL_GRID_FROM = 100
TWO_COLUMNS_FROM = 84
HALVES_FROM = 60
THIRDS_FROM = 72
"""From 60 cells on two small panels stand beside each other, from 72 on three."""
SMALL_UNITS = 4
"""Rows of the grid of a small panel in a narrow window: two lines of them leave 80 × 24 room for a chart."""
READABLE_ROWS_PER_UNIT = 10 / 8
"""A panel of h=8 gets at least 10 rows of cells."""
TALLEST_ROWS_PER_UNIT = 2 * READABLE_ROWS_PER_UNIT
SQUEEZED_AT_LEAST = 5
"""Where a block of panels is higher than the window, each keeps this many rows, or the grid is given up."""

Direction = Literal["left", "right", "up", "down"]
_SMALL = frozenset({PanelKind.STAT, PanelKind.GAUGE})
_WIDE = frozenset({PanelKind.TABLE, PanelKind.LOGS, PanelKind.STATUS, PanelKind.ALERTS})


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel's rectangle in cells; `y` counts from the top of its page."""

    id: str
    page: int
    x: int
    y: int
    w: int
    h: int

    def holds(self, x: int, y: int) -> bool:
        """Whether the cell (x, y) of its page is inside."""
        return self.x <= x < self.x + self.w and self.y <= y < self.y + self.h


@dataclass(frozen=True, slots=True)
class Placement:
    """All panels of a dashboard in a window of `width` × `height` cells."""

    width: int
    height: int
    pages: int
    panels: tuple[Placed, ...]

    def page(self, number: int) -> tuple[Placed, ...]:
        """The panels of one page."""
        return tuple(placed for placed in self.panels if placed.page == number)

    def find(self, panel_id: str) -> Placed | None:
        """Where a panel is; None when it is not placed."""
        return next((placed for placed in self.panels if placed.id == panel_id), None)

    def at(self, page: int, x: int, y: int) -> Placed | None:
        """The panel under a cell of a page."""
        return next((placed for placed in self.panels if placed.page == page and placed.holds(x, y)), None)

    def beside(self, panel_id: str, direction: Direction) -> Placed | None:
        """The nearest panel in a direction, also on another page; None at the edge."""
        here = self.find(panel_id)
        if here is None:
            return None
        ahead = [
            (score, there)
            for there in self.panels
            if there is not here and (score := self._distance(here, there, direction)) is not None
        ]
        return min(ahead, key=lambda pair: pair[0])[1] if ahead else None

    def _distance(self, here: Placed, there: Placed, direction: Direction) -> tuple[int, int] | None:
        """(gap, sideways distance) when `there` lies that way and beside `here`; None otherwise."""
        here_y, there_y = here.page * self.height + here.y, there.page * self.height + there.y
        if direction in ("left", "right"):
            near, far, near_size, far_size = here.x, there.x, here.w, there.w
            across, across_size, other, other_size = here_y, here.h, there_y, there.h
        else:
            near, far, near_size, far_size = here_y, there_y, here.h, there.h
            across, across_size, other, other_size = here.x, here.w, there.x, there.w
        gap = far - (near + near_size) if direction in ("right", "down") else near - (far + far_size)
        shares = min(across + across_size, other + other_size) > max(across, other)
        if gap < 0 or not shares:
            return None
        return gap, abs(other - across)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A panel on the grid of 24 columns, without overlaps or holes above it."""

    id: str
    x: int
    y: int
    w: int
    h: int


def place(panels: Sequence[PanelSpec], width: int, height: int) -> Placement:
    """Rectangles for all panels in a body of `width` × `height` cells (both at least 1)."""
    width, height = max(width, 1), max(height, 1)
    grids = [_as_configured(panels, width)] if width >= FULL_GRID_FROM else []
    for units in (*grids, _narrowed(panels, width)):
        placed = _paged(units, width, height)
        if placed is not None:
            return placed
    return _stacked([panel.id for panel in panels], width, height)


def _as_configured(panels: Sequence[PanelSpec], width: int) -> list[_Unit]:
    """The grid of the configuration; panels without one flow below, in their order."""
    gridded = sorted(
        (panel for panel in panels if panel.grid is not None),
        key=lambda panel: (panel.grid.y, panel.grid.x) if panel.grid else (0, 0),
    )
    skyline = [0] * COLUMNS
    units = []
    for panel in gridded:
        if panel.grid is not None:
            w = min(max(panel.grid.w, 1), COLUMNS)
            x = min(max(panel.grid.x, 0), COLUMNS - w)
            units.append(_settled(skyline, panel.id, x, w, max(panel.grid.h, 1)))
    flowing = [panel for panel in panels if panel.grid is None]
    return units + _flowed(flowing, width, max(skyline))


def _settled(skyline: list[int], panel_id: str, x: int, w: int, h: int) -> _Unit:
    """Lets a panel sink onto what is above it: no overlap, no hole."""
    y = max(skyline[x : x + w])
    skyline[x : x + w] = [y + h] * w
    return _Unit(panel_id, x, y, w, h)


def _natural_size(panel: PanelSpec, width: int) -> tuple[int, int]:
    """(columns, rows of the grid) of a panel whose configuration gives none."""
    if panel.kind in _SMALL:
        return 4 if width >= 160 else 6, 4
    if panel.kind in _WIDE:
        return 12, 8
    return 6 if width >= 160 else 8, 8


def _flowed(panels: Sequence[PanelSpec], width: int, top: int) -> list[_Unit]:
    """Rows from left to right; each row is stretched to the whole width."""
    rows: list[list[tuple[str, int, int]]] = []
    room, row_height = 0, 0
    for panel in panels:
        w, h = _natural_size(panel, width)
        if not rows or w > room or h != row_height:
            rows.append([])
            room, row_height = COLUMNS, h
        rows[-1].append((panel.id, w, h))
        room -= w
    units = []
    for row in rows:
        total, used = sum(w for _, w, _ in row), 0
        for panel_id, w, h in row:
            left, right = used * COLUMNS // total, (used + w) * COLUMNS // total
            units.append(_Unit(panel_id, left, top, right - left, h))
            used += w
        top += row[0][2]
    return units


def _narrowed(panels: Sequence[PanelSpec], width: int) -> list[_Unit]:
    """Fewer columns in the reading order: one below 84 cells; small panels stand low and beside each other."""

    def order(item: tuple[int, PanelSpec]) -> tuple[int, int, int]:
        index, panel = item
        return (panel.grid.y, panel.grid.x, index) if panel.grid else (1 << 30, 0, index)

    units: list[_Unit] = []
    ordered = [panel for _, panel in sorted(enumerate(panels), key=order)]
    for small, run in groupby(ordered, key=lambda panel: panel.kind in _SMALL and width >= HALVES_FROM):
        top = max((unit.y + unit.h for unit in units), default=0)
        units += (_small_rows if small else _wide_rows)(list(run), width, top)
    return units


def _small_rows(run: Sequence[PanelSpec], width: int, top: int) -> list[_Unit]:
    """Stats and gauges that follow each other: rows as even as can be, low enough to leave room for a chart."""
    most = 3 if width >= THIRDS_FROM else 2
    rows = -(-len(run) // most)
    h = min(SMALL_UNITS, *(max(panel.grid.h, 3) for panel in run if panel.grid), SMALL_UNITS)
    units: list[_Unit] = []
    for row in range(rows):
        first, end = -(-row * len(run) // rows), -(-(row + 1) * len(run) // rows)
        w = COLUMNS // (end - first)
        units += (_Unit(panel.id, w * n, top + row * h, w, h) for n, panel in enumerate(run[first:end]))
    return units


def _wide_rows(run: Sequence[PanelSpec], width: int, top: int) -> list[_Unit]:
    """All others: one a row, or two where the window has room for two."""
    units: list[_Unit] = []
    x, y, row = 0, top, 0
    for panel in run:
        h = min(max(panel.grid.h, 3), 24) if panel.grid else _natural_size(panel, width)[1]
        wide = panel.grid is not None and panel.grid.w > 16
        w = COLUMNS // 2 if not wide and width >= TWO_COLUMNS_FROM else COLUMNS
        if x + w > COLUMNS or (x and h != row):
            x, y = 0, y + row
        units.append(_Unit(panel.id, x, y, w, h))
        x, row = x + w, h
    return _stretched(units)


def _stretched(units: list[_Unit]) -> list[_Unit]:
    """A half that is alone in its row takes the whole of it."""
    alone = {y for y, row in groupby(units, key=lambda unit: unit.y) if len(list(row)) == 1}
    return [_Unit(u.id, 0, u.y, COLUMNS, u.h) if u.y in alone else u for u in units]


def _bands(units: Sequence[_Unit]) -> list[list[_Unit]]:
    """Blocks of panels that no horizontal line can cut without cutting a panel."""
    bands: list[list[_Unit]] = []
    bottom = 0
    for unit in sorted(units, key=lambda unit: (unit.y, unit.x)):
        if not bands or unit.y >= bottom:
            bands.append([])
        bands[-1].append(unit)
        bottom = max(bottom, unit.y + unit.h)
    return bands


def _paged(units: Sequence[_Unit], width: int, height: int) -> Placement | None:
    """Whole bands fill each page; None when a panel would get too few rows."""
    pages: list[list[_Unit]] = []
    top = 0
    for band in _bands(units):
        bottom = max(unit.y + unit.h for unit in band)
        if not pages or (bottom - top) * READABLE_ROWS_PER_UNIT > height:
            pages.append([])
            top = min(unit.y for unit in band)
        pages[-1].extend(band)
    placed: list[Placed] = []
    for number, page in enumerate(pages):
        unit_rows = _rows_per_unit(page, height, only=len(pages) == 1)
        placed += (_scaled(unit, number, page[0].y, unit_rows, width) for unit in page)
    if any(one.h < min(SQUEEZED_AT_LEAST, height) or one.w < 1 for one in placed):
        return None
    return Placement(width, height, max(len(pages), 1), tuple(placed))


def _rows_per_unit(page: Sequence[_Unit], height: int, *, only: bool) -> float:
    """As many rows as fill the page; a page that is the last of several is not blown up."""
    rows = max(unit.y + unit.h for unit in page) - page[0].y
    fill = height / rows
    return fill if only else min(fill, TALLEST_ROWS_PER_UNIT)


def _scaled(unit: _Unit, page: int, top: int, unit_rows: float, width: int) -> Placed:
    x, right = round(unit.x * width / COLUMNS), round((unit.x + unit.w) * width / COLUMNS)
    y, bottom = round((unit.y - top) * unit_rows), round((unit.y + unit.h - top) * unit_rows)
    return Placed(unit.id, page, x, y, right - x, bottom - y)


def _stacked(ids: Sequence[str], width: int, height: int) -> Placement:
    """One panel a page: what always works."""
    placed = tuple(Placed(panel_id, page, 0, 0, width, height) for page, panel_id in enumerate(ids))
    return Placement(width, height, max(len(placed), 1), placed)
