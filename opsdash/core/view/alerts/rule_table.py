"""Rules: how each does, when it was evaluated and how long that took, what it sees."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.picture import RuleLine
from opsdash.core.alerting.rules import Absent, AlertRule, AnySeries, BurnRate, Deviation, Threshold
from opsdash.core.duration import format_duration
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.alerts.grid import (
    GridColumn,
    Word,
    draw_heading,
    draw_row,
    draw_selection,
    first_shown,
    placed,
)
from opsdash.core.view.alerts.words import one_line
from opsdash.core.view.cells import BOLD, Cells
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role
from opsdash.core.view.units import format_value

COLUMNS = (
    GridColumn(title="", width=1),
    GridColumn(title="rule", width=18, grows=2, most=36),
    GridColumn(title="group", width=10, rank=3, grows=1, most=24),
    GridColumn(title="health", width=9),
    GridColumn(title="evaluated", width=9, right=True),
    GridColumn(title="took", width=7, right=True, rank=1),
    GridColumn(title="every", width=6, right=True, rank=4),
    GridColumn(title="series", width=7, right=True, rank=2),
    GridColumn(title="pending", width=7, right=True, rank=1),
    GridColumn(title="firing", width=7, right=True),
    GridColumn(title="says", width=16, rank=5, grows=5),
)


def draw_rules(  # noqa: PLR0913 - a table has a size, a time and a selected line
    rules: Sequence[RuleLine], width: int, height: int, now_s: float, selected: int, *, ascii_only: bool = False
) -> Cells:
    """A heading and a line a rule, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 12 or height < 1:
        return cells
    columns = placed(COLUMNS, width - 3)
    draw_heading(cells, 2, 0, columns)
    first = first_shown(selected, len(rules), height - 1)
    for y, line in enumerate(rules[first : first + height - 1], start=1):
        is_selected = first + y - 1 == selected
        if is_selected:
            draw_selection(cells, y, ascii_only=ascii_only)
        draw_row(cells, 2, y, columns, _words(line, now_s), Role.SELECTION if is_selected else Role.GROUND)
    return cells


def health_of(line: RuleLine) -> tuple[str, str, Role]:
    """(mark, word, role) of how a rule does."""
    if line.health is None:
        return "…", "not yet", Role.DIM
    if line.health.state is Freshness.ERROR:
        return "✕", "error", Role.ERROR
    if line.is_late:
        return "⟲", "late", Role.LATE
    if line.health.state is Freshness.NO_DATA:
        return "◆", "no data", Role.NO_DATA
    return "✓", "well", Role.OK


def rank_of(line: RuleLine) -> tuple[int, int, str]:
    """What does badly first, then what fires, then by name."""
    order = {"error": 0, "late": 1, "no data": 2, "not yet": 3, "well": 4}
    return order[health_of(line)[1]], -line.firing, line.rule.id


def rule_words(line: RuleLine, now_s: float) -> str:
    """`shop/HighErrorRatio: > 1% warning, > 5% critical, for 5m, every 15s, answered 4s ago`: the rule in one line."""
    rule, health = line.rule, line.health
    parts = [condition_words(rule), f"for {format_duration(rule.for_s)}" if rule.for_s else "at once"]
    if rule.keep_firing_for_s:
        parts.append(f"kept for {format_duration(rule.keep_firing_for_s)}")
    parts.append(f"every {format_duration(rule.interval_s)}")
    if health is None:
        parts.append("not evaluated yet")
    elif health.answered_at_s is None:
        parts.append("never answered")
    elif health.state is Freshness.ERROR:
        parts.append(f"last answered {age_text(now_s - health.answered_at_s)} ago")
    return f"{one_line(rule.id)}: {', '.join(parts)}"


def condition_words(rule: AlertRule) -> str:
    """`> 1% warning, > 5% critical`: when it is wrong."""
    match rule.condition:
        case Threshold() as held:
            return _levels(held, rule.unit)
        case AnySeries(severity=severity):
            return f"any series, {severity.word}"
        case Absent(severity=severity):
            return f"no series at all, {severity.word}"
        case Deviation(earlier_s=earlier_s, threshold=held):
            return f"{_levels(held, None)} off {format_duration(earlier_s)} before"
        case BurnRate(burns=burns):
            return "burning " + ", ".join(f"> {burn.factor:.3g}× {burn.severity.word}" for burn in burns)


def _levels(held: Threshold, unit: str | None) -> str:
    sign = "<" if held.below else ">"
    levels = ((held.warning, "warning"), (held.critical, "critical"))
    words = [
        f"{sign} {f'{level:.0%}' if unit is None else format_value(level, unit)} {word}"
        for level, word in levels
        if level is not None
    ]
    if held.clear is not None:
        words.append(f"over at {f'{held.clear:.0%}' if unit is None else format_value(held.clear, unit)}")
    return ", ".join(words)


def _words(line: RuleLine, now_s: float) -> list[Word]:
    sign, word, role = health_of(line)
    rule, health = line.rule, line.health
    firing = Role.CRITICAL if line.firing else Role.DIM
    return [
        Word(text=sign, role=role, attributes=BOLD),
        Word(text=rule.name, attributes=BOLD if line.firing else 0),
        Word(text=rule.group, role=Role.DIM),
        Word(text=word, role=role),
        Word(text=f"{age_text(now_s - health.evaluated_at_s)} ago" if health else "never", role=Role.DIM),
        Word(text=format_value(health.took_s, "s") if health else "–"),
        Word(text=format_duration(rule.interval_s), role=Role.DIM),
        Word(text=f"{health.series:,}" if health else "–"),
        Word(text=f"{line.pending:,}", role=Role.TEXT if line.pending else Role.DIM),
        Word(text=f"{line.firing:,}", role=firing, attributes=BOLD if line.firing else 0),
        Word(text=one_line(health.message) if health else "", role=role),
    ]
