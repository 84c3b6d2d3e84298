"""Draws one panel, whatever its kind, as cells."""

from __future__ import annotations

from opsdash.core.view.cells import Cells
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView


def paint(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The whole panel with its frame, title, state and content, in exactly `width` × `height` cells."""
    raise NotImplementedError
