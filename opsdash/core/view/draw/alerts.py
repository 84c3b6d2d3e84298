"""Draws the inside of an `alerts` panel: what fires and passes its filters, worst first."""

from __future__ import annotations

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.matchers import all_match
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.view.alerts.signs import troubles
from opsdash.core.view.alerts.triage_table import TableLook, draw_table
from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import wrap


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The lines of the triage table that the panel asks for, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    picture = view.alerts
    if picture is None:
        _say(cells, "no alert rules yet: write them under alerts: in the configuration")
        return cells
    said = troubles(picture)[: max(height - 2, 0)]
    for y, (text, role) in enumerate(said):
        cells.put(0, y, text, ink(role), width=width)
    lines = lines_of(view, look)
    room = height - len(said)
    if not lines:
        body = Cells(width, room)
        _say(body, f"{look.filter} is in no alert" if look.filter else "nothing fires here")
    else:
        selected = -1 if look.row is None else min(look.row, len(lines) - 1)
        table = TableLook(now_s=picture.at_s, selected=selected, top=look.scroll, ascii_only=look.ascii_only)
        body = draw_table(lines, picture, width, room, table)
    cells.blit(0, len(said), body)
    return cells


def lines_of(view: PanelView, look: Look) -> tuple[AlertLine, ...]:
    """What the panel shows: firing and pending, by severity and matchers, and by what is typed."""
    spec, picture = view.spec, view.alerts
    if picture is None:
        return ()
    words = look.filter.casefold()
    return tuple(
        line
        for line in picture.lines
        if line.alert.phase is not Phase.RESOLVED
        and line.alert.severity >= spec.severity
        and (not spec.matchers or all_match(spec.matchers, line.alert.labels))
        and (not words or words in f"{line.alert.name} {line.where}".casefold())
    )


def _say(cells: Cells, text: str) -> None:
    lines = wrap(text, max(cells.width - 2, 1))[: max(cells.height, 0)]
    for n, line in enumerate(lines):
        cells.put(1, max((cells.height - len(lines)) // 2, 0) + n, line, ink(Role.DIM))
