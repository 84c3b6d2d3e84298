"""Draws the inside of a log panel: the newest row at the top, older ones below, as one reads a page.

Row 0 is always the newest, so a panel that is not scrolled follows the log, and older pages are added at the
end without moving anything. An expanded row shows its whole message and its fields, one a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import accumulate, islice

from opsdash.core.metrics.answers import LogRow
from opsdash.core.text import char_width, clean, fit, text_width
from opsdash.core.view.cells import BOLD, REVERSE, Cells, ink
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.log_rows import (
    LogRows,
    column_width,
    field_of,
    level_of_row,
    message_of,
    needle,
    rows_of,
    shown,
)
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import pad, wrap

_LONGEST_EXPANDED = 16_384
"""Characters of one message or field that an expanded row shows."""
_MOST_FIELDS = 500
_WIDE, _NARROW = 60, 40
"""From these widths on: milliseconds and a date; a column for the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the parts of a row stand, the same for all rows."""

    zone: tzinfo
    dated: bool
    millis: bool
    columns: tuple[tuple[str, int], ...]
    message_x: int
    width: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One line on the screen: of which row, and what; `name` is set for a field of an expanded row."""

    row: int
    text: str = ""
    name: str = ""
    is_head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """What drawing a row needs to know."""

    cells: Cells
    layout: _Layout
    look: Look
    pattern: re.Pattern[str] | None


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The rows from `look.scroll` on; the selected row is always in sight."""
    cells = Cells(width, height)
    found = rows_of(view, look)
    if width < 1 or height < 1 or not found.rows:
        if not found.total:
            cells.put(0, 0, fit("no log rows in the answer", width), ink(Role.DIM))
        elif not found.rows:
            cells.put(0, 0, fit(f"none of {found.total:,} rows contains {look.filter}", width), ink(Role.DIM))
        return cells
    layout = _layout(found, width, look)
    counts = _line_counts(found, layout, look)
    body = height - 1 if sum(counts) > height > 2 else height
    lines = _lines(found, layout, look, counts)
    first = _first_line(counts, look, body)
    shown_lines = list(islice(lines, first, first + body))
    picture = _Picture(cells=cells, layout=layout, look=look, pattern=needle(look.filter))
    for y, line in enumerate(shown_lines):
        _draw_line(picture, y, line, found.rows[line.row])
    if body < height:
        _draw_footer(cells, found, shown_lines, look)
    return cells


def _layout(found: LogRows, width: int, look: Look) -> _Layout:
    newest = found.rows[:1000]
    today = _local(look.now_s, look.zone).date()
    dated = any(_local(row.at_s, look.zone).date() != today for row in (newest[0], newest[-1])) if newest else False
    millis = width >= _WIDE or (width >= _NARROW and not dated)
    x = _time_width(dated=dated, millis=millis) + 3
    columns: list[tuple[str, int]] = []
    for name in found.fields if width >= _NARROW else ():
        cells = column_width(newest, name, 16)
        if cells and x + cells + 1 <= width // 2:
            columns.append((name, cells))
            x += cells + 1
    return _Layout(
        zone=look.zone, dated=dated, millis=millis, columns=tuple(columns), message_x=min(x, width), width=width
    )


def _time_width(*, dated: bool, millis: bool) -> int:
    return 8 + (4 if millis else 0) + (6 if dated else 0)


def _local(at_s: float, zone: tzinfo) -> datetime:
    try:
        return datetime.fromtimestamp(at_s, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)


def _time(at_s: float, layout: _Layout) -> str:
    moment = _local(round(at_s, 3), layout.zone)
    text = f"{moment:%H:%M:%S}"
    if layout.millis:
        text += f".{moment.microsecond // 1000:03d}"
    return f"{moment:%m-%d} {text}" if layout.dated else text


def _line_counts(found: LogRows, layout: _Layout, look: Look) -> list[int]:
    return [1 + len(_details(row, layout)) if row.id in look.expanded else 1 for row in found.rows]


def _first_line(counts: list[int], look: Look, body: int) -> int:
    first = min(max(look.scroll, 0), max(sum(counts) - body, 0))
    if look.row is None or not counts:
        return first
    row = min(max(look.row, 0), len(counts) - 1)
    starts = list(accumulate(counts, initial=0))
    top, bottom = starts[row], starts[row + 1]
    if top >= first + body:
        return min(top, bottom - body) if bottom - top <= body else top
    return top if bottom <= first else first


def _details(row: LogRow, layout: _Layout) -> list[tuple[str, str]]:
    """What an expanded row shows below its first line: (field, text) pairs, a field's name only on its first line.

    A message that its first line shows whole is not said twice.
    """
    room = max(layout.width - 2, 1)
    message = message_of(row)
    lines = [("", line) for line in wrap(_bounded(message), room)] if row.message else []
    if len(lines) == 1 and text_width(message) <= layout.width - layout.message_x:
        lines = []
    fields = list(row.fields.items())[:_MOST_FIELDS]
    if row.level and "level" not in row.fields:
        fields.insert(0, ("level", row.level))
    gutter = min(max((text_width(name[:64]) for name, _ in fields), default=0), max(room // 3, 1))
    for name, value in fields:
        texts = wrap(_bounded(shown(value)), max(room - gutter - 1, 1)) or ("",)
        lines.extend((pad(name if n == 0 else "", gutter), text) for n, text in enumerate(texts))
    return lines


def _bounded(text: str) -> str:
    if len(text) <= _LONGEST_EXPANDED:
        return text
    return f"{text[:_LONGEST_EXPANDED]}… {len(text) - _LONGEST_EXPANDED:,} more characters"


def _lines(found: LogRows, layout: _Layout, look: Look, counts: list[int]) -> Iterator[_Line]:
    """Every line there is, made when it is reached."""
    for number, (row, count) in enumerate(zip(found.rows, counts, strict=True)):
        yield _Line(number, is_head=True)
        if count > 1 and row.id in look.expanded:
            yield from (_Line(number, text=text, name=name) for name, text in _details(row, layout))


def _draw_line(picture: _Picture, y: int, line: _Line, row: LogRow) -> None:
    cells, look = picture.cells, picture.look
    ground = Role.SELECTION if look.row == line.row else Role.GROUND
    if look.row == line.row:
        cells.fill(0, y, cells.width, 1, " ", ink(Role.TEXT, ground))
    level = level_of_row(row.level)
    if line.is_head:
        _draw_head(picture, y, row, ground)
        if look.row == line.row:
            x = _time_width(dated=picture.layout.dated, millis=picture.layout.millis)
            cells.put(x, y, ">" if look.ascii_only else "❯", ink(Role.ACCENT, ground, BOLD))
        return
    bar = "|" if look.ascii_only else "│"
    cells.put(0, y, bar, ink(_mark_role(level), ground))
    x = cells.put(2, y, line.name, ink(Role.DIM, ground)) + (1 if line.name else 0)
    _put_marked(picture, (x, y), line.text, ink(Role.TEXT, ground))


def _draw_head(picture: _Picture, y: int, row: LogRow, ground: Role) -> None:
    cells, layout = picture.cells, picture.layout
    level = level_of_row(row.level)
    x = cells.put(0, y, _time(row.at_s, layout), ink(Role.DIM, ground))
    mark = _mark(level, ascii_only=picture.look.ascii_only)
    cells.put(x + 1, y, mark, ink(_mark_role(level), ground, BOLD if level >= Level.WARNING else 0))
    x += 3
    for name, room in layout.columns:
        cells.put(x, y, fit(field_of(row, name), room), ink(Role.ACCENT, ground))
        x += room + 1
    text = fit(message_of(row).lstrip(), cells.width - layout.message_x)
    _put_marked(picture, (layout.message_x, y), text, ink(Role.TEXT, ground))


def _mark(level: Level, *, ascii_only: bool) -> str:
    if level is Level.OK:
        return "." if ascii_only else "·"
    return level_mark(level, ascii_only=ascii_only)


def _mark_role(level: Level) -> Role:
    return Role.DIM if level in {Level.OK, Level.NONE} else level_role(level)


def _put_marked(picture: _Picture, at: tuple[int, int], text: str, style: int) -> None:
    """Writes the text, with what the filter finds in reverse."""
    text = clean(text)
    x, y = at
    picture.cells.put(x, y, text, style)
    for match in picture.pattern.finditer(text) if picture.pattern is not None else ():
        start = x + sum(char_width(char) for char in text[: match.start()])
        if start >= picture.cells.width:
            break
        picture.cells.put(start, y, match[0], style | REVERSE)


def _draw_footer(cells: Cells, found: LogRows, lines: list[_Line], look: Look) -> None:
    """Which rows these are: `rows 1–7 of 200`, and of how many when a filter is set."""
    said = f"rows {lines[0].row + 1}–{lines[-1].row + 1} of {len(found.rows):,}"
    if len(found.rows) < found.total:
        said += f" that match, {found.total:,} in all"
    if look.newer:
        said += f" · {look.newer:,} newer" + (", home" if look.maximised else "")
    said = said.replace("–", "-") if look.ascii_only else said
    cells.put(0, cells.height - 1, fit(said, cells.width), ink(Role.DIM))
