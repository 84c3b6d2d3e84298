"""The card of one alert: what it says, how it came to be, who has it, what it costs, what could be done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.alerting.rules import BurnRate
from opsdash.core.duration import format_duration
from opsdash.core.text import clean, fit, text_width
from opsdash.core.view.alerts.chart import draw_chart
from opsdash.core.view.alerts.signs import Said, data_age_s, severity_sign, sign_of, unseen_for_s
from opsdash.core.view.alerts.trends import TREND_S, trend_of
from opsdash.core.view.alerts.words import (
    annotation,
    clock,
    day_clock,
    labels_text,
    length_word,
    one_line,
    since_s,
    threshold_word,
    told_by,
    value_word,
)
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role
from opsdash.core.view.sparkline import sparkline
from opsdash.core.view.wrap import wrap

MOST_ACTIONS = 9
"""As many as there are digits."""
BY_HAND = "   (to do by hand)"
_LEAST_CHART = 4
_WHO = 20
_WIDE = 100
"""From here on there is room for the age of the data beside the title."""
_LAST_HOUR = "Last hour "


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLook:
    """How the card is looked at."""

    now_s: float
    zone: tzinfo = UTC
    ascii_only: bool = False
    monochrome: bool = False


def draw_card(line: AlertLine, picture: AlertsPicture, width: int, height: int, look: CardLook) -> Cells:
    """The card with its frame, in exactly `width` × `height` cells; the chart takes what the words leave."""
    cells = Cells(width, height)
    if width < 12 or height < 3:
        return cells
    _frame(cells, line)
    inner, rows = width - 4, height - 2
    above, below = _above(line, picture, inner, look), _below(line, picture, inner, look)
    while above and len(above) + len(below) > rows:
        below = below[:-1] if len(below) > 1 else below
        if len(below) <= 1 and len(above) + len(below) > rows:
            above = above[:-1]
    y = 1
    for text, role in above:
        cells.put(2, y, fit(text, inner), ink(role))
        y += 1
    _draw_history(cells, line, picture, (y, height - 1 - len(below) - y), look)
    for offset, (text, role) in enumerate(below):
        cells.put(2, height - 1 - len(below) + offset, fit(text, inner), ink(role))
    _age(cells, line, picture, look)
    return cells


def _draw_history(
    cells: Cells, line: AlertLine, picture: AlertsPicture, place: tuple[int, int], look: CardLook
) -> None:
    """The last hour in the lines that are free: a chart, in fewer lines a sparkline, else why there is none."""
    (y, rows), inner = place, cells.width - 4
    found = trend_of(line, picture)
    if rows < 1:
        return
    if found is None:
        cells.put(2, y, fit(_no_chart(line), inner), ink(Role.DIM))
    elif rows >= _LEAST_CHART:
        size = (inner, rows)
        cells.blit(2, y, draw_chart(line, found, size, look.now_s, look.zone, ascii_only=look.ascii_only))
    else:
        axis = (look.now_s - TREND_S, look.now_s)
        x = cells.put(2, y + rows - 1, _LAST_HOUR, ink(Role.DIM))
        bars = sparkline(*found, max(inner + 2 - x, 0), axis, ascii_only=look.ascii_only)
        cells.put(x, y + rows - 1, bars, ink(severity_sign(line.alert.severity)[1]))


def _no_chart(line: AlertLine) -> str:
    """Why there is no curve: an Alertmanager tells that something is wrong, and not how much."""
    if not line.alert.origin:
        return "no history of it yet: it is asked for while it is selected"
    at = f"; look into it at {one_line(line.alert.generator)}" if line.alert.generator else ""
    return f"an Alertmanager tells no values{at}"


def _frame(cells: Cells, line: AlertLine) -> None:
    width, height = cells.width, cells.height
    style = ink(Role.FRAME)
    for y, left, right in ((0, "╭", "╮"), (height - 1, "╰", "╯")):
        cells.fill(0, y, width, 1, "─", style)
        cells.fill(0, y, 1, 1, left, style)
        cells.fill(width - 1, y, 1, 1, right, style)
    for x in (0, width - 1):
        cells.fill(x, 1, 1, height - 2, "│", style)
    sign, role = sign_of(line)
    x = cells.put(1, 0, " ")
    x = cells.put(x, 0, f"{sign} ", ink(role, attributes=BOLD))
    title = " · ".join(part for part in (line.alert.name, line.where) if part)
    x = cells.put(
        x, 0, fit(title, max(width - x - (31 if width >= _WIDE else 14), 4)), ink(Role.TITLE, attributes=BOLD)
    )
    cells.put(x, 0, " ", width=width - 1 - x)


def _age(cells: Cells, line: AlertLine, picture: AlertsPicture, look: CardLook) -> None:
    """At the right of the title: when this was true, and how old what it rests on was by then."""
    old_s = data_age_s(line, picture, look.now_s) if cells.width >= _WIDE else None
    data = f", data {age_text(old_s)} old" if old_s is not None else ""
    word = f" {clock(picture.at_s, look.zone)}{data} "
    at = cells.width - 2 - text_width(word)
    if cells.width >= 40:
        cells.put(at, 0, word, ink(Role.DIM))


def _above(line: AlertLine, picture: AlertsPicture, width: int, look: CardLook) -> list[Said]:
    """What it says of itself, then how it stands."""
    alert = line.alert
    said = annotation(alert, "summary") or annotation(alert, "description") or labels_text(alert.labels)
    lines: list[Said] = [(text, Role.TEXT) for text in wrap(said, max(width, 12))[:2]]
    if annotation(alert, "summary") and (more := annotation(alert, "description")) and more != said:
        lines += [(text, Role.DIM) for text in wrap(more, max(width, 12))[:1]]
    if alert.message:
        lines.append((f"the source says: {one_line(alert.message)}", Role.NO_DATA))
    unseen_s = unseen_for_s(line, picture, look.now_s)
    role = severity_sign(alert.severity)[1] if unseen_s is None else Role.LATE
    lines.append((standing_text(line, look.now_s, look.zone, unseen_s), role))
    return lines


def standing_text(line: AlertLine, now_s: float, zone: tzinfo, unseen_s: float | None = None) -> str:
    """`critical, firing 6m since 14:02:31: now 5.8% > 5%`: the summary is as old as its last move, this is not.

    `unseen_s`: for so long its rule has had no answer; then there is no now.
    """
    alert = line.alert
    since = day_clock(since_s(alert), now_s, zone, seconds=True)
    age = age_text(now_s - since_s(alert))
    held = _held(line)
    match alert.phase:
        case Phase.PENDING:
            left = (line.rule.for_s if line.rule is not None else 0.0) - (now_s - alert.active_at_s)
            return f"pending {age}, fires in {length_word(max(left, 0.0))} if it stays: {held}"
        case Phase.RESOLVED:
            return f"over since {since} ({age} ago)"
        case Phase.FIRING:
            seen = f"{held} when last seen, {age_text(unseen_s)} ago" if unseen_s is not None else f"now {held}"
            return f"{alert.severity.word}, firing {age} since {since}: {held if alert.origin else seen}"


def _held(line: AlertLine) -> str:
    """The value and what it is held against; of another's alert, whose it is."""
    if line.alert.origin:
        return told_by(line.alert)
    return " ".join(word for word in (value_word(line), threshold_word(line)) if word)


def _below(line: AlertLine, picture: AlertsPicture, width: int, look: CardLook) -> list[Said]:
    said: list[Said] = []
    if budget := budget_text(line, picture):
        said.append((budget, Role.TEXT))
    said += marks_said(line, look.now_s, look.zone)
    if line.runbook:
        said.append((f"Runbook   {one_line(line.runbook)}", Role.TEXT))
    if actions := suggested(line, width):
        said.append((actions, Role.DIM))
    return said


def budget_text(line: AlertLine, picture: AlertsPicture) -> str:
    """`Budget    12% of 30d left; burning 14.9×, gone in 5h`; empty for what is no SLO's."""
    slo = slo_of(line, picture)
    burn = line.burn_rate
    if slo is None:
        return f"Budget    burning {burn:.1f}× as fast as it may" if burn is not None and math.isfinite(burn) else ""
    parts = []
    if math.isfinite(slo.budget_left):
        parts.append(f"{slo.budget_left:.0%} of {format_duration(slo.window_s)} left")
    if burn is not None and math.isfinite(burn):
        parts.append(f"burning {burn:.1f}×")
        if burn > 0 and slo.budget_left > 0:
            parts.append(f"gone in {length_word(slo.budget_left * slo.window_s / burn)}")
    return "Budget    " + ", ".join(parts) if parts else ""


def slo_of(line: AlertLine, picture: AlertsPicture) -> SloStatus | None:
    """The SLO that an alert is about."""
    condition = line.rule.condition if line.rule is not None else None
    if not isinstance(condition, BurnRate):
        return None
    return next((slo for slo in picture.slos if slo.name == condition.slo), None)


def marks_said(line: AlertLine, now_s: float, zone: tzinfo) -> list[Said]:
    """Who owns it, why it is quiet, what was noted: each with who, why and until when."""
    said: list[Said] = []
    if (ack := line.ack) is not None:
        until = f" until {day_clock(ack.expires_at_s, now_s, zone)}" if ack.expires_at_s is not None else ""
        by = f" (by {_who(ack.by)})" if ack.by != ack.owner else ""
        why = f": {one_line(ack.note)}" if ack.note else ""
        said.append((f"✓ {_who(ack.owner)} has it{by}{until}{why}", Role.ACKNOWLEDGED))
    for silence in line.silences[:2]:
        until = day_clock(silence.ends_at_s, now_s, zone)
        said.append((f"z silenced by {_who(silence.by)} until {until}: {one_line(silence.comment)}", Role.DIM))
    if line.inhibited_by:
        said.append((f"z not told, because it follows from {clean(line.inhibited_by)}", Role.DIM))
    if line.maintenance:
        said.append((f"z expected: maintenance {clean(line.maintenance)}", Role.DIM))
    if (escalation := line.escalation) is not None:
        at = day_clock(escalation.at_s, now_s, zone)
        said.append((f"↑ escalated to level {escalation.level} by {_who(escalation.by)} at {at}", Role.WARNING))
    if (note := line.note) is not None:
        at = day_clock(note.at_s, now_s, zone)
        said.append((f"Note      {at} {_who(note.by)}: {one_line(note.text)}", Role.TEXT))
    return said


def _who(name: str) -> str:
    """An operator, short enough to leave room for until when and why."""
    return fit(one_line(name), _WHO)


def suggested(line: AlertLine, width: int) -> str:
    """`Suggested 1 open breaker   2 scale orders   (by hand …)`; empty where the rule names none."""
    actions: Sequence[str] = line.rule.actions[:MOST_ACTIONS] if line.rule is not None else ()
    if not actions:
        return ""
    names = "Suggested " + "   ".join(f"{n} {clean(name)}" for n, name in enumerate(actions, 1))
    return fit(names, max(width - len(BY_HAND), 20)) + BY_HAND
