"""The legend below a chart: which sign and colour is which series, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.text import text_width
from opsdash.core.view.cells import BOLD, Cells, ink, series_role
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.palette import series_glyph
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names

_NUMBER = 6
"""Least cells of a number: it keeps its place while its digits change."""
_SHORTEST_NAME = 6
_NARROWEST_PLACE, _NARROWEST_NUMBERED = 4, 11
"""Cells that a sign and a name of one character take, without and with a number."""
_LONGEST_NAME = 40
_BESIDE_NAME, _WIDEST_PLACE = 13, 24
"""Cells of a sign and a number beside a name, and of all three where rows are counted: longer names are shortened."""
_TALL = 12
"""From so many rows on the last series gets a line of its own rather than "+1 more"."""
_MANY = 64
"""From so many series on a legend takes all the rows that it may have, whatever they are called."""
_TABLE_COLUMN = 44
"""From this width on a column of the legend can be a table with several numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One series: `numbers` are formatted, one for each of the legend's headings."""

    name: str
    index: int
    numbers: tuple[str, ...]
    level: Level = Level.NONE
    sign: str = ""
    """What stands for it in the chart, where that is not the sign of its place."""


def legend_rows(names: Sequence[str], numbers: int, width: int, room: int) -> int:
    """Rows for a legend of series of these names in a panel of `room` rows; what their values are does not matter."""
    count = len(names)
    if count == 0 or room < 5 or width < 10:
        return 0
    if room < 9 or count == 1:
        return 1
    most = min(max(room // 4, 1), 14)
    if numbers > 1 and width >= _TABLE_COLUMN:
        for columns in range(1, max(width // _TABLE_COLUMN, 1) + 1):
            rows = -(-count // columns) + 1
            if rows <= most:
                return rows
    columns = max(width // min(_longest(names[:_MANY]) + _BESIDE_NAME, _WIDEST_PLACE), 1)
    rows = -(-count // columns)
    return rows if rows == most + 1 and room >= _TALL else min(rows, most)


def numbers_shown(count: int, headings: int, width: int, rows: int) -> int:
    """How many numbers of each series the legend can show at most: the rest need not be computed."""
    if rows < 1 or count == 0:
        return 0
    return headings if count == 1 or _table_columns(count, headings, width, rows) else min(headings, 1)


def _table_columns(count: int, headings: int, width: int, rows: int) -> int:
    """Columns of a legend that is a table; 0 where it cannot be one."""
    columns = -(-count // max(rows - 1, 1))
    return columns if rows >= 2 and headings > 1 and width // columns >= _TABLE_COLUMN else 0


def most_entries(numbers: int, width: int, rows: int) -> int:
    """How many series a legend of this size can name: of the rest nothing need be known but how many they are."""
    place = _NARROWEST_NUMBERED if numbers else _NARROWEST_PLACE
    return (width // place + 1) * max(rows, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What a legend says."""

    entries: Sequence[Entry]
    headings: Sequence[str] = ()
    """One for each number of an entry; the first is not written where there is one line or no table."""
    others: int = 0
    """Series after `entries` that have no room in any case."""
    instant: str = ""
    """When the first number was, where that is not now."""
    ascii_only: bool = False


def draw_legend(legend: Legend, width: int, rows: int) -> Cells:
    """The legend in exactly `width` × `rows` cells; series without room are counted."""
    cells = Cells(width, rows)
    pen = _Pen(cells, legend.ascii_only)
    entries, headings = legend.entries, legend.headings
    if rows < 1 or not entries:
        return cells
    total = len(entries) + legend.others
    if total == 1:
        _draw_single(pen, entries[0], headings, legend.instant)
        return cells
    columns = _table_columns(total, len(headings), width, rows)
    if columns:
        _draw_table(pen, entries, [legend.instant or headings[0], *headings[1:]], columns)
    else:
        _draw_grid(pen, entries, total)
    return cells


@dataclass(frozen=True, slots=True, eq=False)
class _Pen:
    cells: Cells
    ascii_only: bool

    def name(self, x: int, y: int, entry: Entry, name: str) -> int:
        """The series' sign and its name."""
        style = ink(series_role(entry.index), attributes=BOLD)
        self.cells.put(x, y, entry.sign or series_glyph(entry.index, ascii_only=self.ascii_only), style)
        return self.cells.put(x + 2, y, name)

    def number(self, x: int, y: int, text: str, level: Level) -> int:
        """The number, with the mark of its level behind it; a space where there is none."""
        alarming = level >= Level.WARNING
        style = ink(level_role(level), attributes=BOLD) if alarming else ink()
        x = self.cells.put(x, y, text, style)
        return self.cells.put(x, y, f" {level_mark(level)}" if alarming else "  ", style)


def _longest(names: Sequence[str]) -> int:
    return min(max((text_width(name[:512]) for name in names), default=0), _LONGEST_NAME)


def _draw_single(pen: _Pen, entry: Entry, headings: Sequence[str], instant: str) -> None:
    cells = pen.cells
    numbers = [text.rjust(_NUMBER) for text in entry.numbers]
    first = 4 + len(numbers[0]) + (len(instant) + 1 if instant else 0) if numbers else 0
    room = max(cells.width - 2 - first, 3)
    name = short_names((entry.name,), min(room, _LONGEST_NAME))[0]
    x = pen.name(0, 0, entry, name)
    if numbers and x + first <= cells.width + 2:
        x = cells.put(x + 1, 0, instant, ink(Role.CURSOR)) if instant else x
        x = pen.number(x + 1, 0, numbers[0], entry.level)
    for heading, text in zip(headings[1:], numbers[1:], strict=True):
        if x + 3 + len(heading) + len(text) > cells.width:
            break
        x = cells.put(x + 2, 0, heading, ink(Role.DIM))
        x = cells.put(x + 1, 0, text)


def _draw_table(pen: _Pen, entries: Sequence[Entry], headings: Sequence[str], columns: int) -> None:
    """A line a series and a line of headings, in one or more columns beside each other."""
    cells = pen.cells
    width = cells.width // columns - (2 if columns > 1 else 0)
    sizes = [max(_NUMBER, len(heading), *(len(e.numbers[n]) for e in entries)) for n, heading in enumerate(headings)]
    longest = _longest([entry.name for entry in entries])
    shown = len(headings)
    while shown > 1 and 4 + sum(sizes[:shown]) + 2 * shown + min(longest, 12) > width:
        shown -= 1
    name_width = max(min(longest, width - 4 - sum(sizes[:shown]) - 2 * shown), 3)
    names = short_names(tuple(entry.name for entry in entries), name_width)
    name_width = max(text_width(name) for name in names)
    rows = cells.height - 1
    for n, entry in enumerate(entries):
        left, y = n // rows * (width + 2), n % rows + 1
        pen.name(left, y, entry, names[n])
        x = left + 2 + name_width + 2
        for k in range(shown):
            level = entry.level if k == 0 else Level.NONE
            if y == 1:
                cells.put(x, 0, headings[k].rjust(sizes[k]), ink(Role.DIM))
            x = pen.number(x, y, entry.numbers[k].rjust(sizes[k]), level)


def _draw_grid(pen: _Pen, entries: Sequence[Entry], total: int) -> None:
    """Name and first number of each series, in columns of one width; the last place counts what is left out."""
    cells = pen.cells
    size = max(4, *(len(entry.numbers[0]) if entry.numbers else 0 for entry in entries))
    size = 0 if not any(entry.numbers for entry in entries) else size
    extra = 2 + (1 + size + 2 if size else 0)
    name_width, columns = _grid(total, _longest([entry.name for entry in entries]), extra, cells)
    names = short_names(tuple(entry.name for entry in entries), name_width)
    step = name_width + extra + 1
    places = columns * cells.height if total > len(entries) else min(columns * cells.height, total)
    if places < total:
        free = cells.width - columns * step
        while places > 0 and free < len(_left_out(total - places)):
            places -= 1
            free += step
    for n, entry in enumerate(entries[:places]):
        x, y = n % columns * step, n // columns
        pen.name(x, y, entry, names[n])
        if size:
            pen.number(x + 2 + name_width + 1, y, entry.numbers[0].rjust(size), entry.level)
    if places < total:
        text = _left_out(total - places)
        cells.put(max(cells.width - len(text), 0), cells.height - 1, text, ink(Role.DIM))


def _left_out(count: int) -> str:
    return f"+{count} more"


def _grid(count: int, longest: int, extra: int, cells: Cells) -> tuple[int, int]:
    """(cells of a name, columns): names are shortened as little as is needed to show every series."""
    best = (min(longest, max(cells.width - extra, 1)), max((cells.width + 1) // (longest + extra + 1), 1))
    if best[1] * cells.height >= count:
        return best
    for name_width in range(longest - 1, min(_SHORTEST_NAME, longest) - 1, -1):
        columns = (cells.width + 1) // (name_width + extra + 1)
        if columns * cells.height >= count:
            return name_width, columns
    short = max(min(longest, _SHORTEST_NAME * 2, cells.width - extra - 1 - len(_left_out(count))), 1)
    return min(short, max(cells.width - extra, 1)), max((cells.width + 1) // (short + extra + 1), 1)
