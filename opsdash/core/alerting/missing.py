"""Nothing came, or it failed: NoData and Error, each with its own `for`; and a series that vanished beside others."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.conditions.verdict import HEALTHY, Sight, Verdict
from opsdash.core.alerting.counting import Count, counted
from opsdash.core.alerting.identity import is_named_by, missing_identity
from opsdash.core.alerting.round import Round
from opsdash.core.metrics.labels import Labels
from opsdash.core.text import clean

FORGOTTEN_AFTER_S = 86_400.0
"""A series that has been gone for a day, while others were there, is over: its pod does not come back."""
RETENTION_S = 900.0
"""For so long a resolved alert is still shown."""
LONGEST_MESSAGE = 500

RULE_CHANGED = "the rule was changed: it names its alerts otherwise now"
NO_DATA_IS_OK = "no data counts as ok"
SERIES_GONE = "its series is gone while others are there"


def failed(round_: Round, error: Count | None, message: str) -> Count:
    """The evaluation failed: no alert moves, but the rule's own after a while."""
    error = counted(error, round_.at_s, round_.interval_s)
    policy, labels = round_.rule.error, missing_identity(round_.rule, Cause.ERROR)
    if policy.state != "alert":
        _end_missing(round_, labels, "failing does not count as wrong any more")
    elif error.is_over(policy.for_s) and not _fires(round_, labels):
        said = clean(message, longest=LONGEST_MESSAGE)
        round_.fire_missing(labels, Cause.ERROR, policy.severity, round_.at_s - error.seconds, said)
    return error


def answered(round_: Round) -> None:
    """The evaluation was answered: it does not fail any more, and alerts that a changed rule left behind are over."""
    rule = round_.rule
    _end_missing(round_, missing_identity(rule, Cause.ERROR), "its queries are answered again")
    own = missing_identity(rule, Cause.NO_DATA)
    for alert in [one for one in round_.alerts.values() if one.labels not in round_.tracks and one.labels != own]:
        if alert.phase is Phase.FIRING:
            round_.end(alert, why=RULE_CHANGED)


def without_data(round_: Round, no_data: Count | None, sight: Sight) -> Count:
    """Every query was answered, and there is nothing in it that could be judged."""
    no_data = counted(no_data, round_.at_s, round_.interval_s)
    policy, labels = round_.rule.no_data, missing_identity(round_.rule, Cause.NO_DATA)
    if policy.state != "alert":
        _end_missing(round_, labels, "no data does not count as wrong any more")
    if not no_data.is_over(policy.for_s):
        return no_data
    if policy.state == "alert" and not _fires(round_, labels):
        said = sight.hint or ("its values are all NaN" if sight.readings else "its query gives nothing")
        round_.fire_missing(labels, Cause.NO_DATA, policy.severity, round_.at_s - no_data.seconds, said)
    if policy.state == "ok":
        for alert in list(of_values(round_)):
            round_.end(alert, why=NO_DATA_IS_OK)
    return no_data


def with_data(round_: Round) -> None:
    """There is something that could be judged, or nothing is no news to this condition."""
    _end_missing(round_, missing_identity(round_.rule, Cause.NO_DATA), "there is data again")


def vanished(round_: Round, seen: Container[Labels], *, absence_is_healthy: bool, is_cut: bool) -> None:
    """The alerts whose series are not in the answer, or have no value there, while others do."""
    for alert in [one for one in of_values(round_) if one.labels not in seen]:
        if not is_named_by(round_.rule, alert.labels):
            round_.end(alert, why=RULE_CHANGED)
        elif is_cut:
            continue
        elif absence_is_healthy:
            value = round_.tracks[alert.labels].value
            round_.go_on(alert, None, Verdict(HEALTHY, value, alert.threshold))
        else:
            _went(round_, alert)


def of_values(round_: Round) -> Iterator[Alert]:
    """The alerts that are pending or fire because of a series, and not those of the rule itself."""
    return (round_.alerts[labels] for labels in round_.tracks)


def forget(round_: Round) -> None:
    """What was resolved long enough ago is not shown any more."""
    for alert in list(round_.alerts.values()):
        if alert.phase is Phase.RESOLVED and round_.at_s - (alert.resolved_at_s or 0.0) > RETENTION_S:
            round_.move(alert, is_gone=True)


def _went(round_: Round, alert: Alert) -> None:
    """The series of an alert is gone: `ok` ends it, `alert` says so and lets it fire, `keep` lets it be."""
    track, policy = round_.tracks[alert.labels], round_.rule.no_data
    gone = counted(track.gone, round_.at_s, round_.interval_s)
    round_.tracks[alert.labels] = track._replace(gone=gone)
    if gone.is_over(max(FORGOTTEN_AFTER_S, policy.for_s)):
        round_.end(alert, why="its series has been gone for a day")
    elif policy.state == "keep" or not gone.is_over(policy.for_s):
        return
    elif policy.state == "ok":
        round_.end(alert, why=NO_DATA_IS_OK)
    elif alert.phase is Phase.PENDING:
        round_.end(alert, why=SERIES_GONE)
    elif alert.cause is Cause.VALUE:
        round_.move(replace(alert, cause=Cause.NO_DATA, message=SERIES_GONE), why=SERIES_GONE)


def _fires(round_: Round, labels: Labels) -> bool:
    alert = round_.alerts.get(labels)
    return alert is not None and alert.phase is Phase.FIRING


def _end_missing(round_: Round, labels: Labels, why: str) -> None:
    alert = round_.alerts.get(labels)
    if alert is not None and alert.phase is Phase.FIRING:
        round_.end(alert, why=why)
