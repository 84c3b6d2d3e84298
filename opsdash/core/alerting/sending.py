"""What an Alertmanager is told of our alerts: those that fire, again and again, and their end. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.labels_sent import labels_sent
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import PromQuery

RESEND_S = 60.0
HOLDS_S = 4 * RESEND_S
"""How long an Alertmanager takes an alert for firing that it is not told of again. As Prometheus: four times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What an Alertmanager was told last of one label set."""

    alert: Alert
    at_s: float


def due_now(
    sent: Mapping[Labels, Sent],
    lines: Iterable[AlertLine],
    *,
    known: Collection[Labels],
    addresses: Mapping[str, str],
    now_s: float,
) -> tuple[Alert, ...]:
    """The alerts that one Alertmanager is to be told of now; those that are over are resolved.

    `known`: the label sets that it tells of itself, for a leader that has just begun. It is not told of the beginning
    of what is quiet; what was told of goes on until it is over, since an end that is none would be told as one.
    """
    fires: dict[Labels, Alert] = {}
    over: dict[Labels, Alert] = {}
    for line in lines:
        alert = line.alert
        if alert.origin or alert.phase is Phase.PENDING:
            continue
        labels = labels_sent(alert)
        if alert.phase is Phase.RESOLVED:
            over[labels] = alert
        elif labels in sent or labels in known or not line.is_quiet:
            fires[labels] = replace(alert, generator=_generator(line.rule, addresses))
    told = [alert for labels, alert in fires.items() if _is_due(sent.get(labels), alert, now_s)]
    ended = [
        over.get(labels) or replace(last.alert, phase=Phase.RESOLVED, resolved_at_s=now_s)
        for labels, last in sent.items()
        if labels not in fires
    ]
    # After a change of leader: what the one before told of, and what ended before this one began.
    ended += [alert for labels, alert in over.items() if labels in known and labels not in sent and labels not in fires]
    return (*told, *ended)


def after_sending(sent: Mapping[Labels, Sent], alerts: Iterable[Alert], now_s: float) -> dict[Labels, Sent]:
    """What it was told, once it took these."""
    after = dict(sent)
    for alert in alerts:
        labels = labels_sent(alert)
        if alert.phase is Phase.RESOLVED:
            after.pop(labels, None)
        else:
            after[labels] = Sent(alert=alert, at_s=now_s)
    return after


def _is_due(last: Sent | None, alert: Alert, now_s: float) -> bool:
    if last is None or not 0 <= now_s - last.at_s < RESEND_S:
        return True
    return last.alert.annotations != alert.annotations or last.alert.episode != alert.episode


def _generator(rule: AlertRule | None, addresses: Mapping[str, str]) -> str:
    """Where the rule's query can be looked at: Prometheus's page of it."""
    query = rule.queries[0] if rule is not None and rule.queries else None
    address = addresses.get(query.source) if isinstance(query, PromQuery) else None
    if query is None or address is None or not isinstance(query, PromQuery):
        return ""
    return f"{address.rstrip('/')}/graph?{urlencode({'g0.expr': query.expr, 'g0.tab': '1'})}"
