"""What the alert screens have in common: their part of the window, their first lines, moving through it."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.text import fit, text_width
from opsdash.core.view.alerts.signs import Said, leads_word, troubles
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.roles import Role
from opsdash.core.view.wrap import wrap
from opsdash.ui.scene import TOP_LINES, Scene

EMPTY = AlertsPicture(at_s=0.0)
BEGIN = (
    "No alert rules yet. Write them under alerts: in the configuration, as in docs/alerts.md, or import those of "
    "Prometheus with `opsdash rules import FILE`; opsdash reads a changed configuration at once."
)
_MOST_TROUBLES = 3
MOVES = {"screen.down": 1, "screen.up": -1, "screen.first": -(1 << 30), "screen.last": 1 << 30}


def picture_of(scene: Scene) -> AlertsPicture:
    """What there is of alerts now; nothing where nothing is evaluated."""
    return scene.snapshot.alerts or EMPTY


def canvas(scene: Scene) -> Cells:
    """The empty body: it covers the panels, not the header, the tabs and the footer."""
    return Cells(*scene.body)


def placed(cells: Cells) -> tuple[int, int, Cells]:
    """Where the body is in the window."""
    return 0, TOP_LINES, cells


def draw_head(cells: Cells, title: str, facts: Sequence[str], picture: AlertsPicture) -> int:
    """The title with its facts, who evaluates, and what is in trouble; returns the first free line."""
    x = cells.put(1, 0, title, ink(Role.TITLE, attributes=BOLD))
    right = leads_word(picture) if cells.width >= 70 else ""
    room = cells.width - x - text_width(right) - 5
    cells.put(x + 2, 0, fit("  ".join(fact for fact in facts if fact), max(room, 0)), ink(Role.DIM))
    if right:
        cells.put(cells.width - text_width(right) - 1, 0, right, ink(Role.DIM))
    y = 1
    for text, role in troubles(picture)[:_MOST_TROUBLES]:
        cells.put(1, y, fit(text, cells.width - 2), ink(role, attributes=BOLD))
        y += 1
    return y


def draw_words(cells: Cells, y: int, text: str, role: Role = Role.DIM) -> None:
    """A text on its own, where there is nothing else to show."""
    for offset, line in enumerate(wrap(text, max(min(cells.width - 6, 100), 12))):
        cells.put(3, y + 1 + offset, line, ink(role))


def draw_said(cells: Cells, y: int, said: Sequence[Said]) -> None:
    """Lines one below the other."""
    for offset, (text, role) in enumerate(said):
        cells.put(1, y + offset, fit(text, cells.width - 2), ink(role))


def moved(command_id: str, at: int, count: int, page: int) -> int | None:
    """The line that is selected after a move, of `count` lines; None where the command is no move."""
    by = MOVES.get(command_id)
    if by is None:
        by = {"screen.page_down": max(page - 1, 1), "screen.page_up": -max(page - 1, 1)}.get(command_id)
    return None if by is None else min(max(at + by, 0), max(count - 1, 0))
