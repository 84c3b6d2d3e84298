"""The book as a picture: every alert with its marks, ranked; silences, rules and SLOs.

What does not change between two pictures is kept by the identity of what it came from: a picture of the same book, a
moment later, costs next to nothing, and one of 10,000 alerts under 100 silences stays within a frame or two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from opsdash.core.alerting.acking import ack_of, is_about, newest_value
from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.inhibition import inhibited
from opsdash.core.alerting.label_columns import LabelColumns
from opsdash.core.alerting.lately import Lately
from opsdash.core.alerting.maintenance import ZoneOf, open_windows
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, LeaderView, RuleLine, SilenceLine, StoreView
from opsdash.core.alerting.ranking import ranked
from opsdash.core.alerting.rules import AlertRule, BurnRate
from opsdash.core.alerting.silencing import is_shown, state_of
from opsdash.core.alerting.spec import AlertingSpec, MaintenanceWindow
from opsdash.core.alerting.where import wheres
from opsdash.core.alerting.words import called
from opsdash.core.metrics.labels import Labels, label
from opsdash.core.metrics.window import Window
from opsdash.core.text import clean

RUNBOOK_LONGEST = 300
"""Characters of a runbook's first line."""
_LATE_AFTER_S = 10.0
_SILENCE_ORDER = {"active": 0, "pending": 1, "expired": 2}
_NO_TRENDS: Mapping[str, Window] = MappingProxyType({})


def pictured(  # noqa: PLR0913 - what a process knows beside its book, each by its name
    book: Book,
    spec: AlertingSpec,
    *,
    now_s: float,
    operator: str,
    store: StoreView | None = None,
    leader: LeaderView | None = None,
    foreign: Sequence[Alert] = (),
    foreign_silences: Sequence[Silence] = (),
    trends: Mapping[str, Window] = _NO_TRENDS,
    zone_of: ZoneOf | None = None,
) -> AlertsPicture:
    """The picture of a book at a moment (UTC seconds of the store's clock).

    `foreign` and `foreign_silences`: what Alertmanagers told; one of ours that comes back from there is shown once.
    `zone_of` gives the time zones of maintenance windows: without it those that are not in UTC are never open.
    """
    sheet = _sheet(book, spec, foreign)
    shown = [each for each in (*book.silences.values(), *foreign_silences) if is_shown(each, now_s)]
    active = tuple(each for each in shown if each.is_active(now_s))
    windows = open_windows(spec.maintenance, now_s, zone_of)
    marked = _marked(sheet, book, spec, active=active, windows=windows, now_s=now_s)
    return AlertsPicture(
        at_s=now_s,
        lines=marked.lines,
        silences=_silence_lines(sheet, spec, shown, now_s),
        rules=_rule_lines(sheet, book, now_s),
        slos=_slos(book, spec),
        store=store,
        leader=leader,
        operator=operator,
        trends=trends,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sheet:
    """What the alerts alone say, whatever is marked beside them."""

    alerts: tuple[Alert, ...]
    columns: LabelColumns
    where: Mapping[str, str]
    rules: Mapping[str, AlertRule]
    follows: Mapping[str, str]
    """Fingerprint → the name of what inhibits it."""
    runbooks: Mapping[str, str]
    counts: Mapping[str, tuple[int, int]]
    """Rule id → how many pend, and how many fire."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Marked:
    """The lines, and for how long they stay so unless the book changes."""

    lines: tuple[AlertLine, ...]
    from_s: float
    until_s: float


_SHEETS: Lately[_Sheet] = Lately(2)
_MARKED: Lately[_Marked] = Lately(2)


def _sheet(book: Book, spec: AlertingSpec, foreign: Sequence[Alert]) -> _Sheet:
    source, also = (book.alerts, spec), tuple(foreign)
    kept = _SHEETS.of(source, also)
    if kept is not None:
        return kept
    others = {alert.fingerprint: alert for alert in foreign if alert.fingerprint not in book.alerts}
    alerts = (*book.alerts.values(), *others.values())
    rules = {rule.id: rule for group in spec.groups for rule in group.rules}
    columns = LabelColumns(alert.labels for alert in alerts)
    sheet = _Sheet(
        alerts=alerts,
        columns=columns,
        where=wheres(alerts, {name: rule.labels for name, rule in rules.items()}),
        rules=rules,
        follows={key: called(cause) for key, cause in inhibited(alerts, spec.inhibit, columns).items()},
        runbooks={alert.fingerprint: line for alert in alerts if (line := runbook_line(alert.annotations))},
        counts=_counts(alerts),
    )
    return _SHEETS.keep(source, sheet, also)


def _marked(  # noqa: PLR0913 - see pictured
    sheet: _Sheet,
    book: Book,
    spec: AlertingSpec,
    *,
    active: tuple[Silence, ...],
    windows: tuple[MaintenanceWindow, ...],
    now_s: float,
) -> _Marked:
    source, also = (sheet, book), (active, windows)
    kept = _MARKED.of(source, also)
    if kept is not None and kept.from_s <= now_s < kept.until_s:
        return kept
    beside = _Beside(
        sheet=sheet,
        book=book,
        silences=_silenced(sheet, spec, active),
        expected=_expected(sheet, windows),
        burns={slo.name: burn_rate(slo) for slo in book.slos.values()},
    )
    ends = (ack.expires_at_s for ack in book.acks.values() if ack.expires_at_s is not None)
    marked = _Marked(
        lines=ranked(_line(alert, beside, now_s) for alert in sheet.alerts),
        from_s=now_s,
        until_s=min((end for end in ends if end > now_s), default=math.inf),
    )
    return _MARKED.keep(source, marked, also)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Beside:
    """What stands beside the alerts, by fingerprint or by the SLO's name."""

    sheet: _Sheet
    book: Book
    silences: Mapping[str, tuple[Silence, ...]]
    expected: Mapping[str, str]
    burns: Mapping[str, float | None]


def _line(alert: Alert, beside: _Beside, now_s: float) -> AlertLine:
    key, sheet, book = alert.fingerprint, beside.sheet, beside.book
    rule = sheet.rules.get(alert.rule)
    escalation = book.escalations.get(key)
    return AlertLine(
        alert=_with_newest_value(alert, book),
        rule=rule,
        where=sheet.where[key],
        ack=ack_of(alert, book.acks, now_s=now_s),
        silences=beside.silences.get(key, ()),
        inhibited_by=sheet.follows.get(key, ""),
        maintenance=beside.expected.get(key, ""),
        note=book.notes.get(key),
        escalation=escalation if escalation is not None and is_about(escalation, alert) else None,
        runbook=sheet.runbooks.get(key, ""),
        burn_rate=_burn_rate_of(alert, rule, beside.burns) if beside.burns else None,
    )


def _with_newest_value(alert: Alert, book: Book) -> Alert:
    """The alert as it measures now; the very same where it does not differ."""
    health = book.health.get(alert.rule)
    if health is None or alert.phase is Phase.RESOLVED:
        return alert
    value = newest_value(alert, health)
    same = value == alert.value or (math.isnan(value) and math.isnan(alert.value))
    return alert if same else replace(alert, value=value)


def _silenced(sheet: _Sheet, spec: AlertingSpec, active: Sequence[Silence]) -> dict[str, tuple[Silence, ...]]:
    """Fingerprint → the silences that hide it. One of an Alertmanager hides what that one tells of, ours or not."""
    found: dict[str, tuple[Silence, ...]] = {}
    for each in active:
        for alert in _under(sheet, spec, each):
            found[alert.fingerprint] = (*found.get(alert.fingerprint, ()), each)
    return found


def _under(sheet: _Sheet, spec: AlertingSpec, each: Silence) -> list[Alert]:
    """The alerts that a silence is about, resolved ones left out."""
    matched = (sheet.alerts[at] for at in sheet.columns.matching(each.matchers))
    standing = [alert for alert in matched if alert.phase is not Phase.RESOLVED]
    if not each.origin:
        return standing
    reaches_ours = each.origin in spec.send_to
    return [alert for alert in standing if alert.origin == each.origin or (reaches_ours and not alert.origin)]


def _expected(sheet: _Sheet, windows: Sequence[MaintenanceWindow]) -> dict[str, str]:
    """Fingerprint → the first window that expects it."""
    found: dict[str, str] = {}
    for window in windows:
        for at in sheet.columns.matching(window.matchers):
            found.setdefault(sheet.alerts[at].fingerprint, window.name)
    return found


def _silence_lines(
    sheet: _Sheet, spec: AlertingSpec, shown: Sequence[Silence], now_s: float
) -> tuple[SilenceLine, ...]:
    lines = []
    for each in shown:
        state = state_of(each, now_s)
        hides = len(_under(sheet, spec, each)) if state == "active" else 0
        lines.append(SilenceLine(silence=each, hides=hides, state=state))
    return tuple(sorted(lines, key=_silence_key))


def _silence_key(line: SilenceLine) -> tuple[int, float, str]:
    """Active ones by their end, those to come by their beginning, expired ones newest first."""
    each = line.silence
    at_s = {"active": each.ends_at_s, "pending": each.starts_at_s, "expired": -each.ends_at_s}[line.state]
    return _SILENCE_ORDER[line.state], at_s, each.id


def _rule_lines(sheet: _Sheet, book: Book, now_s: float) -> tuple[RuleLine, ...]:
    lines = []
    for rule in sheet.rules.values():
        health = book.health.get(rule.id)
        late_s = max(2 * rule.interval_s, rule.interval_s + _LATE_AFTER_S)
        pending, firing = sheet.counts.get(rule.id, (0, 0))
        is_late = health is not None and now_s - health.evaluated_at_s > late_s
        lines.append(RuleLine(rule=rule, health=health, is_late=is_late, pending=pending, firing=firing))
    return tuple(lines)


def _counts(alerts: Sequence[Alert]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for alert in alerts:
        pending, firing = counts.get(alert.rule, (0, 0))
        if alert.phase is Phase.PENDING:
            counts[alert.rule] = (pending + 1, firing)
        elif alert.phase is Phase.FIRING:
            counts[alert.rule] = (pending, firing + 1)
    return counts


def _slos(book: Book, spec: AlertingSpec) -> tuple[SloStatus, ...]:
    """Those of the configuration that were evaluated, in its order."""
    return tuple(book.slos[slo.name] for slo in spec.slos if slo.name in book.slos)


def burn_rate(slo: SloStatus) -> float | None:
    """How fast the budget goes now: over an hour, or the fastest that is known."""
    rates = [rate for rate in slo.burn_rates.values() if not math.isnan(rate)]
    hour = slo.burn_rates.get("1h", math.nan)
    return hour if not math.isnan(hour) else max(rates, default=None)


def _burn_rate_of(alert: Alert, rule: AlertRule | None, burns: Mapping[str, float | None]) -> float | None:
    if rule is not None and isinstance(rule.condition, BurnRate):
        return burns.get(rule.condition.slo)
    return burns.get(label(alert.labels, "slo"))


def runbook_line(annotations: Labels) -> str:
    """The first line of `runbook`, or the address in `runbook_url`: clean, and bounded."""
    for wanted in ("runbook", "runbook_url"):
        text = label(annotations, wanted)[: RUNBOOK_LONGEST * 4].strip()
        if text:
            return clean(text.splitlines()[0], longest=RUNBOOK_LONGEST)
    return ""
