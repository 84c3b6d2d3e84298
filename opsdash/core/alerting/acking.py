"""Which acknowledgement holds: what of an alert it is about, and what ends it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.marks import Ack, Escalation
from opsdash.core.alerting.rules import AckPolicy
from opsdash.core.alerting.spec import AlertingSpec

End = Literal["over", "gone", "again", "expired", "severity", "worse", "idle"]
"""Why an acknowledgement ended; each is words in the history (core/alerting/lapses.py)."""

DEFAULT_POLICY = AckPolicy()
"""Of an alert whose rule is not ours, or gone."""


def policies(spec: AlertingSpec) -> dict[str, AckPolicy]:
    """Rule id → how long an acknowledgement of its alerts holds."""
    return {rule.id: rule.ack for group in spec.groups for rule in group.rules}


def is_about(mark: Ack | Escalation, alert: Alert) -> bool:
    """Whether the mark is about this time that the alert is wrong.

    An alert that was acknowledged while it was pending keeps its owner when it fires: that is the same trouble.
    """
    pending = f"{alert.fingerprint}@{alert.active_at_s:.3f}"
    return mark.episode in (alert.episode, pending)


def newest_value(alert: Alert, health: RuleHealth | None) -> float:
    """What it measures now: alerts are written when their phase changes, values at each evaluation."""
    if health is None or health.evaluated_at_s < alert.seen_at_s:
        return alert.value
    return health.values.get(alert.fingerprint, alert.value)


def is_worse(now: float, before: float, *, share: float, below: bool, threshold: float | None = None) -> bool:
    """Whether the value is by more than this share worse than before, in the direction that is wrong.

    The share is of the value before; of the threshold where that was 0. A value that is not known is not worse.
    """
    if math.isnan(now) or math.isnan(before) or math.isinf(before):
        return False
    base = abs(before) or abs(threshold or 0.0)
    if base == 0.0:
        return False
    return now < before - share * base if below else now > before + share * base


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an acknowledgement is judged by."""

    alert: Alert | None
    """As it stands; None: there is none any more."""
    value: float
    """Its newest."""
    owner_seen_s: float | None
    """When its owner was last here."""
    policy: AckPolicy


def end_of(ack: Ack, standing: Standing, now_s: float) -> End | None:
    """Why the acknowledgement does not hold any more; None while it does."""
    alert = standing.alert
    if alert is None:
        return "gone"
    if not is_about(ack, alert):
        return "again"
    if alert.phase is Phase.RESOLVED:
        return "over"
    if alert.severity > ack.severity:
        return "severity"
    if ack.expires_at_s is not None and now_s >= ack.expires_at_s:
        return "expired"
    return _end_by_policy(ack, alert, standing, now_s)


def _end_by_policy(ack: Ack, alert: Alert, standing: Standing, now_s: float) -> End | None:
    share, idle_s = standing.policy.worsens_share, standing.policy.idle_s
    levels = (standing.value, ack.value)
    if share is not None and is_worse(*levels, share=share, below=alert.below, threshold=alert.threshold):
        return "worse"
    seen_s = ack.at_s if standing.owner_seen_s is None else max(ack.at_s, standing.owner_seen_s)
    return "idle" if idle_s is not None and now_s - seen_s > idle_s else None


def ack_of(alert: Alert, acks: Mapping[str, Ack], *, now_s: float) -> Ack | None:
    """The acknowledgement that holds for an alert, as far as the book alone can tell it.

    Whether the value worsened or the owner left is found by the leader, which then takes it out of the book.
    """
    ack = acks.get(alert.fingerprint)
    if ack is None or not is_about(ack, alert) or alert.phase is Phase.RESOLVED or alert.severity > ack.severity:
        return None
    return None if ack.expires_at_s is not None and now_s >= ack.expires_at_s else ack
