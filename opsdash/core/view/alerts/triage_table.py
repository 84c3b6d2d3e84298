"""The triage table: what fires, worst first, on lines that do not move. Only lines that are seen are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.text import fit, text_width
from opsdash.core.view.alerts.grid import (
    GridColumn,
    PlacedColumn,
    Word,
    draw_heading,
    draw_row,
    draw_selection,
    first_shown,
    placed,
)
from opsdash.core.view.alerts.signs import is_calm, sign_of, unseen_for_s
from opsdash.core.view.alerts.trends import TREND_S, trend_of
from opsdash.core.view.alerts.words import owner_word, pending_word, since_word, threshold_word, value_word
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.roles import Role
from opsdash.core.view.sparkline import sparkline

MARGIN = 2
"""For the arrow of the selected line."""
_NUMBER, _SINCE, _SIGN, _ALERT, _WHERE, _VALUE, _THRESHOLD, _TREND, _OWNER, _RUNBOOK = range(10)
COLUMNS = (
    GridColumn(title="#", width=3, right=True),
    GridColumn(title="since", width=5, right=True),
    GridColumn(title="", width=1),
    GridColumn(title="alert", width=15, grows=2, most=32),
    GridColumn(title="where", width=10, grows=2, most=30),
    GridColumn(title="value", width=8, right=True),
    GridColumn(title="threshold", width=9, rank=2),
    GridColumn(title="trend", width=12, rank=3),
    GridColumn(title="owner", width=11, grows=1, most=18),
    GridColumn(title="runbook", width=20, rank=4, grows=5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """How the table is looked at."""

    now_s: float
    selected: int = 0
    top: int = 0
    """The first line that was shown before."""
    ascii_only: bool = False


def draw_table(lines: Sequence[AlertLine], picture: AlertsPicture, width: int, height: int, look: TableLook) -> Cells:
    """A heading and as many lines as fit, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 12 or height < 1:
        return cells
    columns = placed(COLUMNS, width - MARGIN - 1)
    draw_heading(cells, MARGIN, 0, columns)
    first = first_shown(look.selected, len(lines), height - 1, look.top)
    for y, line in enumerate(lines[first : first + max(height - 1, 0)], start=1):
        index = first + y - 1
        is_selected = index == look.selected
        if is_selected:
            draw_selection(cells, y, ascii_only=look.ascii_only)
        ground = Role.SELECTION if is_selected else Role.GROUND
        draw_row(cells, MARGIN, y, columns, _words(index, line, picture, look), ground)
        if line.alert.phase is Phase.PENDING:
            _draw_pending(cells, y, columns, pending_word(line, look.now_s), ground)
    return cells


def _draw_pending(cells: Cells, y: int, columns: Sequence[PlacedColumn], text: str, ground: Role) -> None:
    """Over value and threshold: a pending alert has waited for a part of its `for`."""
    ours = [place for place in columns if place.index in (_VALUE, _THRESHOLD)]
    x, end = ours[0].x, ours[-1].x + ours[-1].w
    cells.put(MARGIN + x, y, fit(text, end - x), ink(Role.DIM, ground))


def _words(index: int, line: AlertLine, picture: AlertsPicture, look: TableLook) -> list[Word]:
    alert = line.alert
    sign, role = sign_of(line)
    calm = is_calm(line)
    name = Role.DIM if calm else Role.TEXT
    bold = 0 if calm else BOLD
    is_pending, is_over = alert.phase is Phase.PENDING, alert.phase is Phase.RESOLVED
    owned = Role.ACKNOWLEDGED if line.ack is not None else Role.DIM
    value, value_role = _value(line, picture, look)
    return [
        Word(text=str(index + 1), role=Role.ACCENT if index < 9 else Role.DIM),
        Word(text=since_word(alert, look.now_s), role=name),
        Word(text=sign, role=role, attributes=bold),
        Word(text=alert.name, role=name, attributes=bold),
        Word(text=line.where, role=name),
        Word(text="" if is_pending else "over" if is_over else value, role=Role.DIM if is_over else value_role),
        Word(text="" if is_pending or is_over else threshold_word(line), role=Role.DIM),
        Word(text=_trend(line, picture, look), role=Role.DIM if calm else role),
        Word(text="" if is_over else owner_word(line, look.now_s), role=owned),
        Word(text=line.runbook, role=Role.DIM),
    ]


def _value(line: AlertLine, picture: AlertsPicture, look: TableLook) -> tuple[str, Role]:
    """The value; marked as late where nobody could see it lately."""
    value, role = value_word(line), sign_of(line)[1]
    if unseen_for_s(line, picture, look.now_s) is None:
        return value, role
    marked = f"⟲ {value}"
    return (marked if text_width(marked) <= COLUMNS[_VALUE].width else value), Role.LATE


def _trend(line: AlertLine, picture: AlertsPicture, look: TableLook) -> str:
    found = trend_of(line, picture)
    if found is None:
        return ""
    window, row = found
    axis = (look.now_s - TREND_S, look.now_s)
    return sparkline(window, row, COLUMNS[_TREND].width, axis, ascii_only=look.ascii_only)
