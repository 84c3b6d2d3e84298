"""Who owns an alert: acknowledge, un-acknowledge, assign, note, escalate. Pure; the engine commits what comes out.

Of several alerts, those that can be taken are, and the others are told with the reason; where none can, it is Refused.
Every mark expects the version that the book has of it, so that of two at once one wins; the other is Overtaken.
"""

# ruff: noqa: PLR0913 - an argument for each thing that is decided by; all but the first three have names

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from opsdash.core.alerting.acking import DEFAULT_POLICY, ack_of, is_about, newest_value, policies
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import removed, written
from opsdash.core.alerting.comments import missing_comment, refuse_without_comment
from opsdash.core.alerting.deed import Deed, unless_changed
from opsdash.core.alerting.marks import Ack, Escalation, Note
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.alerting.subjects import named, parted, refuse_if_none, remark, still_wrong
from opsdash.core.alerting.words import ago, called, called_all, line_of, until
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.duration import format_duration
from opsdash.core.errors import Refused
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean, fit

SHORTEST_ACK_S, LONGEST_ACK_S = 60.0, 30 * 86_400.0
_LONGEST_NAME = 64
NOBODY_IS_TOLD = "; every screen shows it, and no notifier has that level"


def acknowledge(
    book: Book,
    spec: AlertingSpec,
    fingerprints: Collection[str],
    *,
    by: str,
    now_s: float,
    note: str = "",
    for_s: float | None = None,
    foreign: Sequence[Alert] = (),
    zone: tzinfo | None = None,
) -> Deed:
    """`by` owns these alerts from now on, for `for_s` seconds; None: as long as their rules say.

    `foreign`: the alerts of Alertmanagers. Pending alerts can be taken too, and stay taken when they fire. Who owns an
    alert already renews it. Raises Refused: resolved, unknown, somebody else's, without a comment that is asked for,
    or for a time that makes no sense.
    """
    text = line_of(note)
    _refuse_length(for_s)
    found, unknown = named(book, fingerprints, foreign)
    wrong, over = still_wrong(found, now_s=now_s, verb="acknowledge")
    taken, owned = parted(wrong, lambda alert: _owned_by_another(book, alert, by, now_s))
    left = (*unknown, *over, *owned)
    refuse_if_none(taken, left)
    _refuse_uncommented(spec, taken, text)
    acks = _acks(book, spec, taken, who=(by, by), now_s=now_s, note=text, for_s=for_s)
    return Deed(
        writes=tuple(unless_changed(written(ack), book) for ack in acks),
        entries=tuple(
            _entry("mark.acknowledged", alert, (by, now_s), f"acknowledged {_for(ack)}{_with(text)}", _data(ack))
            for alert, ack in zip(taken, acks, strict=True)
        ),
        told=f"acknowledged {called_all(taken)} {_all_until(acks, now_s, zone)}{remark(left)}",
    )


def unacknowledge(
    book: Book,
    spec: AlertingSpec,  # noqa: ARG001 - the same for every verb
    fingerprints: Collection[str],
    *,
    by: str,
    now_s: float,
    foreign: Sequence[Alert] = (),
) -> Deed:
    """Nobody owns these alerts any more. Anyone may say so; the history has who. Raises Refused where nobody does."""
    found, unknown = named(book, fingerprints, foreign)
    acks = {alert.fingerprint: ack for alert in found if (ack := ack_of(alert, book.acks, now_s=now_s)) is not None}
    taken, free = parted(
        found, lambda alert: "" if alert.fingerprint in acks else f"{called(alert)} is not acknowledged"
    )
    left = (*unknown, *free)
    refuse_if_none(taken, left)
    entries = []
    for alert in taken:
        owner = acks[alert.fingerprint].owner
        text = "given back" if owner == by else f"taken from {clean(owner)}"
        entries.append(_entry("mark.unacknowledged", alert, (by, now_s), text, {"owner": owner}))
    others = sorted({clean(ack.owner) for ack in acks.values() if ack.owner != by})
    before = f" any more (before: {', '.join(others)})" if others else " any more"
    return Deed(
        writes=tuple(unless_changed(removed("ack", alert.fingerprint), book) for alert in taken),
        entries=tuple(entries),
        told=f"nobody owns {called_all(taken)}{before}{remark(left)}",
    )


def assign(
    book: Book,
    spec: AlertingSpec,
    fingerprints: Collection[str],
    owner: str,
    *,
    by: str,
    now_s: float,
    note: str = "",
    for_s: float | None = None,
    foreign: Sequence[Alert] = (),
    zone: tzinfo | None = None,
    is_operator: Callable[[str], bool] = bool,
) -> Deed:
    """Makes `owner` the owner, whoever it was before: to hand over, or to take over from somebody.

    `is_operator` says whether there is such a user. A note of before stays where no new one is given. Raises Refused
    as `acknowledge` does, and for an unknown owner.
    """
    text = line_of(note)
    _refuse_length(for_s)
    if owner != by:
        _refuse_stranger(book, owner, is_operator)
    found, unknown = named(book, fingerprints, foreign)
    taken, over = still_wrong(found, now_s=now_s, verb="assign")
    left = (*unknown, *over)
    refuse_if_none(taken, left)
    earlier = [ack_of(alert, book.acks, now_s=now_s) for alert in taken]
    acks, entries = [], []
    fresh = _acks(book, spec, taken, who=(owner, by), now_s=now_s, note=text, for_s=for_s)
    for alert, before, new in zip(taken, earlier, fresh, strict=True):
        ack = new if text or before is None else replace(new, note=before.note)
        _refuse_uncommented(spec, (alert,), ack.note)
        came = f" (before: {clean(before.owner)})" if before is not None and before.owner != owner else ""
        told = f"assigned to {clean(owner)}{came} {_for(ack)}{_with(text)}"
        data = {**_data(ack), "before": before.owner if before is not None else None}
        entries.append(_entry("mark.assigned", alert, (by, now_s), told, data))
        acks.append(ack)
    return Deed(
        writes=tuple(unless_changed(written(ack), book) for ack in acks),
        entries=tuple(entries),
        told=f"{clean(owner)} owns {called_all(taken)} {_all_until(acks, now_s, zone)}{remark(left)}",
    )


def note(
    book: Book,
    spec: AlertingSpec,  # noqa: ARG001 - the same for every verb
    fingerprints: Collection[str],
    text: str,
    *,
    by: str,
    now_s: float,
    foreign: Sequence[Alert] = (),
) -> Deed:
    """Writes beside these alerts, also beside resolved ones. The newest note is shown, the history keeps them all.

    Of two that write at once neither is refused. Raises Refused for an empty or too long text, or no such alert.
    """
    line = line_of(text)
    if not line:
        raise Refused("the note is empty; nothing was written")
    found, left = named(book, fingerprints, foreign)
    refuse_if_none(found, left)
    return Deed(
        writes=tuple(written(Note(fingerprint=alert.fingerprint, text=line, by=by, at_s=now_s)) for alert in found),
        entries=tuple(_entry("mark.noted", alert, (by, now_s), line, {"note": line}) for alert in found),
        told=f"noted beside {called_all(found)}{remark(left)}",
    )


def escalate(
    book: Book,
    spec: AlertingSpec,
    fingerprints: Collection[str],
    *,
    by: str,
    now_s: float,
    note: str = "",
    foreign: Sequence[Alert] = (),
) -> Deed:
    """Hands these alerts to the next level. Raises Refused: resolved, unknown, or at the highest level already."""
    text = line_of(note)
    top = highest_level(spec)
    found, unknown = named(book, fingerprints, foreign)
    wrong, over = still_wrong(found, now_s=now_s, verb="escalate")
    taken, highest = parted(wrong, lambda alert: _at_the_top(book, alert, top))
    left = (*unknown, *over, *highest)
    refuse_if_none(taken, left)
    marks = [
        Escalation(
            fingerprint=alert.fingerprint,
            episode=alert.episode,
            level=level_of(alert, book.escalations) + 1,
            by=by,
            at_s=now_s,
            note=text,
        )
        for alert in taken
    ]
    levels = sorted({mark.level for mark in marks})
    nobody = "" if any(0 < notifier.level <= levels[-1] for notifier in spec.notifiers) else NOBODY_IS_TOLD
    return Deed(
        writes=tuple(unless_changed(written(mark), book) for mark in marks),
        entries=tuple(
            _entry("mark.escalated", alert, (by, now_s), f"escalated to level {mark.level}{_with(text)}", _level(mark))
            for alert, mark in zip(taken, marks, strict=True)
        ),
        told=f"escalated {called_all(taken)} to level {' and '.join(map(str, levels))}{nobody}{remark(left)}",
    )


def highest_level(spec: AlertingSpec) -> int:
    """The highest level that a notifier or a rule of escalation names; at least 1."""
    return max([1, *(each.level for each in spec.notifiers), *(each.level for each in spec.escalate)])


def level_of(alert: Alert, escalations: Mapping[str, Escalation]) -> int:
    """How far this time that it is wrong was escalated; 0: not at all."""
    mark = escalations.get(alert.fingerprint)
    return mark.level if mark is not None and is_about(mark, alert) else 0


def _at_the_top(book: Book, alert: Alert, top: int) -> str:
    level = level_of(alert, book.escalations)
    return f"{called(alert)} is at level {level} already, the highest there is" if level >= top else ""


def _owned_by_another(book: Book, alert: Alert, by: str, now_s: float) -> str:
    held = ack_of(alert, book.acks, now_s=now_s)
    if held is None or held.owner == by:
        return ""
    since = f"{clean(held.owner)} acknowledged {called(alert)} {ago(now_s - held.at_s)} ago"
    if held.by != held.owner:
        since = f"{clean(held.by)} assigned {called(alert)} to {clean(held.owner)} {ago(now_s - held.at_s)} ago"
    return f"{since}{_with(held.note)}; to take it over, assign it to yourself"


def _acks(
    book: Book,
    spec: AlertingSpec,
    alerts: Sequence[Alert],
    *,
    who: tuple[str, str],
    now_s: float,
    note: str,
    for_s: float | None,
) -> list[Ack]:
    """`who`: the owner, and who says so."""
    holds = policies(spec)
    return [
        Ack(
            fingerprint=alert.fingerprint,
            episode=alert.episode,
            owner=who[0],
            by=who[1],
            at_s=now_s,
            expires_at_s=now_s + (holds.get(alert.rule, DEFAULT_POLICY).expires_s if for_s is None else for_s),
            severity=alert.severity,
            value=newest_value(alert, book.health.get(alert.rule)),
            note=note,
            origin=alert.origin,
        )
        for alert in alerts
    ]


def _refuse_length(for_s: float | None) -> None:
    if for_s is not None and not SHORTEST_ACK_S <= for_s <= LONGEST_ACK_S:
        given = format_duration(for_s) if abs(for_s) < 1e12 else "that"
        raise Refused(
            f"an acknowledgement holds for {format_duration(SHORTEST_ACK_S)} to {format_duration(LONGEST_ACK_S)}, "
            f"not for {given}; for longer, silence it or change its rule"
        )


def _refuse_stranger(book: Book, owner: str, is_operator: Callable[[str], bool]) -> None:
    if not owner or len(owner) > _LONGEST_NAME or not is_operator(owner):
        near = did_you_mean(owner, sorted(book.seen_operators))
        raise Refused(f'this system has no user "{fit(owner, 40)}"{near}')


def _refuse_uncommented(spec: AlertingSpec, alerts: Sequence[Alert], text: str) -> None:
    for alert in alerts:
        rule = missing_comment(spec.comments, alert.labels, text)
        if rule is not None:
            refuse_without_comment(rule, called(alert))


def _for(ack: Ack) -> str:
    return "until it is over" if ack.expires_at_s is None else f"for {format_duration(ack.expires_at_s - ack.at_s)}"


def _with(text: str) -> str:
    return f": {text}" if text else ""


def _all_until(acks: Sequence[Ack], now_s: float, zone: tzinfo | None) -> str:
    ends = sorted(ack.expires_at_s for ack in acks if ack.expires_at_s is not None)
    if not ends:
        return "until it is over"
    return until(ends[0], now_s, zone) + (" or later" if ends[-1] - ends[0] >= 60.0 else "")


def _data(ack: Ack) -> dict[str, JsonScalar]:
    return {"owner": ack.owner, "until": ack.expires_at_s, "note": ack.note, "episode": ack.episode}


def _level(mark: Escalation) -> dict[str, JsonScalar]:
    return {"level": mark.level, "note": mark.note, "episode": mark.episode}


def _entry(kind: str, alert: Alert, who: tuple[str, float], text: str, data: Mapping[str, JsonScalar]) -> NewEntry:
    """`who`: the operator, and when."""
    return NewEntry(
        kind=kind,
        subject=alert.fingerprint,
        actor=who[0],
        at_s=who[1],
        text=f"{called(alert)} {text}" if kind != "mark.noted" else text,
        data={"alert": alert.name, **data},
    )
