"""What Alertmanagers are to hold for us: a silence for each acknowledgement of what they tell of, and our silences.

Worked out anew from the book at every look, so that it does not matter who was killed when: what is wanted and not
there is made, what is there and not wanted any more is ended. Pure; the leader carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsdash.core.alerting.acking import ack_of
from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import removed
from opsdash.core.alerting.deed import Deed, unless_changed
from opsdash.core.alerting.hubs import Foreign
from opsdash.core.alerting.label_columns import LabelColumns
from opsdash.core.alerting.labels_sent import labels_sent
from opsdash.core.alerting.marks import Ack, Silence
from opsdash.core.alerting.matchers import Matcher, exactly
from opsdash.core.alerting.mirror import KIND, Mirror, Why, mirror_written
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.text import clean, fit

LONGEST_S = 30 * 86_400.0
"""How long the silence of an acknowledgement without an end is made for."""
_MARK = re.compile(r" \[opsdash [0-9a-z]+\]$")
_ANY = Matcher(name="alertname", op="=~", value=".+")
GOSSIP_S = 30.0
"""So long after it was made, a member of a cluster may not have heard of a silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One silence that is to stand in one Alertmanager, or in one cluster."""

    why: Why
    hub: str
    subject: str
    silence: Silence


def planned(
    book: Book, spec: AlertingSpec, foreign: Foreign, *, now_s: float, new_token: Callable[[], str]
) -> tuple[Mirror, ...]:
    """The mirrors that are to be written down: new ones, changed ones, and those that are to end."""
    standing = {_place(foreign, mirror): mirror for mirror in book.mirrors.values() if mirror.why != "change"}
    changed: list[Mirror] = []
    kept: set[tuple[str, str, str]] = set()
    for each in wanted(book, spec, foreign, now_s=now_s):
        place = _place(foreign, each)
        kept.add(place)
        before = standing.get(place)
        if before is None:
            key = f"{each.why}|{each.hub}|{each.subject}"
            changed.append(
                Mirror(
                    key=key,
                    why=each.why,
                    hub=each.hub,
                    subject=each.subject,
                    silence=each.silence,
                    token=new_token(),
                )
            )
        elif before.is_ending or before.silence != each.silence:
            changed.append(replace(before, silence=each.silence, is_done=False, is_ending=False, trouble=""))
    changed += [
        replace(mirror, is_ending=True, is_done=False, trouble="")
        for place, mirror in standing.items()
        if place not in kept and not mirror.is_ending
    ]
    return tuple(changed)


def wanted(book: Book, spec: AlertingSpec, foreign: Foreign, *, now_s: float) -> tuple[Wanted, ...]:
    """All that is to stand in Alertmanagers now."""
    acked = _acknowledged(book, spec, foreign, now_s) if spec.mirror else ()
    return (*acked, *_silenced(book, spec, foreign, now_s))


def due(mirrors: Iterable[Mirror]) -> tuple[Mirror, ...]:
    """Those that an Alertmanager is to be asked for, the oldest wish first."""
    waiting = (mirror for mirror in mirrors if not mirror.is_done and not mirror.trouble)
    return tuple(sorted(waiting, key=lambda mirror: (mirror.silence.created_at_s, mirror.key)))


def lost(book: Book, foreign: Foreign, well: Mapping[str, float], *, now_s: float) -> tuple[Deed, ...]:
    """What was made and is not there any more. `well`: source → UTC seconds at which it was asked with success.

    One that the Alertmanager does not know of is made again; one that somebody ended there stays ended.
    """
    there = {silence.id: silence for silence in foreign.silences}
    deeds = []
    for mirror in book.mirrors.values():
        asked_at_s = max((well.get(name, 0.0) for name in foreign.cluster_of(mirror.hub)), default=0.0)
        if not mirror.is_done or mirror.trouble or asked_at_s < mirror.done_at_s + GOSSIP_S:
            continue
        found = there.get(mirror.there)
        if found is None and mirror.silence.ends_at_s > now_s:
            again = replace(mirror, is_done=False, there="")
            deeds.append(Deed(writes=(unless_changed(mirror_written(again), book),)))
        elif found is not None and found.ends_at_s <= now_s < mirror.silence.ends_at_s - 1.0:
            deeds.append(refused(book, mirror, "somebody ended it there", now_s=now_s))
    return tuple(deeds)


def to_put(mirror: Mirror, found: Iterable[Silence], name: str) -> Silence:
    """What the source `name` is asked to hold: the silence that is there already, changed, or a new one."""
    own = [each for each in found if is_its(mirror, each)]
    before = max(own, key=lambda each: each.ends_at_s, default=None)
    wish = mirror.silence
    comment = wish.comment if mirror.why == "change" else f"{wish.comment} {mirror.mark}"
    if before is None or before.ends_at_s <= wish.created_at_s:
        return replace(wish, id="", origin="", comment=comment)
    return replace(wish, id=before.id, origin=name, starts_at_s=before.starts_at_s, comment=comment)


def is_its(mirror: Mirror, silence: Silence) -> bool:
    """Whether a silence of an Alertmanager is the one of this mirror."""
    return silence.id == mirror.there or bool(mirror.mark and mirror.mark in silence.comment)


def made(book: Book, mirror: Mirror, there: str, *, now_s: float) -> Deed:
    """It stands. A change is done with."""
    if mirror.why == "change":
        return Deed(writes=(unless_changed(removed(KIND, mirror.key), book),))
    after = replace(mirror, there=there, is_done=True, done_at_s=now_s)
    text = f"silenced in {clean(mirror.hub)} for as long as it is owned (id {fit(there, 60)})"
    if mirror.why == "silence":
        text = f"silenced in {clean(mirror.hub)}, too (id {fit(there, 60)})"
    entries = () if mirror.there else (_entry("hub.silenced", mirror, now_s, text, there),)
    return Deed(writes=(unless_changed(mirror_written(after), book),), entries=entries)


def ended(book: Book, mirror: Mirror, *, now_s: float) -> Deed:
    """It does not stand any more."""
    text = f"its silence in {clean(mirror.hub)} was ended"
    entries = (_entry("hub.ended", mirror, now_s, text, mirror.there),) if mirror.there else ()
    return Deed(writes=(unless_changed(removed(KIND, mirror.key), book),), entries=entries)


def refused(book: Book, mirror: Mirror, why: str, *, now_s: float) -> Deed:
    """The Alertmanager will not have it, and is not asked again until something else is wanted."""
    said = fit(clean(why), 300)
    text = f"no silence in {clean(mirror.hub)}: {said}"
    entry = _entry("hub.refused", mirror, now_s, text, mirror.there)
    if mirror.why == "change" or mirror.is_ending:
        return Deed(writes=(unless_changed(removed(KIND, mirror.key), book),), entries=(entry,))
    after = replace(mirror, is_done=True, trouble=said, done_at_s=now_s)
    return Deed(writes=(unless_changed(mirror_written(after), book),), entries=(entry,))


def shown_silences(silences: Iterable[Silence], mirrors: Iterable[Mirror]) -> tuple[Silence, ...]:
    """The Alertmanagers' silences beside ours: ours that stand there too are shown once, as ours; changes at once."""
    by_id = {mirror.there: mirror for mirror in mirrors if mirror.there}
    marks = tuple(mirror.mark for mirror in mirrors if mirror.why == "silence")
    shown = []
    for silence in silences:
        mirror = by_id.get(silence.id)
        if (mirror is not None and mirror.why == "silence") or any(mark in silence.comment for mark in marks):
            continue
        if mirror is not None and mirror.why == "change":
            silence = replace(mirror.silence, id=silence.id)  # noqa: PLW2901 - as it will be in a moment
        plain = _MARK.sub("", silence.comment)
        shown.append(silence if plain == silence.comment else replace(silence, comment=plain))
    return tuple(shown)


def _acknowledged(book: Book, spec: AlertingSpec, foreign: Foreign, now_s: float) -> Iterable[Wanted]:
    theirs = {alert.fingerprint: alert for alert in foreign.alerts}
    standing: dict[str, list[Mirror]] = {}
    for mirror in book.mirrors.values():
        if mirror.why == "ack":
            standing.setdefault(mirror.subject, []).append(mirror)
    for ack in book.acks.values():
        alert = theirs.get(ack.fingerprint) if ack.origin else book.alerts.get(ack.fingerprint)
        if alert is None:
            # Not told just now: what stands for it stands until the leader finds that it is over.
            yield from (_of_mirror(mirror, ack) for mirror in standing.get(ack.fingerprint, ()) if ack.origin)
        elif ack_of(alert, book.acks, now_s=now_s) is not None and (ack.origin or alert.phase is Phase.FIRING):
            labels = alert.labels if ack.origin else labels_sent(alert)
            hubs = alert.hubs if ack.origin else spec.send_to
            silence = _silence_of(ack, labels)
            yield from (
                Wanted(why="ack", hub=hub, subject=ack.fingerprint, silence=silence) for hub in _one_each(foreign, hubs)
            )


def _silenced(book: Book, spec: AlertingSpec, foreign: Foreign, now_s: float) -> Iterable[Wanted]:
    standing: dict[str, list[str]] = {}
    for mirror in book.mirrors.values():
        if mirror.why == "silence":
            standing.setdefault(mirror.subject, []).append(mirror.hub)
    standing_ours = [each for each in book.silences.values() if each.ends_at_s > now_s and not each.origin]
    columns = LabelColumns(alert.labels for alert in foreign.alerts if standing_ours)
    for silence in standing_ours:
        matched = (foreign.alerts[at] for at in columns.matching(silence.matchers))
        reached = dict.fromkeys(hub for alert in matched for hub in alert.hubs)
        hubs = (*standing.get(silence.id, ()), *spec.send_to, *reached)
        # An Alertmanager wants one matcher at least, and a comment.
        wish = silence if silence.matchers else replace(silence, matchers=(_ANY,))
        wish = wish if wish.comment else replace(wish, comment="silenced in opsdash")
        yield from (
            Wanted(why="silence", hub=hub, subject=silence.id, silence=wish) for hub in _one_each(foreign, hubs)
        )


def _of_mirror(mirror: Mirror, ack: Ack) -> Wanted:
    labels = labels_of((matcher.name, matcher.value) for matcher in mirror.silence.matchers)
    return Wanted(why="ack", hub=mirror.hub, subject=mirror.subject, silence=_silence_of(ack, labels))


def _silence_of(ack: Ack, labels: Labels) -> Silence:
    note = f": {ack.note}" if ack.note else ""
    return Silence(
        id="",
        matchers=exactly(labels),
        starts_at_s=ack.at_s,
        ends_at_s=ack.expires_at_s if ack.expires_at_s is not None else ack.at_s + LONGEST_S,
        by=ack.owner,
        comment=f"acknowledged in opsdash{note}",
        created_at_s=ack.at_s,
    )


def _one_each(foreign: Foreign, hubs: Sequence[str]) -> tuple[str, ...]:
    """One source a cluster: silences are passed on among its members."""
    return tuple({foreign.cluster_of(hub)[0]: hub for hub in reversed(hubs)}.values())[::-1]


def _place(foreign: Foreign, each: Wanted | Mirror) -> tuple[str, str, str]:
    return each.why, foreign.cluster_of(each.hub)[0], each.subject


def _entry(kind: str, mirror: Mirror, now_s: float, text: str, there: str) -> NewEntry:
    data: dict[str, JsonScalar] = {
        "hub": mirror.hub,
        "id": there,
        "owner": mirror.silence.by,
        "until": mirror.silence.ends_at_s,
    }
    return NewEntry(kind=kind, subject=mirror.subject, actor="opsdash", at_s=now_s, text=text, data=data)
