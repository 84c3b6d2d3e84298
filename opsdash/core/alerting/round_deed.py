"""What the leader commits after evaluating a rule."""

from __future__ import annotations

from collections.abc import Iterable

from opsdash.core.alerting.alert import Transition
from opsdash.core.alerting.codec import removed, written
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.journal import entries_of
from opsdash.core.documents import Write


def deed_of(transitions: Iterable[Transition], health: RuleHealth | None = None, slo: SloStatus | None = None) -> Deed:
    """The documents of the alerts that moved, each once, the rule's and the SLO's; and the entries of the moves.

    Alerts that stay as they are cost no write: their newest values are in the rule's document.
    """
    moved = tuple(transitions)
    alerts: dict[str, Write] = {}
    for transition in moved:
        alert = transition.alert
        alerts[alert.fingerprint] = removed("alert", alert.fingerprint) if transition.is_gone else written(alert)
    others = [written(value) for value in (health, slo) if value is not None]
    return Deed(writes=(*alerts.values(), *others), entries=entries_of(moved))
