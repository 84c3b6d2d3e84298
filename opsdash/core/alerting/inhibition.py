"""Inhibition: while one alert fires, those that follow from it are not told of. As in Alertmanager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.label_columns import LabelColumns
from opsdash.core.alerting.spec import InhibitRule
from opsdash.core.metrics.labels import label


def inhibited(
    alerts: Sequence[Alert], rules: Iterable[InhibitRule], columns: LabelColumns | None = None
) -> dict[str, Alert]:
    """Fingerprint → the alert that it follows from.

    Only what fires because of its value inhibits: of a source without data nobody knows that it is wrong. A label of
    `equal` that both lack is equal. What matches both sides is not inhibited by what also does, and so never by itself.
    """
    found: dict[str, Alert] = {}
    chosen = tuple(rules)
    if not chosen:
        return found
    columns = columns or LabelColumns(alert.labels for alert in alerts)
    for rule in chosen:
        sources = set(columns.matching(rule.source))
        places = _sources(alerts, sources, rule)
        if not places:
            continue
        both = sources & set(targets := columns.matching(rule.target))
        for at in targets:
            target = alerts[at]
            if target.phase is Phase.RESOLVED or target.fingerprint in found:
                continue
            source = _source_for(places.get(_place(target, rule.equal), ()), at, both)
            if source is not None:
                found[target.fingerprint] = alerts[source]
    return found


def _sources(alerts: Sequence[Alert], sources: Iterable[int], rule: InhibitRule) -> dict[tuple[str, ...], list[int]]:
    """Firing sources by their labels of `equal`, in the order of the alerts."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at in sorted(sources):
        if alerts[at].phase is Phase.FIRING and alerts[at].cause is Cause.VALUE:
            places.setdefault(_place(alerts[at], rule.equal), []).append(at)
    return places


def _source_for(candidates: Sequence[int], target: int, both: set[int]) -> int | None:
    if target not in both:
        return candidates[0] if candidates else None
    return next((each for each in candidates if each not in both), None)


def _place(alert: Alert, equal: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label(alert.labels, name) for name in equal)
