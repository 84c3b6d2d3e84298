"""Cells as plain text."""

from __future__ import annotations

from opsdash.core.view.cells import Cells


def to_text(cells: Cells) -> str:
    """The lines without spaces at their ends, each with a line feed; nothing in it is a control character."""
    return "".join(f"{line.rstrip()}\n" for line in cells.lines())
