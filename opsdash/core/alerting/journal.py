"""Transitions as entries of the history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from opsdash.core.alerting.alert import Alert, Cause, Phase, Transition
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.metrics.labels import notation
from opsdash.core.text import clean, fit

ACTOR = "opsdash"
_LONGEST_LABELS = 1_000
_LONGEST_WHY = 300


def entries_of(transitions: Iterable[Transition]) -> tuple[NewEntry, ...]:
    """One entry a transition; that a resolved alert is no longer shown is none."""
    return tuple(_entries(transitions))


def _entries(transitions: Iterable[Transition]) -> Iterator[NewEntry]:
    for transition in transitions:
        alert = transition.alert
        if transition.is_gone and alert.phase is Phase.RESOLVED:
            continue
        kind, said = _happened(transition)
        why = fit(transition.why, _LONGEST_WHY)
        yield NewEntry(
            kind=kind,
            subject=alert.fingerprint,
            actor=ACTOR,
            at_s=transition.at_s,
            text=f"{fit(alert.name, 80)} {said}{f': {why}' if why else ''}",
            data=_data(alert, why),
        )


def _happened(transition: Transition) -> tuple[str, str]:
    """(kind, what happened in words)."""
    alert, before = transition.alert, transition.before
    if transition.is_gone:
        return "alert.gone", "is over before it fired"
    if alert.phase is Phase.RESOLVED:
        return "alert.resolved", "is resolved"
    if alert.phase is Phase.FIRING and (before is None or before.phase is not Phase.FIRING):
        return "alert.firing", f"fires, {alert.severity.word}{_against(alert)}"
    if before is None or before.phase is not alert.phase:
        return "alert.pending", f"is wrong, {alert.severity.word}{_against(alert)}"
    if alert.severity != before.severity:
        turn = "rises to" if alert.severity > before.severity else "falls to"
        return "alert.severity", f"{turn} {alert.severity.word}{_against(alert)}"
    return "alert.cause", "has a value again" if alert.cause is Cause.VALUE else "has no value any more"


def _against(alert: Alert) -> str:
    """`, 0.06 above 0.05`; for a NoData or Error alert the source's words."""
    if alert.cause is not Cause.VALUE:
        return f", {fit(alert.message, _LONGEST_WHY)}" if alert.message else ""
    if math.isnan(alert.value):
        return ""
    if alert.threshold is None:
        return f", {alert.value:.6g}"
    return f", {alert.value:.6g} {'below' if alert.below else 'above'} {alert.threshold:.6g}"


def _data(alert: Alert, why: str) -> dict[str, JsonScalar]:
    return {
        "rule": clean(alert.rule, longest=300),
        "labels": clean(notation(alert.labels), longest=_LONGEST_LABELS),
        "phase": alert.phase.value,
        "severity": alert.severity.word,
        "cause": alert.cause.value,
        "episode": alert.episode,
        "value": _number(alert.value),
        "threshold": None if alert.threshold is None else _number(alert.threshold),
        "active_at": round(alert.active_at_s, 3),
        "why": why,
    }


def _number(value: float) -> JsonScalar:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
