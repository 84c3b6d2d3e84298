"""The state of a rule as the store has it: after a restart, or when another process leads from now on."""

from __future__ import annotations

from collections.abc import Iterable

from opsdash.core.alerting.alert import Alert, Cause, Phase, fingerprint_of
from opsdash.core.alerting.counting import NOT_CHANGING, Count, Since
from opsdash.core.alerting.digest import about
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.identity import CAUSE_LABEL, missing_identity
from opsdash.core.alerting.rule_state import RuleState, Track
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.labels import Labels, label


def restored(rule: AlertRule, alerts: Iterable[Alert], *, at_s: float, health: RuleHealth | None = None) -> RuleState:
    """The rule's alerts and what `health`, its newest document, says of their counts. Nothing moves by it.

    `for` goes on where it was: the time without a leader counts as any gap between two looks does (counting.py).
    Without `health`, or where that is of another question, nothing was counted yet.
    """
    digest = about(rule)
    same = health is not None and health.about == digest
    own = {alert.labels: alert for alert in alerts if alert.rule == rule.id}
    tracks = {
        labels: _track(alert, health, same=same, at_s=at_s) for labels, alert in own.items() if _is_of_a_series(alert)
    }
    no_data = error = None
    if health is not None and same:
        no_data = _count(health, missing_identity(rule, Cause.NO_DATA), health.answered_at_s)
        error = _count(health, missing_identity(rule, Cause.ERROR), health.evaluated_at_s)
    return RuleState(alerts=own, tracks=tracks, health=health, no_data=no_data, error=error, about=digest)


def _is_of_a_series(alert: Alert) -> bool:
    return alert.phase is not Phase.RESOLVED and not label(alert.labels, CAUSE_LABEL)


def _track(alert: Alert, health: RuleHealth | None, *, same: bool, at_s: float) -> Track:
    """What was counted of an alert."""
    value = alert.value if health is None else health.values.get(alert.fingerprint, alert.value)
    counts = None if health is None else health.progress.get(alert.fingerprint)
    if health is None or not same or counts is None or len(counts) != 4:
        return Track(None, value, min(alert.seen_at_s, at_s))
    known_at_s = min(health.evaluated_at_s - max(counts[3] or 0.0, 0.0), at_s)
    return Track(None, value, known_at_s, _since(counts[:3], known_at_s))


def _since(counts: tuple[float | None, ...], known_at_s: float) -> Since:
    first, second, third = (None if one is None else known_at_s - max(one, 0.0) for one in counts)
    if first is None and second is None and third is None:
        return NOT_CHANGING
    return first, second, third


def _count(health: RuleHealth, labels: Labels, last_s: float | None) -> Count | None:
    counts = health.progress.get(fingerprint_of(labels))
    if last_s is None or counts is None or len(counts) != 1 or counts[0] is None:
        return None
    return Count(last_s - max(counts[0], 0.0), last_s)
