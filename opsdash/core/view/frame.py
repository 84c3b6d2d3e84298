"""The frame of a panel: title at the left, marks at the right, what was cut at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.palette import WAITING_MARK, age_text, state_mark, state_role
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView

SMALLEST = (4, 3)
"""A panel of fewer columns or rows has no frame."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign with a word in the title line."""

    text: str
    role: Role
    short: str = ""
    """What stands there when there is no room for the text."""


@dataclass(frozen=True, slots=True)
class _Style:
    corners: str
    horizontal: str
    vertical: str


_CALM = _Style("╭╮╰╯", "─", "│")
_STALE = _Style("╭╮╰╯", "┄", "┆")
_FOCUSED = _Style("┏┓┗┛", "━", "┃")
_FOCUSED_STALE = _Style("┏┓┗┛", "┅", "┇")


def _style(view: PanelView, look: Look) -> tuple[_Style, int]:
    stale = view.state is Freshness.STALE
    if look.focused:
        return (_FOCUSED_STALE if stale else _FOCUSED), ink(Role.ACCENT)
    return (_STALE if stale else _CALM), ink(Role.FRAME)


def draw_frame(cells: Cells, view: PanelView, look: Look, marks: Sequence[Mark], *, with_message: bool) -> None:
    """Draws the frame on the rim of the canvas; the inside is left as it is.

    The view's message stands in the bottom line `with_message`, else only what was cut.
    """
    style, line = _style(view, look)
    width, height = cells.width, cells.height
    for y in (0, height - 1):
        cells.fill(0, y, width, 1, style.horizontal, line)
    for x in (0, width - 1):
        cells.fill(x, 0, 1, height, style.vertical, line)
    for corner, x, y in zip(style.corners, (0, width - 1) * 2, (0, 0, height - 1, height - 1), strict=True):
        cells.fill(x, y, 1, 1, corner, line)
    _title_line(cells, view, look, marks)
    _bottom_line(cells, view, with_message=with_message)


def _title_line(cells: Cells, view: PanelView, look: Look, marks: Sequence[Mark]) -> None:
    room = cells.width - 4
    texts = _fitting(marks, room, text_width(view.spec.title))
    used = sum(text_width(text) + 1 for text, _ in texts)
    if used:
        x = cells.width - 2 - used
        cells.put(x, 0, " ")
        x += 1
        for text, role in texts:
            x = cells.put(x, 0, text, ink(role, attributes=BOLD))
            x = cells.put(x, 0, " ")
    space = room - used - (2 if used else 0)
    title = fit(view.spec.title, space)
    if title:
        cells.put(1, 0, f" {title} ", ink(Role.TITLE, attributes=BOLD if look.focused else 0), width=cells.width - 2)


def _fitting(marks: Sequence[Mark], room: int, title: int) -> list[tuple[str, Role]]:
    """The marks, shortened from the first on until the title keeps a third of the line (or all that it needs)."""
    texts = [(mark.text, mark.role) for mark in marks if mark.text]
    limit = max(room - min(title, room // 2) - 2, 1)
    for n, mark in enumerate(mark for mark in marks if mark.text):
        if sum(text_width(text) + 1 for text, _ in texts) <= limit:
            break
        others = sum(text_width(text) + 1 for k, (text, _) in enumerate(texts) if k != n)
        cut = fit(mark.text, max(limit - others - 1, 0))
        texts[n] = (cut if text_width(cut) > 4 else mark.short or mark.text[:1], mark.role)
    while texts and sum(text_width(text) + 1 for text, _ in texts) > max(room, 1):
        texts.pop(0)
    return texts


def _bottom_line(cells: Cells, view: PanelView, *, with_message: bool) -> None:
    """What went wrong while values are still shown, then what was cut and what the server warned about."""
    x, end = 2, cells.width - 2
    parts = [(note, Role.DIM) for note in view.notes]
    if with_message and view.message and view.state is not Freshness.FRESH:
        parts.insert(0, (view.message, state_role(view.state)))
    y = cells.height - 1
    if not parts or end - x < 4:
        return
    cells.put(1, y, " ")
    for n, (text, role) in enumerate(parts):
        if n and end - x < 8:
            break
        x = cells.put(x, y, " · ", ink(Role.DIM)) if n else x
        x = cells.put(x, y, fit(text, end - x), ink(role))
    cells.put(x, y, " ", width=cells.width - 1 - x)


def state_marks(view: PanelView) -> list[Mark]:
    """How much the panel can be trusted, as a sign and a word; nothing when it is fresh."""
    earlier = [Mark(f"vs {age_text(view.compare_s)} ago", Role.COMPARE, "vs")] if view.compare_s else []
    if view.waiting:
        return [Mark(WAITING_MARK, Role.DIM)]
    sign = state_mark(view.state)
    role = state_role(view.state)
    age = "" if view.age_s is None else f" {age_text(view.age_s)}"
    match view.state:
        case Freshness.FRESH:
            return earlier
        case Freshness.LATE:
            return [*earlier, Mark(f"{sign}{age}", role, sign)]
        case Freshness.STALE:
            return [Mark(f"{sign} stale{age}", role, f"{sign}{age}")]
        case Freshness.NO_DATA:
            return [Mark(f"{sign} no data", role, sign)]
        case Freshness.ERROR:
            return [Mark(f"{sign} error", role, sign)]
