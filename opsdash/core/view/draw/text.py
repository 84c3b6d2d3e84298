"""Draws the inside of a text panel: the text as it is written, never as markup."""

from __future__ import annotations

from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import wrap


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The text, wrapped at words, from line `look.scroll` on; the last line says where one is when it does not fit."""
    cells = Cells(width, height)
    lines = _lines(view, width)
    if len(lines) <= height:
        shown, first = lines, 0
    else:
        room = height - 1 if height > 2 else height
        first = min(max(look.scroll, 0), len(lines) - room)
        shown = lines[first : first + room]
        if height > 2:
            said = f"lines {first + 1}–{first + len(shown)} of {len(lines)}"
            cells.put(0, height - 1, said.replace("–", "-") if look.ascii_only else said, ink(Role.DIM))
    for y, line in enumerate(shown):
        cells.put(0, y, line)
    return cells


def _lines(view: PanelView, width: int) -> tuple[str, ...]:
    return wrap(view.spec.text.rstrip("\n"), max(width, 0)) if view.spec.text else ()
