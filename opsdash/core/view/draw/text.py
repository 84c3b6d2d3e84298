"""Draws the inside of a text panel."""

from __future__ import annotations

from opsdash.core.view.cells import Cells
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The content in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    cells.put(0, 0, view.message or view.spec.text or ", ".join(x for q in view.queries for x in q.legends))
    return cells
