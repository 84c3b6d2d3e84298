"""Draws the inside of an `slo` panel: budgets and burn rates."""

from __future__ import annotations

from opsdash.core.view.alerts.slo_table import draw_slos
from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import wrap


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """A line an SLO, in exactly `width` × `height` cells."""
    picture = view.alerts
    words = look.filter.casefold()
    slos = tuple(slo for slo in picture.slos if words in slo.name.casefold()) if picture is not None else ()
    if picture is not None and slos:
        return draw_slos(slos, width, height, picture.at_s, ascii_only=look.ascii_only)
    cells = Cells(width, height)
    text = f"{look.filter} is in no SLO" if words else "no SLOs yet: write them under slos: in the configuration"
    for y, line in enumerate(wrap(text, max(width - 2, 1))[: max(height, 0)]):
        cells.put(1, y, line, ink(Role.DIM))
    return cells
