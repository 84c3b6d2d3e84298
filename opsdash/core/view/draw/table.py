"""Draws the inside of a table: columns that stand still, numbers at the right, the worst of each row at the left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opsdash.core.metrics.answers import Scalar
from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.sparkline import sparkline
from opsdash.core.view.table_rows import TableColumn, TableRow, TableRows, rows_of
from opsdash.core.view.units import format_value
from opsdash.core.view.wrap import pad

__all__ = ["cell_text", "draw", "first_row", "rows_of"]

_GUTTER = 2
_GAP = 2
_WIDEST_GAP = 4
_NUMBER, _NARROW_NUMBER = 7, 5
"""Cells that a number has at least, so that a column does not move when 98 becomes 101."""
_NARROW = 40
"""Below this width there is one cell between two columns, and less room for each number."""
_WIDEST_TEXT, _NARROWEST_TEXT = 48, 6
_TREND, _NARROWEST_TREND, _WIDEST_TREND = 12, 5, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which columns are drawn, and where."""

    places: tuple[tuple[int, int, int], ...]
    """(index of the column, x, width)."""
    hidden: int
    trend: tuple[int, int] | None
    """(x, width) of the sparklines."""


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The rows from `look.scroll` on under their header; the selected row is always in sight."""
    cells = Cells(width, height)
    table = rows_of(view, look)
    if width < 1 or height < 1 or not table.columns or (not table.rows and not table.total):
        return cells
    body, has_footer = _body(table, height)
    first = _first(table, look, body)
    shown = table.rows[first : first + body]
    texts = [[cell_text(value, column) for value, column in zip(row.values, table.columns, strict=True)]
             for row in shown]  # fmt: skip
    layout = _layout(table, texts, width, any(row.history is not None for row in shown))
    top = 1 if height > 1 else 0
    if top:
        _draw_header(cells, table, layout, look)
    for y, (row, text) in enumerate(zip(shown, texts, strict=True), top):
        _draw_row(cells, y, row, text, (table, layout, look.row == first + y - top, look))
        _draw_trend(cells, y, row, layout, (view, look))
    if has_footer:
        _draw_footer(cells, table, first, len(shown), look)
    return cells


def first_row(view: PanelView, height: int, look: Look) -> int:
    """The scroll that `draw` really uses: inside what there is, and so that the selected row is seen."""
    table = rows_of(view, look)
    return _first(table, look, _body(table, height)[0])


def cell_text(value: Scalar, column: TableColumn) -> str:
    """One value as the table shows it; a gap is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not column.unit and column.decimals is None:
        return str(value) if abs(value) < 10**15 else f"{float(value):g}" if abs(value) < 10**300 else "very large"
    return format_value(float(value), column.unit, column.decimals)


def _body(table: TableRows, height: int) -> tuple[int, bool]:
    """(rows that are drawn at most, whether the last line says what is not shown)."""
    room = height - 1 if height > 1 else height
    partial = len(table.rows) > room or len(table.rows) < table.total
    return (room - 1, True) if partial and room > 2 else (room, False)


def _first(table: TableRows, look: Look, body: int) -> int:
    first = min(max(look.scroll, 0), max(len(table.rows) - body, 0))
    if look.row is None or not table.rows or body < 1:
        return first
    row = min(max(look.row, 0), len(table.rows) - 1)
    return row if row < first else row - body + 1 if row >= first + body else first


def _layout(table: TableRows, texts: list[list[str]], width: int, has_history: bool) -> _Layout:
    least = _GAP if width >= _NARROW else 1
    number = _NUMBER if width >= _NARROW else _NARROW_NUMBER
    widths = [_width(table, texts, index, number) for index in range(len(table.columns))]
    kept = list(range(len(widths)))
    while len(kept) > 1 and _needed(table, widths, kept, least) > width - (4 if len(kept) < len(widths) else 0):
        kept.remove(_least_needed(table, kept))
    hidden = len(widths) - len(kept)
    room = width - (4 if hidden else 0)
    _shrink(table, widths, kept, room - _between(kept, least))
    left = room - _total(widths, kept) - _between(kept, least)
    trend = min(max(_TREND, min(left // 2, _WIDEST_TREND)), left - _GAP) if has_history and not hidden else 0
    trend = trend if trend >= _NARROWEST_TREND else 0
    left -= trend + _GAP if trend else 0
    gaps = len(kept) - 1 + (1 if trend else 0)
    gap = least + (min(left // gaps, _WIDEST_GAP - least) if gaps and left > 0 else 0)
    places, x = [], _GUTTER if width > _GUTTER else 0
    for index in kept:
        places.append((index, x, max(min(widths[index], width - x), 0)))
        x += widths[index] + gap
    return _Layout(places=tuple(places), hidden=hidden, trend=(x, trend) if trend else None)


def _width(table: TableRows, texts: list[list[str]], index: int, number: int) -> int:
    """Cells that a column wants. A text column looks at all rows, so that scrolling does not move it."""
    column = table.columns[index]
    if column.width is not None:
        return max(column.width, 1)
    title = text_width(column.title) + (1 if column.is_number or index == table.sorted_by else 0)
    if column.is_number:
        return max(title, number, *(text_width(row[index]) for row in texts)) if texts else max(title, number)
    longest = max((text_width(str(row.values[index] or "")[:64]) for row in table.rows), default=0)
    return max(min(longest, _WIDEST_TEXT), min(title, _WIDEST_TEXT), 1)


def _total(widths: list[int], kept: list[int]) -> int:
    return _GUTTER + sum(widths[index] for index in kept)


def _between(kept: list[int], gap: int) -> int:
    return gap * (len(kept) - 1)


def _needed(table: TableRows, widths: list[int], kept: list[int], gap: int) -> int:
    """The total once texts are as narrow as they may be."""
    return _total([_narrowest(table, widths, index) for index in range(len(widths))], kept) + _between(kept, gap)


def _narrowest(table: TableRows, widths: list[int], index: int) -> int:
    return widths[index] if table.columns[index].is_number else min(widths[index], _NARROWEST_TEXT)


def _least_needed(table: TableRows, kept: list[int]) -> int:
    """The last column that nobody set a threshold for, then the last of all.

    Never the first one, and the one that it is sorted by only when no other is left.
    """
    droppable = [index for index in reversed(kept[1:]) if index != table.sorted_by]
    unjudged = [index for index in droppable if not _is_judged(table.columns[index])]
    return (unjudged or droppable or kept[-1:])[0]


def _is_judged(column: TableColumn) -> bool:
    limits = column.thresholds
    return limits is not None and (limits.warning is not None or limits.critical is not None)


def _shrink(table: TableRows, widths: list[int], kept: list[int], room: int) -> None:
    """Makes the widest texts narrower, cell by cell, until it fits."""
    texts = [index for index in kept if not table.columns[index].is_number]
    while texts and _total(widths, kept) > room:
        widest = max(texts, key=lambda index: widths[index])
        if widths[widest] <= _NARROWEST_TEXT:
            break
        widths[widest] -= 1


def _draw_header(cells: Cells, table: TableRows, layout: _Layout, look: Look) -> None:
    up, down = ("^", "v") if look.ascii_only else ("▲", "▼")
    for index, x, width in layout.places:
        column = table.columns[index]
        is_sorted = index == table.sorted_by
        arrow = (down if table.descending else up) if is_sorted else ""
        title = fit(column.title, max(width - len(arrow), 0)) + arrow
        style = ink(Role.TITLE, attributes=BOLD) if is_sorted else ink(Role.DIM)
        cells.put(x, 0, pad(title, width, _align(column)), style)
    if layout.trend is not None:
        cells.put(layout.trend[0], 0, pad("trend", layout.trend[1]), ink(Role.DIM))
    if layout.hidden:
        said = f"+{layout.hidden}{'>' if look.ascii_only else '›'}"
        cells.put(cells.width - len(said), 0, said, ink(Role.DIM))


def _align(column: TableColumn) -> Literal["left", "right"]:
    return "right" if column.is_number else "left"


def _draw_row(
    cells: Cells, y: int, row: TableRow, texts: list[str], context: tuple[TableRows, _Layout, bool, Look]
) -> None:
    table, layout, selected, look = context
    ground = Role.SELECTION if selected else Role.GROUND
    if selected:
        cells.fill(0, y, cells.width, 1, " ", ink(Role.TEXT, ground))
    mark = (":" if look.ascii_only else "░") if row.is_gone else level_mark(row.level, ascii_only=look.ascii_only)
    cells.put(0, y, mark, ink(Role.STALE if row.is_gone else level_role(row.level), ground, BOLD))
    if selected:
        cells.put(1, y, ">" if look.ascii_only else "❯", ink(Role.ACCENT, ground, BOLD))
    for index, x, width in layout.places:
        level = row.levels[index]
        role = Role.STALE if row.is_gone else level_role(level) if level >= Level.WARNING else Role.TEXT
        if row.values[index] is None:
            role = Role.DIM
        text = "-" if look.ascii_only and row.values[index] is None else texts[index]
        attributes = BOLD if level >= Level.WARNING else 0
        cells.put(x, y, pad(text, width, _align(table.columns[index])), ink(role, ground, attributes))


def _draw_trend(cells: Cells, y: int, row: TableRow, layout: _Layout, context: tuple[PanelView, Look]) -> None:
    if layout.trend is None or row.history is None:
        return
    view, look = context
    x, width = layout.trend
    query, series = row.history
    axis = look.axis or (view.start_s, view.end_s)
    text = sparkline(view.queries[query].window, series, width, axis, ascii_only=look.ascii_only)
    ground = Role(int(cells.inks[y, x]) >> 6 & 63)
    cells.put(x, y, text, ink(Role.STALE if row.is_gone else Role.SERIES_1, ground))


def _draw_footer(cells: Cells, table: TableRows, first: int, count: int, look: Look) -> None:
    """What is not shown: `rows 1–12 of 40`, and what the filter left out."""
    found, total = len(table.rows), table.total
    if not found:
        said = f"none of {total:,} rows has {look.filter}"
    elif count < found:
        said = f"rows {first + 1}–{first + count} of {found:,}" + (f" with {look.filter}" if found < total else "")
    else:
        said = f"{found:,} of {total:,} rows with {look.filter}"
    said = said.replace("–", "-") if look.ascii_only else said
    cells.put(0, cells.height - 1, fit(said, cells.width), ink(Role.DIM))
