"""The alert state machine: one evaluation of one rule. Pure; time is an argument.

A failed query fires nothing and resolves nothing but the rule's own Error alert. Nothing fires whose breach was not
seen for its `for`, nothing resolves that was not seen healthy; docs/alerts.md says what counts as seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from opsdash.core.alerting import missing
from opsdash.core.alerting.alert import Alert, Cause, Phase, Transition, fingerprint_of
from opsdash.core.alerting.conditions.sight import sight_of
from opsdash.core.alerting.conditions.verdict import Sight
from opsdash.core.alerting.counting import NOT_CHANGING
from opsdash.core.alerting.digest import about
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.identity import is_of_labels, missing_identity
from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.restoring import restored
from opsdash.core.alerting.round import MOST_ALERTS, Expand, Round, as_written
from opsdash.core.alerting.rule_state import RuleState, Track
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import Labels, notation
from opsdash.core.text import clean

__all__ = ["Expand", "RuleState", "advance", "restored", "retired"]

Advanced = tuple[RuleState, tuple[Transition, ...]]


def advance(  # noqa: PLR0913
    rule: AlertRule,
    state: RuleState,
    seen: Observation,
    *,
    at_s: float,
    took_s: float = 0.0,
    expand: Expand = as_written,
    interval_s: float | None = None,
) -> Advanced:
    """The state after one evaluation at `at_s`, and what happened in it.

    A rule is evaluated no oftener than its interval; `interval_s` is how far apart the evaluations of a trial are. The
    rule may be another one than at the last evaluation (the configuration was loaded again): what was counted for
    another question does not count.
    """
    state = _asked_anew(rule, state)
    interval_s = rule.interval_s if interval_s is None else interval_s
    round_ = Round(rule, state, at_s, expand, interval_s)
    found = _judged(round_, state, seen, took_s) if isinstance(seen, Answered) else seen
    if not isinstance(found, Failed):
        return found
    return _failed(Round(rule, state, at_s, expand, interval_s), state, found, took_s)


def retired(state: RuleState, *, at_s: float, why: str = "the rule is gone") -> tuple[Transition, ...]:
    """What happens to the alerts of a rule that is evaluated no more: what fires is resolved, the rest is forgotten."""
    found = []
    for alert in state.alerts.values():
        over = alert
        if alert.phase is Phase.FIRING:
            over = replace(alert, phase=Phase.RESOLVED, resolved_at_s=at_s)
        found.append(Transition(alert=over, before=alert, at_s=at_s, why=why, is_gone=over is alert))
    return tuple(found)


def _asked_anew(rule: AlertRule, state: RuleState) -> RuleState:
    """The state without what the rule was before: names of alerts, and counts where they are of another question."""
    if state.rule is rule:
        return state
    if state.rule is not None and (state.rule.name, state.rule.labels) != (rule.name, rule.labels):
        state = replace(state, identities={})
    digest = about(rule)
    if state.about in ("", digest):
        return replace(state, about=digest)
    tracks = {labels: track._replace(since=NOT_CHANGING, gone=None) for labels, track in state.tracks.items()}
    return replace(state, tracks=tracks, no_data=None, error=None, about=digest)


def _failed(round_: Round, state: RuleState, seen: Failed, took_s: float) -> Advanced:
    """What a failure does: it is counted, and said."""
    error = missing.failed(round_, state.error, seen.message)
    missing.forget(round_)
    after = replace(_after(round_, state), error=error)
    health = _health(after, round_.at_s, took_s, Freshness.ERROR)
    before = state.health
    health = replace(
        health,
        message=clean(seen.message, longest=missing.LONGEST_MESSAGE),
        series=0 if before is None else before.series,
        answered_at_s=None if before is None else before.answered_at_s,
    )
    return replace(after, health=health), tuple(round_.transitions)


def _judged(round_: Round, state: RuleState, seen: Answered, took_s: float) -> Advanced | Failed:
    """What an answer does; Failed, and nothing was done, where it is none that could be used."""
    if seen.cut and not any(seen.readings):
        return Failed(message=f"nothing is left of the answer: {'; '.join(seen.cut)}")
    sight = sight_of(round_.rule.condition, seen)
    owners = sight if isinstance(sight, Failed) else _owners(round_, sight.readings)
    if isinstance(sight, Failed) or isinstance(owners, Failed):
        return sight if isinstance(sight, Failed) else Failed(message=_words_of(owners))
    round_.below = sight.below
    missing.answered(round_)
    known = _walk(round_, owners, sight)
    has_data, no_data = bool(known) or sight.absence_is_healthy, state.no_data
    if has_data:
        missing.with_data(round_)
        missing.vanished(round_, known, absence_is_healthy=sight.absence_is_healthy, is_cut=bool(seen.cut))
        no_data = None
    elif not seen.cut:
        no_data = missing.without_data(round_, no_data, sight)
    missing.forget(round_)
    identities = {series: labels for labels, series in owners.items()} if is_of_labels(round_.rule) else {}
    after = replace(_after(round_, state), identities=identities, no_data=no_data, error=None)
    health = replace(
        _health(after, round_.at_s, took_s, Freshness.FRESH if has_data else Freshness.NO_DATA),
        message=_said(round_, seen, "" if has_data else sight.hint),
        series=len(sight.readings),
        answered_at_s=round_.at_s,
    )
    return replace(after, health=health), tuple(round_.transitions)


def _words_of(owners: dict[Labels, Labels] | Failed) -> str:
    return owners.message if isinstance(owners, Failed) else ""


def _owners(round_: Round, readings: Mapping[Labels, float]) -> dict[Labels, Labels] | Failed:
    """Labels of the alert → its series. Two series with one alert are an error, as in Prometheus."""
    owners: dict[Labels, Labels] = {}
    for series, value in readings.items():
        labels = round_.identity(series, value)
        if labels in owners:
            named = clean(notation(labels), longest=200)
            return Failed(message=f"two of its series have the same labels once the rule's are added: {named}")
        owners[labels] = series
    return owners


def _walk(round_: Round, owners: Mapping[Labels, Labels], sight: Sight) -> set[Labels]:
    """Every series of the answer; the labels of those of which something is known."""
    known = set()
    alerts, tracks, judge, readings, at_s = round_.alerts, round_.tracks, sight.judge, sight.readings, round_.at_s
    for labels, series in owners.items():
        alert = alerts.get(labels)
        if alert is not None and alert.phase is Phase.RESOLVED:
            alert = None
        verdict = judge(series, readings[series], alert is not None and alert.phase is Phase.FIRING)
        if verdict is None:
            continue
        known.add(labels)
        if alert is None:
            if verdict.level:
                round_.begin(labels, series, verdict)
        elif _is_steady(alert, tracks[labels], verdict.level):
            tracks[labels] = Track(series, verdict.value, at_s)
        else:
            round_.go_on(alert, series, verdict)
    return known


def _is_steady(alert: Alert, track: Track, level: int) -> bool:
    """Whether an alert fires as it did before: the case of almost all of them, almost always."""
    return (
        level == alert.severity
        and track.since is NOT_CHANGING
        and track.gone is None
        and alert.phase is Phase.FIRING
        and alert.cause is Cause.VALUE
    )


def _after(round_: Round, state: RuleState) -> RuleState:
    return replace(state, alerts=round_.alerts, tracks=round_.tracks, rule=round_.rule)


def _said(round_: Round, seen: Answered, hint: str) -> str:
    """What is to be said of an evaluation that was answered."""
    notes: list[str] = [hint] if hint else []
    if round_.not_kept:
        wrong = MOST_ALERTS + round_.not_kept
        notes.append(f"{wrong:,} of its series are wrong; alerts are kept for {MOST_ALERTS:,} of them")
    notes += [*seen.cut, *round_.notes]
    return clean("; ".join(notes[:5]), longest=missing.LONGEST_MESSAGE)


def _health(after: RuleState, at_s: float, took_s: float, state: Freshness) -> RuleHealth:
    alerts, rule = after.alerts, after.rule
    return RuleHealth(
        rule=rule.id if rule is not None else "",
        evaluated_at_s=at_s,
        took_s=took_s,
        state=state,
        values={alerts[labels].fingerprint: track.value for labels, track in after.tracks.items()},
        progress=dict(_progress(after, at_s)),
        about=after.about,
    )


def _progress(after: RuleState, at_s: float) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """What has been counted so far, for whoever goes on."""
    for labels, track in after.tracks.items():
        if track.since is not NOT_CHANGING:
            counts = tuple(None if one is None else track.known_at_s - one for one in track.since)
            yield after.alerts[labels].fingerprint, (*counts, at_s - track.known_at_s)
    for cause, count in ((Cause.NO_DATA, after.no_data), (Cause.ERROR, after.error)):
        if count is not None and after.rule is not None:
            yield fingerprint_of(missing_identity(after.rule, cause)), (count.seconds,)
