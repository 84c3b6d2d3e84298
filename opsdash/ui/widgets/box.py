"""A framed box in the middle of the window, for what lies over a dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.roles import Role
from opsdash.ui.scene import Scene


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box is in the window, frame included."""

    x: int
    y: int
    w: int
    h: int

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height inside the frame and its margin of one cell on each side."""
        return max(self.w - 4, 1), max(self.h - 2, 1)


def centred(scene: Scene, width: int, height: int) -> Box:
    """A box of this size, or as much of it as the window has."""
    w, h = min(width, max(scene.width - 2, 1)), min(height, max(scene.height - 2, 1))
    return Box((scene.width - w) // 2, max((scene.height - h) // 2, 0), w, h)


def frame(box: Box, title: str, scene: Scene, *, footer: str = "") -> Cells:
    """The empty box: frame, title above, a hint below."""
    cells = Cells(box.w, box.h)
    across, down, corners = ("-", "|", "++++") if scene.ascii_only else ("─", "│", "╭╮╰╯")
    style = ink(Role.ACCENT)
    inside = max(box.w - 2, 0)
    cells.put(0, 0, corners[0] + across * inside + corners[1], style)
    cells.put(0, box.h - 1, corners[2] + across * inside + corners[3], style)
    cells.fill(0, 1, 1, box.h - 2, down, style)
    cells.fill(box.w - 1, 1, 1, box.h - 2, down, style)
    cells.put(2, 0, f" {fit(title, max(box.w - 6, 0))} ", ink(Role.TITLE, attributes=BOLD))
    if footer and box.w > 12:
        text = f" {fit(footer, box.w - 6)} "
        cells.put(max(box.w - text_width(text) - 2, 1), box.h - 1, text, ink(Role.DIM))
    return cells
