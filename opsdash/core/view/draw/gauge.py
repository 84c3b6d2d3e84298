"""Draws the inside of a gauge panel."""

from __future__ import annotations

from opsdash.core.view.cells import Cells
from opsdash.core.view.drawn import drawn_series
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.units import format_value


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """One value a line."""
    cells = Cells(width, height)
    y = 0
    for part in drawn_series(view, look):
        for name, value in zip(part.names, part.numbers(view.spec.calc), strict=True):
            cells.put(0, y, f"{format_value(value, part.unit, view.spec.decimals):>8} {name}")
            y += 1
    return cells
