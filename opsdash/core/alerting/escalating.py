"""Escalation by itself: an alert that fires and that nobody acknowledged in time goes to the next level.

Time counts from when it fired, or from when it became this severe, was given back, or was no longer quiet: nobody was
asked before that. Where that is later than when it fired it is written down, so that the next leader goes on with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import removed, written
from opsdash.core.alerting.deed import Deed, unless_changed
from opsdash.core.alerting.marks import Escalation, Unowned
from opsdash.core.alerting.ownership import NOBODY_IS_TOLD, level_of
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec, Escalate
from opsdash.core.alerting.words import called
from opsdash.core.audit import NewEntry
from opsdash.core.documents import Write
from opsdash.core.duration import format_duration

SEEN_WITHIN_S = 10.0
"""What is found to be nobody's so soon after it fired is nobody's since it fired."""

Waits = Mapping[str, Unowned]
"""By `Unowned.key`: every alert that waits for an owner, at each severity that a step of escalation asks for."""


def waits_after(
    before: Waits | None, book: Book, lines: Sequence[AlertLine], steps: Sequence[Escalate], *, now_s: float
) -> Waits:
    """Who waits for an owner now, and since when. `before`: None for a leader that has just begun.

    A new leader that finds nothing written down counts from when the alert fired: an escalation may come early after
    a leader died, it is never forgotten.
    """
    asked = sorted({step.severity for step in steps})
    found = {}
    for line in lines:
        for severity in asked if _is_nobodys(line) else ():
            if line.alert.severity >= severity:
                one = _wait(before, book, line.alert, severity, now_s)
                found[one.key] = one
    return found


def escalated(book: Book, lines: Sequence[AlertLine], waits: Waits, spec: AlertingSpec, *, now_s: float) -> Deed:
    """Every escalation that is due: the marks, what the history says of each, and which waits have to be kept.

    Each mark expects what the book has, so that of an operator and the leader in the same moment one wins. One that was
    escalated so far already is not again.
    """
    writes = list(_kept(book, waits))
    entries = []
    due = _due(waits, spec.escalate, now_s)
    for line in lines if due else ():
        step = due.get(line.alert.fingerprint)
        if step is not None and step.level > level_of(line.alert, book.escalations) and _is_nobodys(line):
            mark = _mark(line.alert, step, now_s)
            writes.append(unless_changed(written(mark), book))
            entries.append(_entry(line.alert, mark, step, spec))
    return Deed(writes=tuple(writes), entries=tuple(entries))


def next_due_s(waits: Waits, steps: Sequence[Escalate], now_s: float) -> float:
    """When the next one may be due, if nothing changes; infinity: never."""
    ends = (wait.since_s + step.after_s for wait in waits.values() for step in steps if wait.severity is step.severity)
    return min((end for end in ends if end > now_s), default=inf)


def _is_nobodys(line: AlertLine) -> bool:
    alert = line.alert
    return alert.phase is Phase.FIRING and not alert.origin and line.ack is None and not line.is_quiet


def _wait(before: Waits | None, book: Book, alert: Alert, severity: Severity, now_s: float) -> Unowned:
    known = (before if before is not None else book.unowned).get(f"{alert.fingerprint}/{severity.word}")
    episode = alert.episode
    if known is not None and known.episode == episode:
        return known
    since_s = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    if before is not None and now_s - since_s > SEEN_WITHIN_S:
        since_s = now_s
    return Unowned(fingerprint=alert.fingerprint, episode=episode, severity=severity, since_s=since_s)


def _due(waits: Waits, steps: Sequence[Escalate], now_s: float) -> Mapping[str, Escalate]:
    """Fingerprint → the highest step whose time is over."""
    due: dict[str, Escalate] = {}
    for wait in waits.values():
        for step in steps:
            if step.severity is wait.severity and now_s - wait.since_s >= step.after_s:
                known = due.get(wait.fingerprint)
                due[wait.fingerprint] = step if known is None or step.level > known.level else known
    return due


def _mark(alert: Alert, step: Escalate, now_s: float) -> Escalation:
    return Escalation(
        fingerprint=alert.fingerprint, episode=alert.episode, level=step.level, by="opsdash", at_s=now_s,
        note=f"nobody acknowledged it within {format_duration(step.after_s)}",
    )  # fmt: skip


def _entry(alert: Alert, mark: Escalation, step: Escalate, spec: AlertingSpec) -> NewEntry:
    nobody = "" if any(0 < notifier.level <= mark.level for notifier in spec.notifiers) else NOBODY_IS_TOLD
    return NewEntry(
        kind="mark.escalated", subject=alert.fingerprint, actor="opsdash", at_s=mark.at_s,
        text=f"{called(alert)} escalated to level {mark.level}: {mark.note}{nobody}",
        data={"alert": alert.name, "level": mark.level, "note": mark.note, "episode": mark.episode,
              "after_s": step.after_s},
    )  # fmt: skip


def _kept(book: Book, waits: Waits) -> Sequence[Write]:
    """The waits that a next leader could not tell from the alerts alone; those that are over go."""
    found = [
        unless_changed(written(wait), book)
        for key, wait in waits.items()
        if book.unowned.get(key) != wait and _is_later(book.alerts.get(wait.fingerprint), wait)
    ]
    return [*found, *(removed("unowned", key) for key in book.unowned if key not in waits)]


def _is_later(alert: Alert | None, wait: Unowned) -> bool:
    fired_s = None if alert is None else alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    return wait.since_s != fired_s
