"""The history of one alert: what happened to it and who did what, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from opsdash.core.alerting.rules import AlertRule
from opsdash.core.alerting.severity import Severity
from opsdash.core.audit import Entry, JsonScalar, NewEntry
from opsdash.core.text import fit
from opsdash.core.view.alerts.signs import severity_sign
from opsdash.core.view.alerts.words import day_clock, held_words, one_line
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
    entries: Sequence[Entry], width: int, height: int, now_s: float, zone: tzinfo, top: int = 0,
    rule: AlertRule | None = None,
) -> Cells:  # fmt: skip
    """As many entries as fit from `top` on, a line each, in exactly `width` × `height` cells.

    `rule`: whose unit the values have.
    """
    cells = Cells(width, height)
    for y, entry in enumerate(entries[top : top + max(height, 0)]):
        _draw_entry(cells, y, entry, now_s, zone, rule)
    return cells


def _draw_entry(  # noqa: PLR0913, PLR0917 - an entry has a line, a time and a unit
    cells: Cells, y: int, entry: Entry, now_s: float, zone: tzinfo, rule: AlertRule | None
) -> None:
    new = entry.entry
    sign, role = _sign_of(new)
    at = day_clock(new.at_s, now_s, zone, seconds=True)
    x = cells.put(0, y, f"{at:>14}", ink(Role.DIM)) + 1
    if cells.width >= NARROW:
        x = cells.put(x, y, f"{age_text(now_s - new.at_s):>4}", ink(Role.DIM)) + 1
    x = cells.put(x, y, sign, ink(role)) + 1
    cells.put(x, y, f"{fit(one_line(new.actor), 10):<10}", ink(Role.DIM))
    x += 11
    cells.put(x, y, fit(said_of(new, rule), max(cells.width - x, 0)), ink(Role.TEXT))


def sign_of_kind(kind: str) -> tuple[str, Role]:
    """The mark of a kind of entry."""
    return _SIGNS.get(kind) or _FAMILIES.get(kind.partition(".")[0], ("·", Role.DIM))


_MOVES = {"alert.pending": "is wrong,", "alert.firing": "fires,", "alert.severity": "is now"}
_BAD = {"critical": Severity.CRITICAL, "warning": Severity.WARNING, "info": Severity.INFO}


def _sign_of(new: NewEntry) -> tuple[str, Role]:
    """The mark of an entry: one that fires has that of its severity."""
    severity = _BAD.get(str(new.data.get("severity")))
    if severity is not None and new.kind in ("alert.firing", "alert.severity"):
        return severity_sign(severity)
    return sign_of_kind(new.kind)


def said_of(new: NewEntry, rule: AlertRule | None) -> str:
    """What happened, clean; the value of an alert's move in the unit of its rule, as everywhere else on the screen.

    The log has plain numbers: it outlives the rule.
    """
    text, data = one_line(new.text), new.data
    value, threshold = _finite(data.get("value")), _finite(data.get("threshold"))
    if rule is None or value is None or data.get("cause") != "value" or data.get("why"):
        return text
    move = _MOVES.get(new.kind)
    if move is None:
        return text
    is_below = threshold is not None and text.endswith(f" below {threshold:.6g}")
    held = held_words(value, threshold, rule, below=is_below)
    return f"{move} {one_line(str(data.get('severity', '')))}: {held}"


def _finite(value: JsonScalar) -> float | None:
    """A finite number of an entry's data; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
