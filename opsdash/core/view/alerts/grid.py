"""A table of fixed columns: nothing moves with the data, numbers end at the right, what has no room leaves by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.roles import Role

GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumn:
    """One column."""

    title: str
    width: int
    right: bool = False
    """Numbers and ages."""
    rank: int = 0
    """The highest leave first when there is no room; 0 stays always."""
    grows: int = 0
    """Its part of what is left over."""
    most: int = 1 << 16


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """A column with its place on the line."""

    index: int
    """Place in the list that was given: which of a row's words it shows."""
    column: GridColumn
    x: int
    w: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What stands in one cell of the table."""

    text: str
    role: Role = Role.TEXT
    attributes: int = 0


def placed(columns: Sequence[GridColumn], width: int) -> tuple[PlacedColumn, ...]:
    """The columns that fit into `width`, from the left; what is left over goes to those that grow."""
    kept = list(enumerate(columns))
    while len(kept) > 1 and _needs(kept) > width:
        worst = max(kept, key=lambda pair: (pair[1].rank, pair[0]))
        if not worst[1].rank:
            break
        kept.remove(worst)
    spare = max(width - _needs(kept), 0)
    widths = {index: column.width for index, column in kept}
    for _ in range(3):
        growing = [(index, column) for index, column in kept if column.grows and widths[index] < column.most]
        shares = sum(column.grows for _, column in growing)
        if not spare or not shares:
            break
        given = 0
        for index, column in growing:
            more = min(spare * column.grows // shares, column.most - widths[index])
            widths[index] += more
            given += more
        spare -= given
    found, x = [], 0
    for index, column in kept:
        w = min(widths[index], max(width - x, 0))
        found.append(PlacedColumn(index, column, x, w))
        x += w + GAP
    return tuple(found)


def _needs(kept: Sequence[tuple[int, GridColumn]]) -> int:
    return sum(column.width for _, column in kept) + GAP * (len(kept) - 1)


def draw_heading(cells: Cells, x: int, y: int, columns: Sequence[PlacedColumn]) -> None:
    """The titles of the columns, each over what it is a title of."""
    for place in columns:
        title = fit(place.column.title, place.w)
        at = x + place.x + (place.w - text_width(title) if place.column.right else 0)
        cells.put(at, y, title, ink(Role.DIM))


def draw_row(  # noqa: PLR0913, PLR0917 - a line has a place, its columns, its words and its ground
    cells: Cells, x: int, y: int, columns: Sequence[PlacedColumn], words: Sequence[Word], ground: Role = Role.GROUND
) -> None:
    """One line; words that do not fit are cut, never the column."""
    for place in columns:
        word = words[place.index]
        if not word.text or place.w < 1:
            continue
        text = fit(word.text, place.w)
        at = x + place.x + (place.w - text_width(text) if place.column.right else 0)
        cells.put(at, y, text, ink(word.role, ground, word.attributes))


def draw_selection(cells: Cells, y: int, *, ascii_only: bool) -> None:
    """The ground and the arrow of the line that is selected."""
    cells.fill(0, y, cells.width, 1, " ", ink(Role.TEXT, Role.SELECTION))
    cells.put(0, y, ">" if ascii_only else "❯", ink(Role.ACCENT, Role.SELECTION, BOLD))


def first_shown(selected: int, count: int, rows: int, top: int = 0) -> int:
    """The first line on screen, so that the selected one is seen and the screen moves no further than it has to."""
    if rows < 1:
        return 0
    top = min(max(top, selected - rows + 1), selected) if selected >= 0 else top
    return max(min(top, count - rows), 0)
