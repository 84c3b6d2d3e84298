"""One evaluation while it is worked out. It is thrown away, or becomes the next state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from opsdash.core.alerting.alert import Alert, Cause, Phase, Transition, fingerprint_of
from opsdash.core.alerting.conditions.verdict import HEALTHY, Verdict
from opsdash.core.alerting.counting import NOT_CHANGING, lost_s, moved, shifted
from opsdash.core.alerting.identity import bounded, identity_of
from opsdash.core.alerting.rule_state import RuleState, Track
from opsdash.core.alerting.rules import AlertRule, Deviation, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.templates import Expansion
from opsdash.core.errors import NeedsFixing
from opsdash.core.metrics.labels import Labels

Expand = Callable[[str, Expansion], str]
"""(template, labels and value) → text. Raises TemplateFailed, or another NeedsFixing."""

MOST_ALERTS = 10_000
"""Of one rule; what is beyond it is said, and not kept."""
LONGEST_ANNOTATION = 4_096
_SEVERITIES = {int(severity): severity for severity in Severity}


def as_written(template: str, _: Expansion) -> str:
    """No template is expanded."""
    return template


class Round:
    """The alerts of a rule at one instant, and what happened to them."""

    def __init__(self, rule: AlertRule, state: RuleState, at_s: float, expand: Expand, interval_s: float) -> None:
        self.rule = rule
        self.interval_s = interval_s
        self.at_s = at_s
        self.alerts = dict(state.alerts)
        self.tracks = dict(state.tracks)
        self.transitions: list[Transition] = []
        self.notes: dict[str, None] = {}
        """What a person should know of this evaluation; each once."""
        self.below = False
        self.not_kept = 0
        self.known = state.identities
        self._expand = expand

    # --- names -------------------------------------------------------------------------------------------------

    def identity(self, series: Labels, value: float) -> Labels:
        """The labels of the alert of a series."""
        known = self.known.get(series)
        if known is not None:
            return known
        given = Expansion(labels=series, value=value)
        added = tuple([(name, self._expanded("label", name, text, given)) for name, text in self.rule.labels])
        return identity_of(self.rule.name, series, added)

    def annotations(self, series: Labels, value: float) -> Labels:
        """The annotations with their templates expanded; one that fails says so itself, as in Prometheus."""
        given = Expansion(labels=series, value=value)
        return tuple(
            [
                (name, bounded(self._expanded("annotation", name, text, given), LONGEST_ANNOTATION))
                for name, text in self.rule.annotations
            ]
        )

    def _expanded(self, what: str, name: str, template: str, given: Expansion) -> str:
        if "{{" not in template:
            return template
        try:
            return self._expand(template, given)
        except NeedsFixing as failed:
            self.notes[f"the template of its {what} {name} fails: {failed.message}"] = None
            return f"<error expanding template: {failed.message}>"

    # --- moves -------------------------------------------------------------------------------------------------

    def move(self, alert: Alert, *, why: str = "", is_gone: bool = False) -> None:
        """The alert is so from now on."""
        before = self.alerts.get(alert.labels)
        if is_gone:
            self.alerts.pop(alert.labels, None)
        else:
            self.alerts[alert.labels] = alert
        if is_gone or alert.phase is Phase.RESOLVED:
            self.tracks.pop(alert.labels, None)
        self.transitions.append(Transition(alert=alert, before=before, at_s=self.at_s, why=why, is_gone=is_gone))

    def end(self, alert: Alert, *, why: str = "") -> None:
        """It is over: one that fired is resolved, one that was pending is forgotten."""
        if alert.phase is Phase.FIRING:
            self.move(replace(alert, phase=Phase.RESOLVED, resolved_at_s=self.at_s), why=why)
        else:
            self.move(alert, why=why, is_gone=True)

    def begin(self, labels: Labels, series: Labels, verdict: Verdict) -> None:
        """A series is wrong that was not."""
        if labels not in self.alerts and len(self.alerts) >= MOST_ALERTS:
            self.not_kept += 1
            return
        since, fires = moved(
            NOT_CHANGING,
            standing=0,
            seen=verdict.level,
            at_s=self.at_s,
            for_s=self.rule.for_s,
            keep_s=self.rule.keep_firing_for_s,
        )
        self.tracks[labels] = Track(series, verdict.value, self.at_s, since)
        self.move(
            Alert(
                fingerprint=fingerprint_of(labels),
                rule=self.rule.id,
                name=self.rule.name,
                labels=labels,
                phase=Phase.FIRING if fires else Phase.PENDING,
                severity=_SEVERITIES[fires or verdict.level],
                active_at_s=self.at_s,
                value=verdict.value,
                threshold=self._limit(_SEVERITIES[fires or verdict.level], verdict),
                below=self.below,
                fired_at_s=self.at_s if fires else None,
                seen_at_s=self.at_s,
                annotations=self.annotations(series, verdict.value),
            )
        )

    def go_on(self, alert: Alert, series: Labels | None, verdict: Verdict) -> None:
        """A series is seen whose alert is pending or fires."""
        track = self.tracks[alert.labels]
        fires = alert.phase is Phase.FIRING
        standing = int(alert.severity) if fires else 0
        since, now = moved(
            shifted(track.since, lost_s(track.known_at_s, self.at_s, self.interval_s)),
            standing=standing,
            seen=verdict.level,
            at_s=self.at_s,
            for_s=self.rule.for_s,
            keep_s=self.rule.keep_firing_for_s,
        )
        series = track.series if series is None else series
        self.tracks[alert.labels] = Track(series, verdict.value, self.at_s, since)
        if now == 0 and (fires or verdict.level == HEALTHY):
            self.end(replace(alert, cause=Cause.VALUE, message="", value=verdict.value))
        elif now != standing:
            self._stand(alert, series or (), verdict, now)
        elif not fires and verdict.level > alert.severity:
            self._stand(alert, series or (), verdict, 0)
        elif alert.cause is not Cause.VALUE:
            self.move(replace(alert, cause=Cause.VALUE, message="", value=verdict.value), why="its series is back")

    def _stand(self, alert: Alert, series: Labels, verdict: Verdict, now: int) -> None:
        """It fires from now on, or at another severity; `now` 0: it is pending still."""
        self.move(
            replace(
                alert,
                phase=Phase.FIRING if now else Phase.PENDING,
                severity=_SEVERITIES[now or verdict.level],
                value=verdict.value,
                threshold=self._limit(_SEVERITIES[now or verdict.level], verdict),
                below=self.below,
                cause=Cause.VALUE,
                message="",
                fired_at_s=self.at_s if now and alert.fired_at_s is None else alert.fired_at_s,
                seen_at_s=self.at_s if verdict.level else alert.seen_at_s,
                annotations=self.annotations(series, verdict.value),
            )
        )

    def _limit(self, severity: Severity, verdict: Verdict) -> float | None:
        """The level of the severity that stands: a value may be beyond a higher one that has not lasted long enough."""
        condition = self.rule.condition
        levels = condition.threshold if isinstance(condition, Deviation) else condition
        if severity == verdict.level or not isinstance(levels, Threshold):
            return verdict.threshold
        return levels.critical if severity is Severity.CRITICAL else levels.warning

    def fire_missing(self, labels: Labels, cause: Cause, severity: Severity, since_s: float, message: str) -> None:
        """The rule's NoData or Error alert fires."""
        self.move(
            Alert(
                fingerprint=fingerprint_of(labels),
                rule=self.rule.id,
                name=self.rule.name,
                labels=labels,
                phase=Phase.FIRING,
                severity=severity,
                active_at_s=since_s,
                value=math.nan,
                cause=cause,
                fired_at_s=self.at_s,
                seen_at_s=self.at_s,
                annotations=_plain(self.rule),
                message=message,
            )
        )


def _plain(rule: AlertRule) -> Labels:
    """The annotations that speak of no series: a runbook's address, mostly."""
    return tuple((name, bounded(text, LONGEST_ANNOTATION)) for name, text in rule.annotations if "{{" not in text)
