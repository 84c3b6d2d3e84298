"""Marks of alerts: a shape for each meaning, beside the colour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from opsdash.core.alerting.alert import Cause, Phase
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, RuleLine
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import fit
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role

ACKNOWLEDGED_MARK, SILENCED_MARK, PENDING_MARK, RESOLVED_MARK = "✓", "z", "…", "·"
NO_LEADER_AFTER_S = 30.0
"""From here on it is said that nobody evaluates: twice the longest time that a lease holds."""

_SEVERITIES = {
    Severity.CRITICAL: ("●", Role.CRITICAL),
    Severity.WARNING: ("▲", Role.WARNING),
    Severity.INFO: ("i", Role.ACCENT),
}

Said = tuple[str, Role]
"""A line and how it looks."""


def severity_sign(severity: Severity) -> tuple[str, Role]:
    """`●` critical, `▲` warning, `i` info, each with its role."""
    return _SEVERITIES[severity]


def sign_of(line: AlertLine) -> tuple[str, Role]:
    """The one mark of an alert: what it is now, then why, then how bad."""
    alert = line.alert
    if alert.phase is Phase.RESOLVED:
        return RESOLVED_MARK, Role.DIM
    if alert.phase is Phase.PENDING:
        return PENDING_MARK, Role.DIM
    if alert.cause is Cause.NO_DATA:
        return "◆", Role.NO_DATA
    if alert.cause is Cause.ERROR:
        return "✕", Role.ERROR
    return severity_sign(alert.severity)


def is_calm(line: AlertLine) -> bool:
    """Whether nobody has to look at it now: owned, quiet, over, or not yet sure."""
    return line.ack is not None or line.is_quiet or line.alert.phase is not Phase.FIRING


@lru_cache(maxsize=4)
def counts_of(picture: AlertsPicture) -> tuple[int, int, int, int]:
    """(critical, warning, info, acknowledged) among those that fire and are not quiet."""
    critical = warning = info = acknowledged = 0
    for line in picture.lines:
        if line.alert.phase is not Phase.FIRING:
            if line.alert.phase is Phase.RESOLVED:
                break  # ranked: what is over comes last
            continue
        if line.is_quiet:
            continue
        if line.ack is not None:
            acknowledged += 1
        elif line.alert.severity is Severity.CRITICAL:
            critical += 1
        elif line.alert.severity is Severity.WARNING:
            warning += 1
        else:
            info += 1
    return critical, warning, info, acknowledged


@lru_cache(maxsize=4)
def standing(picture: AlertsPicture) -> int:
    """How many alerts are wrong now, whoever owns them: pending ones are not sure yet."""
    return sum(line.alert.phase is Phase.FIRING and not line.is_quiet for line in picture.lines)


def troubles(picture: AlertsPicture) -> list[Said]:
    """What a person has to know before trusting the screen: the store, deeds not written yet, nobody evaluating."""
    said: list[Said] = []
    store, leader = picture.store, picture.leader
    if store is not None and store.state is not Freshness.FRESH:
        said.append((f"✕ {store.message or f'the store {store.url} does not answer'}", Role.ERROR))
    elif store is not None and store.message:
        said.append((f"⟲ {store.message}", Role.LATE))
    if store is not None and store.unwritten:
        deeds = "1 deed waits" if store.unwritten == 1 else f"{store.unwritten:,} deeds wait"
        said.append((f"⟲ {deeds} to be written to the store; until then only this host knows of them", Role.LATE))
    if leader is not None and is_leaderless(picture):
        who = (
            f"{fit(leader.holder, 40)} leads and has said nothing"
            if leader.holder
            else "nobody has evaluated the rules"
        )
        said.append((f"✕ {who} for {age_text(leader.silent_s)}; what is shown is that old", Role.ERROR))
    return said


def is_leaderless(picture: AlertsPicture) -> bool:
    """Whether the newest evaluation is too long ago, though there is something to evaluate."""
    leader = picture.leader
    if leader is None or not picture.rules:
        return False
    slowest = max((line.rule.interval_s for line in picture.rules), default=15.0)
    return leader.silent_s > max(NO_LEADER_AFTER_S, 2 * slowest)


def leads_word(picture: AlertsPicture, *, width: int = 40) -> str:
    """`this screen evaluates`, `mina@bastion 4711 evaluates`: who does the work."""
    leader = picture.leader
    if leader is None:
        return ""
    if leader.is_us:
        return "this process evaluates"
    return f"{fit(leader.holder, width)} evaluates" if leader.holder else "nobody evaluates"


def is_in_trouble(line: RuleLine) -> bool:
    """Whether a rule fails or is late: what it watches is not seen."""
    return line.health is not None and (line.is_late or line.health.state is Freshness.ERROR)


@lru_cache(maxsize=4)
def unseen_rules(picture: AlertsPicture) -> int:
    """How many rules fail or are late."""
    return sum(map(is_in_trouble, picture.rules))


@lru_cache(maxsize=4)
def _by_rule(picture: AlertsPicture) -> Mapping[str, RuleLine]:
    return {line.rule.id: line for line in picture.rules}


def data_age_s(line: AlertLine, picture: AlertsPicture, now_s: float) -> float | None:
    """How old the newest answer of an alert's rule is; None where none is known."""
    rule = _by_rule(picture).get(line.alert.rule)
    if rule is None or rule.health is None or rule.health.answered_at_s is None:
        return None
    return max(now_s - rule.health.answered_at_s, 0.0)


def unseen_for_s(line: AlertLine, picture: AlertsPicture, now_s: float) -> float | None:
    """For how long nobody could see the value of an alert, since its rule fails or is late; None while it is seen."""
    alert, rule = line.alert, _by_rule(picture).get(line.alert.rule)
    if alert.phase is Phase.RESOLVED or alert.cause is not Cause.VALUE or rule is None or rule.health is None:
        return None
    if not is_in_trouble(rule):
        return None
    moved_s = max(alert.seen_at_s, alert.fired_at_s or 0.0, alert.active_at_s)  # what moved was seen then
    return max(now_s - max(rule.health.answered_at_s or 0.0, moved_s), 0.0)
