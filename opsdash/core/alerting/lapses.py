"""Marks that end by themselves: what the leader takes out of the store at each round, and why.

An acknowledgement ends with its alert, when its time is over, when the severity rises, when the value worsens by a set
share, and when its owner is idle past a limit. The alert is nobody's again; the history says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsdash.core.alerting.acking import DEFAULT_POLICY, End, Standing, end_of, is_about, newest_value, policies
from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import removed
from opsdash.core.alerting.deed import Deed, unless_changed
from opsdash.core.alerting.marks import Ack, Escalation, Note
from opsdash.core.alerting.rules import AckPolicy
from opsdash.core.alerting.silencing import forgotten
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.alerting.where import where
from opsdash.core.alerting.words import ago, called
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.metrics.labels import label, labels_of
from opsdash.core.text import clean, fit

NOTE_KEPT_S = 30 * 86_400.0
"""A note stays beside the label set: it is there when the alert fires again. So long without one, and it goes."""

Foreign = Mapping[str, Sequence[Alert]]
"""Alertmanager source → its alerts as it told them just now. One that is missing was not asked, or did not answer:
nothing of it ends."""


def lapses(book: Book, spec: AlertingSpec, *, now_s: float, foreign: Foreign | None = None) -> tuple[Deed, ...]:
    """A deed for each mark that is over, so that one that somebody changed meanwhile does not hold up the others.

    `now_s`: UTC seconds of the store's clock. Each write expects what the book has: an acknowledgement that was renewed
    in the same moment stays.
    """
    known = {alert.fingerprint: alert for alerts in (foreign or {}).values() for alert in alerts}
    known.update(book.alerts)
    asked = {"", *(foreign or {})}
    holds = policies(spec)
    deeds = [
        deed
        for ack in book.acks.values()
        if ack.origin in asked and (deed := _lapsed(book, ack, known.get(ack.fingerprint), holds, now_s)) is not None
    ]
    deeds += [
        Deed(writes=(unless_changed(removed("escalation", mark.fingerprint), book),))
        for mark in book.escalations.values()
        if _is_over(mark, known, now_s)
    ]
    deeds += [
        Deed(writes=(unless_changed(removed("note", note.fingerprint), book),))
        for note in book.notes.values()
        if _is_old(note, known, now_s)
    ]
    return (*deeds, *forgotten(book, now_s=now_s))


def why_lapsed(end: End, ack: Ack, standing: Standing, now_s: float) -> str:
    """In words: what ended it."""
    severity = standing.alert.severity.word if standing.alert is not None else "higher"
    return {
        "gone": "the alert is gone",
        "over": "the alert resolved",
        "again": "the alert was over and fires anew",
        "expired": f"its time was over after {ago(now_s - ack.at_s)}",
        "severity": f"{ack.severity.word} became {severity}",
        "worse": f"{ack.value:.4g} became {standing.value:.4g}",
        "idle": f"{clean(ack.owner)} was not here for {ago(now_s - max(ack.at_s, standing.owner_seen_s or 0.0))}",
    }[end]


def _lapsed(book: Book, ack: Ack, alert: Alert | None, holds: Mapping[str, AckPolicy], now_s: float) -> Deed | None:
    standing = Standing(
        alert=alert,
        value=newest_value(alert, book.health.get(alert.rule)) if alert is not None else ack.value,
        owner_seen_s=book.seen_operators.get(ack.owner),
        policy=holds.get(alert.rule, DEFAULT_POLICY) if alert is not None else DEFAULT_POLICY,
    )
    end = end_of(ack, standing, now_s)
    if end is None or (alert is None and _is_unreadable(book, ack.fingerprint)):
        return None
    why = why_lapsed(end, ack, standing, now_s)
    what = called(alert) if alert is not None else _called_there(book, ack)
    if ack.origin and end == "gone":
        why = f"it is over in {clean(ack.origin)}"
    data: dict[str, JsonScalar] = {"owner": ack.owner, "end": end, "episode": ack.episode, "note": ack.note}
    told = f"{what} is nobody's: {clean(ack.owner)}'s acknowledgement ended, {why}"
    entry = NewEntry(kind="mark.lapsed", subject=ack.fingerprint, actor="opsdash", at_s=now_s, text=told, data=data)
    return Deed(writes=(unless_changed(removed("ack", ack.fingerprint), book),), entries=(entry,), told=told)


def _called_there(book: Book, ack: Ack) -> str:
    """What an Alertmanager's alert was called: its silence there has the labels; else its fingerprint."""
    mirror = next((each for each in book.mirrors.values() if each.subject == ack.fingerprint), None)
    labels = labels_of((each.name, each.value) for each in mirror.silence.matchers) if mirror is not None else ()
    place = where(labels)
    name = fit(label(labels, "alertname"), 60) or clean(ack.fingerprint)
    return f"{name} ({place})" if place else name


def _is_unreadable(book: Book, fingerprint: str) -> bool:
    """Whether the alert is in the store and could not be read: a newer version's is not gone."""
    return ("alert", fingerprint) in book.versions


def _is_over(mark: Escalation, known: Mapping[str, Alert], now_s: float) -> bool:
    """One without an alert may be an Alertmanager's that was not asked: it does no harm, and goes when it is old."""
    alert = known.get(mark.fingerprint)
    if alert is None:
        return now_s - mark.at_s > NOTE_KEPT_S
    return alert.phase is Phase.RESOLVED or not is_about(mark, alert)


def _is_old(note: Note, known: Mapping[str, Alert], now_s: float) -> bool:
    return note.fingerprint not in known and now_s - note.at_s > NOTE_KEPT_S
