"""The history of one alert: what happened to it and who did what, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from opsdash.core.audit import Entry
from opsdash.core.text import fit
from opsdash.core.view.alerts.words import day_clock, one_line
from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role

_SIGNS = {
    "alert.firing": ("●", Role.CRITICAL), "alert.pending": ("…", Role.DIM), "alert.resolved": ("·", Role.OK),
    "alert.gone": ("·", Role.DIM), "alert.severity": ("▲", Role.WARNING), "mark.acknowledged": ("✓", Role.ACKNOWLEDGED),
    "mark.assigned": ("✓", Role.ACKNOWLEDGED),
}  # fmt: skip
_FAMILIES = {
    "mark": ("›", Role.ACCENT), "silence": ("z", Role.DIM), "notify": ("→", Role.DIM),
    "escalation": ("↑", Role.WARNING),
    "alert": ("▲", Role.WARNING),
}  # fmt: skip
NARROW = 60


def draw_timeline(  # noqa: PLR0913, PLR0917 - a list has a size, a time and a first line
    entries: Sequence[Entry], width: int, height: int, now_s: float, zone: tzinfo, top: int = 0
) -> Cells:
    """As many entries as fit from `top` on, a line each, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    for y, entry in enumerate(entries[top : top + max(height, 0)]):
        _draw_entry(cells, y, entry, now_s, zone)
    return cells


def _draw_entry(cells: Cells, y: int, entry: Entry, now_s: float, zone: tzinfo) -> None:
    new = entry.entry
    sign, role = sign_of_kind(new.kind)
    at = day_clock(new.at_s, now_s, zone, seconds=True)
    x = cells.put(0, y, f"{at:>14}", ink(Role.DIM)) + 1
    if cells.width >= NARROW:
        x = cells.put(x, y, f"{age_text(now_s - new.at_s):>4}", ink(Role.DIM)) + 1
    x = cells.put(x, y, sign, ink(role)) + 1
    cells.put(x, y, f"{fit(one_line(new.actor), 10):<10}", ink(Role.DIM))
    x += 11
    cells.put(x, y, fit(one_line(new.text), max(cells.width - x, 0)), ink(Role.TEXT))


def sign_of_kind(kind: str) -> tuple[str, Role]:
    """The mark of a kind of entry."""
    return _SIGNS.get(kind) or _FAMILIES.get(kind.partition(".")[0], ("·", Role.DIM))
