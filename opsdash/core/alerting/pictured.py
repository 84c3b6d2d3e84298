"""The book as a picture: every alert with its marks, ranked; silences, rules and SLOs.

What does not change between two pictures is kept by the identity of what it came from: a picture of the same book, a
moment later, costs next to nothing, and one of 10,000 alerts under 100 silences stays within a frame or two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from opsdash.core.alerting.acking import ack_of, is_about, newest_value
from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.inhibition import inhibited
from opsdash.core.alerting.label_columns import LabelColumns
from opsdash.core.alerting.lately import Lately
from opsdash.core.alerting.maintenance import ZoneOf, open_windows
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, LeaderView, RuleLine, SilenceLine, StoreView
from opsdash.core.alerting.ranking import Rank, rank
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
    # What stands in an Alertmanager for an acknowledgement hides nothing here: its alert is owned, not quiet.
    owned = {mirror.there for mirror in book.mirrors.values() if mirror.why == "ack"}
    active = tuple(each for each in shown if each.is_active(now_s) and (not each.origin or each.id not in owned))
    windows = open_windows(spec.maintenance, now_s, zone_of)
    marked = _marked(sheet, book, spec, active=active, windows=windows, now_s=now_s)
    return AlertsPicture(
        at_s=now_s,
        lines=marked.lines,
        silences=_silence_lines(shown, marked.hides, now_s),
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


_Marks = tuple[
    Alert, Ack | None, tuple[Silence, ...], str, Note | None, Escalation | None, float | None,
    AlertRule | None, str, str, str,
]  # fmt: skip
"""All that a line is made of, in the order of `_line`: where none of it changed, the line is the very same."""
_Placed = tuple[Rank, AlertLine, _Marks]
_Source = tuple[Book, tuple[Silence, ...], tuple[MaintenanceWindow, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Marked:
    """The lines, and for how long they stay so unless the book changes."""

    lines: tuple[AlertLine, ...]
    placed: Mapping[str, _Placed]
    hides: Mapping[str, int]
    """Silence → how many alerts it hides."""
    source: _Source
    from_s: float
    until_s: float

    def holds(self, source: _Source, now_s: float) -> bool:
        """Whether the lines are still these."""
        same = self.source[0] is source[0] and self.source[1:] == source[1:]
        return same and self.from_s <= now_s < self.until_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Newest:
    """The alerts with the values of this health."""

    health: Mapping[str, RuleHealth]
    written: Mapping[str, Alert]
    """As they are in the store."""
    alerts: Mapping[str, Alert]


_SHEETS: Lately[_Sheet] = Lately(2)
_NEWEST: Lately[_Newest] = Lately(2)
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
    source = (book, active, windows)
    earlier = _MARKED.of((sheet,))
    if earlier is not None and earlier.holds(source, now_s):
        return earlier
    under = [(each, _under(sheet, spec, each)) for each in active]
    beside = _Beside(
        sheet=sheet,
        book=book,
        newest=_newest(sheet, book),
        silences=_silenced(under),
        expected=_expected(sheet, windows),
        burns={slo.name: burn_rate(slo) for slo in book.slos.values()},
    )
    last = earlier or _MARKED.latest()
    before = last.placed if last is not None else {}
    placed = {alert.fingerprint: _placed(alert, beside, now_s, before.get(alert.fingerprint)) for alert in sheet.alerts}
    ends = (ack.expires_at_s for ack in book.acks.values() if ack.expires_at_s is not None)
    marked = _Marked(
        lines=tuple(place[1] for place in sorted(placed.values(), key=_rank)),
        placed=placed,
        hides={each.id: len(alerts) for each, alerts in under},
        source=source,
        from_s=now_s,
        until_s=min((end for end in ends if end > now_s), default=math.inf),
    )
    return _MARKED.keep((sheet,), marked)


def _rank(placed: _Placed) -> Rank:
    return placed[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Beside:
    """What stands beside the alerts, by fingerprint or by the SLO's name."""

    sheet: _Sheet
    book: Book
    newest: Mapping[str, Alert]
    silences: Mapping[str, tuple[Silence, ...]]
    expected: Mapping[str, str]
    burns: Mapping[str, float | None]


def _placed(alert: Alert, beside: _Beside, now_s: float, earlier: _Placed | None) -> _Placed:
    """The line of an alert in its place; the very same as before where nothing changed beside it."""
    key, sheet, book = alert.fingerprint, beside.sheet, beside.book
    rule = sheet.rules.get(alert.rule)
    escalation = book.escalations.get(key)
    marks: _Marks = (
        beside.newest[key],
        ack_of(alert, book.acks, now_s=now_s),
        beside.silences.get(key, ()),
        beside.expected.get(key, ""),
        book.notes.get(key),
        escalation if escalation is not None and is_about(escalation, alert) else None,
        _burn_rate_of(alert, rule, beside.burns) if beside.burns else None,
        rule,
        sheet.where[key],
        sheet.follows.get(key, ""),
        sheet.runbooks.get(key, ""),
    )
    if earlier is not None and earlier[2] == marks:
        return earlier
    line = _line(marks)
    return rank(line), line, marks


def _line(marks: _Marks) -> AlertLine:
    alert, ack, silences, maintenance, note, escalation, burning, rule, place, follows, runbook = marks
    return AlertLine(
        alert=alert,
        rule=rule,
        where=place,
        ack=ack,
        silences=silences,
        inhibited_by=follows,
        maintenance=maintenance,
        note=note,
        escalation=escalation,
        runbook=runbook,
        burn_rate=burning,
    )


def _newest(sheet: _Sheet, book: Book) -> Mapping[str, Alert]:
    """Fingerprint → the alert as it measures now. Made anew are only those that changed, or whose rule was asked."""
    kept = _NEWEST.of((sheet, book.health))
    if kept is not None:
        return kept.alerts
    last = _NEWEST.latest() or _Newest(health={}, written={}, alerts={})
    found: dict[str, Alert] = {}
    for alert in sheet.alerts:
        key, health = alert.fingerprint, book.health.get(alert.rule)
        is_same = last.written.get(key) is alert and last.health.get(alert.rule) is health
        found[key] = last.alerts[key] if is_same else _with_newest_value(alert, health)
    written = {alert.fingerprint: alert for alert in sheet.alerts}
    return _NEWEST.keep((sheet, book.health), _Newest(health=book.health, written=written, alerts=found)).alerts


def _with_newest_value(alert: Alert, health: RuleHealth | None) -> Alert:
    """The very same alert where its value does not differ."""
    if health is None or alert.phase is Phase.RESOLVED:
        return alert
    value = newest_value(alert, health)
    same = value == alert.value or (math.isnan(value) and math.isnan(alert.value))
    return alert if same else replace(alert, value=value)


def _silenced(under: Iterable[tuple[Silence, Sequence[Alert]]]) -> dict[str, tuple[Silence, ...]]:
    """Fingerprint → the silences that hide it."""
    found: dict[str, list[Silence]] = {}
    for each, alerts in under:
        for alert in alerts:
            found.setdefault(alert.fingerprint, []).append(each)
    return {key: tuple(silences) for key, silences in found.items()}


def _under(sheet: _Sheet, spec: AlertingSpec, each: Silence) -> list[Alert]:
    """The alerts that a silence hides. One of an Alertmanager hides what that one tells of, be it ours or not."""
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


def _silence_lines(shown: Iterable[Silence], hides: Mapping[str, int], now_s: float) -> tuple[SilenceLine, ...]:
    lines = (SilenceLine(silence=each, hides=hides.get(each.id, 0), state=state_of(each, now_s)) for each in shown)
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
