"""Silences: made by matchers, previewed, extended, expired. Pure; the engine commits what comes out."""

# ruff: noqa: PLR0913 - an argument for each thing that is decided by; all but the first three have names

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.breadth import why_everything
from opsdash.core.alerting.codec import removed, written
from opsdash.core.alerting.comments import labels_meant, missing_comment, refuse_without_comment
from opsdash.core.alerting.deed import Deed, unless_changed
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher, Matchers, all_match
from opsdash.core.alerting.mirror import Mirror, mirror_written
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.alerting.words import ago, called, called_all, line_of, matchers_text, until
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.documents import Write
from opsdash.core.duration import format_duration
from opsdash.core.errors import Refused
from opsdash.core.metrics.labels import Labels
from opsdash.core.re2 import PatternRefused, compiled
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean, fit

SHORTEST_S, LONGEST_S = 60.0, 90 * 86_400.0
"""How long a silence may last."""
PROPOSED_S = 2 * 3600.0
SHOWN_AFTER_S = 900.0
"""An expired silence stays visible for so long: what it hid comes back, and somebody will ask why."""

_CHANGES = frozenset(
    {"instance", "pod", "pod_name", "pod_ip", "container_id", "id", "uid", "uuid", "replica", "instance_id", "process"}
    | {"pid", "exported_instance", "exported_pod", "host_ip"}
)
"""Labels that are others after the next deploy, while the trouble is the same."""
_STAYS = frozenset(
    {"service", "app", "application", "component", "deployment", "statefulset", "daemonset", "workload", "database"}
    | {"queue", "topic", "cluster", "route", "ingress", "cronjob", "job_name", "name", "app_kubernetes_io_name"}
)


def silence(
    book: Book,
    spec: AlertingSpec,
    matchers: Matchers,
    *,
    by: str,
    now_s: float,
    for_s: float,
    comment: str,
    starts_in_s: float = 0.0,
    everything: bool = False,
    foreign: Sequence[Alert] = (),
    zone: tzinfo | None = None,
) -> Deed:
    """Alerts that match are quiet for `for_s` seconds, from `starts_in_s` on.

    `everything`: the person typed that hiding every alert is meant. Raises Refused: it would hide everything, a
    matcher is wrong, no comment, a time that makes no sense, or the same silence is there.
    """
    text = line_of(comment, "a comment")
    _refuse_times(for_s, starts_in_s)
    for matcher in matchers:
        refuse_wrong(matcher)
    wide = why_everything(spec, matchers, _standing(book, foreign))
    if wide is not None and not everything:
        raise Refused(f"{wide}; confirm that this is meant, or add a matcher")
    hidden = tuple(alert for alert in _standing(book, foreign) if all_match(matchers, alert.labels))
    _refuse_uncommented(spec, matchers, hidden, text)
    starts_at_s = now_s + starts_in_s
    made = Silence(
        id=_id(matchers, by, now_s),
        matchers=matchers,
        starts_at_s=starts_at_s,
        ends_at_s=starts_at_s + for_s,
        by=by,
        comment=text,
        created_at_s=now_s,
    )
    _refuse_twin(book, made, now_s)
    begins = f", beginning in {ago(starts_in_s)}" if starts_in_s > 0 else ""
    what = f"silenced {matchers_text(matchers)}"
    entry = _entry("silence.created", made, (by, now_s), f"{what} for {format_duration(for_s)}{begins}: {text}")
    told = f"{fit(what, 200)} {until(made.ends_at_s, now_s, zone)}{begins}; it hides {_counted(hidden)} now"
    return Deed(writes=(unless_changed(written(made), book),), entries=(entry,), told=f"{told} (id {made.id})")


def extend(
    book: Book,
    silence_id: str,
    for_s: float,
    *,
    by: str,
    now_s: float,
    zone: tzinfo | None = None,
    foreign: Iterable[Silence] = (),
) -> Deed:
    """It ends `for_s` seconds later than it would; one that expired while it is still shown begins anew.

    An Alertmanager's is changed there, by the leader. Raises Refused: there is no such silence, or it would last too
    long.
    """
    found = silence_of(book, silence_id, foreign)
    base_s = max(found.ends_at_s, now_s)
    ends_at_s = base_s + for_s
    if not for_s >= SHORTEST_S:
        raise Refused(f"a silence is extended by {format_duration(SHORTEST_S)} at least")
    if ends_at_s - max(found.starts_at_s, now_s) > LONGEST_S:
        raise Refused(f"it would last {_length(ends_at_s - now_s)}; a silence lasts {_length(LONGEST_S)} at most")
    was_over = found.ends_at_s <= now_s
    longer = replace(found, ends_at_s=ends_at_s, starts_at_s=now_s if was_over else found.starts_at_s)
    verb = "began anew" if was_over else "extended"
    entry = _entry("silence.extended", longer, (by, now_s), f"{verb} by {format_duration(for_s)}: {_what(found)}")
    told = f"{_what(found)} is silenced {until(ends_at_s, now_s, zone)}"
    return Deed(writes=(_kept(longer, book),), entries=(entry,), told=told)


def expire(book: Book, silence_id: str, *, by: str, now_s: float, foreign: Iterable[Silence] = ()) -> Deed:
    """It ends now; what it hid is told of again. It stays visible for 15 minutes.

    Raises Refused: there is no such silence, or it is over already.
    """
    found = silence_of(book, silence_id, foreign)
    if found.ends_at_s <= now_s:
        raise Refused(f"the silence {found.id} ended {ago(now_s - found.ends_at_s)} ago; nothing to expire")
    over = replace(found, ends_at_s=now_s, starts_at_s=min(found.starts_at_s, now_s))
    hidden = [alert for alert in _standing(book, ()) if all_match(found.matchers, alert.labels)]
    whose = "" if found.by == by else f" of {clean(found.by)}"
    entry = _entry("silence.expired", over, (by, now_s), f"ended the silence{whose}: {_what(found)}")
    again = f"; {_counted(hidden)} told of again" if hidden else ""
    return Deed(
        writes=(_kept(over, book),),
        entries=(entry,),
        told=f"ended the silence{whose}: {_what(found)}{again}",
    )


def forgotten(book: Book, *, now_s: float) -> tuple[Deed, ...]:
    """The leader's: takes silences that were over for 15 minutes out of the store; the history keeps them."""
    old = (each for each in book.silences.values() if now_s - each.ends_at_s > SHOWN_AFTER_S)
    return tuple(
        Deed(
            writes=(unless_changed(removed("silence", each.id), book),),
            entries=(
                _entry(
                    "silence.over", each, ("opsdash", now_s), f"over {ago(now_s - each.ends_at_s)} ago: {_what(each)}"
                ),
            ),
        )
        for each in old
        if not each.origin
    )


def hidden_by(lines: Iterable[AlertLine], matchers: Matchers) -> tuple[AlertLine, ...]:
    """The preview: the lines that a silence with these matchers would hide now; resolved ones are none."""
    return tuple(
        line for line in lines if line.alert.phase is not Phase.RESOLVED and all_match(matchers, line.alert.labels)
    )


def proposed(alert: Alert, *, by: str, now_s: float, for_s: float = PROPOSED_S) -> Silence:
    """The silence that is offered for an alert, not made yet: its label set without what changes with each instance.

    Instances are left out only where another label says what is meant; else they are the place itself.
    """
    return Silence(
        id="",
        matchers=tuple(Matcher(name=name, op="=", value=value) for name, value in _lasting(alert.labels)),
        starts_at_s=now_s,
        ends_at_s=now_s + for_s,
        by=by,
        comment="",
        created_at_s=now_s,
    )


def silence_of(book: Book, silence_id: str, foreign: Iterable[Silence] = ()) -> Silence:
    """The silence of this id, or of the only id that begins so; an Alertmanager's by its whole id. Raises Refused.

    One that stands there for an acknowledgement or for a silence of ours is refused: it follows what it stands for.
    """
    exact = book.silences.get(silence_id)
    if exact is not None:
        return exact
    near = [each for each in book.silences.values() if silence_id and each.id.startswith(silence_id)]
    if len(near) == 1:
        return near[0]
    if near:
        several = ", ".join(sorted(clean(each.id) for each in near)[:5])
        raise Refused(f"{len(near)} silences begin with {fit(silence_id, 40)}: {several}; write more of it")
    theirs = next((each for each in foreign if each.id == silence_id), None)
    if theirs is not None:
        mirror = next((each for each in book.mirrors.values() if each.there == silence_id), None)
        if mirror is not None and mirror.why == "ack":
            raise Refused(
                f"that silence stands for {clean(mirror.silence.by)}'s acknowledgement; "
                "un-acknowledge the alert, or acknowledge it for longer"
            )
        return theirs
    hint = did_you_mean(silence_id, book.silences)
    raise Refused(f'there is no silence "{fit(silence_id, 40)}"{hint or "; opsdash alerts list --silences names them"}')


def state_of(each: Silence, now_s: float) -> str:
    """`active`, `pending` or `expired`."""
    if each.is_active(now_s):
        return "active"
    return "pending" if now_s < each.starts_at_s else "expired"


def is_shown(each: Silence, now_s: float) -> bool:
    """Whether it is active, to come, or expired less than 15 minutes ago."""
    return now_s - each.ends_at_s <= SHOWN_AFTER_S


def refuse_wrong(matcher: Matcher) -> None:
    """Raises Refused for a matcher whose regular expression cannot be used."""
    if matcher.op in ("=", "!="):
        return
    try:
        compiled(matcher.value)
    except PatternRefused as wrong:
        raise Refused(f"{clean(matcher.name)}{matcher.op}: {clean(str(wrong))}") from wrong


def _standing(book: Book, foreign: Sequence[Alert]) -> tuple[Alert, ...]:
    """Every alert that a silence could hide now, ours first."""
    others = (alert for alert in foreign if alert.fingerprint not in book.alerts)
    return tuple(alert for alert in (*book.alerts.values(), *others) if alert.phase is not Phase.RESOLVED)


def _lasting(labels: Labels) -> Labels:
    if not any(name in _STAYS and value for name, value in labels):
        return labels
    return tuple(pair for pair in labels if pair[0] not in _CHANGES)


def _refuse_times(for_s: float, starts_in_s: float) -> None:
    if not SHORTEST_S <= for_s <= LONGEST_S:
        raise Refused(
            f"a silence lasts {_length(SHORTEST_S)} to {_length(LONGEST_S)}, not {_length(for_s)}; "
            "for longer, change the rule or make a maintenance window"
        )
    if not 0.0 <= starts_in_s <= LONGEST_S:
        raise Refused(f"a silence begins now or within {_length(LONGEST_S)}, not in {_length(starts_in_s)}")


def _length(seconds: float) -> str:
    return format_duration(seconds) if abs(seconds) < 1e12 else "that long"


def _refuse_uncommented(spec: AlertingSpec, matchers: Matchers, hidden: Sequence[Alert], text: str) -> None:
    if not text:
        raise Refused("a silence needs a comment that says why")
    for labels, what in (
        (labels_meant(matchers), "what it is about"),
        *((each.labels, called(each)) for each in hidden),
    ):
        rule = missing_comment(spec.comments, labels, text)
        if rule is not None:
            refuse_without_comment(rule, what, for_silence=True)


def _refuse_twin(book: Book, made: Silence, now_s: float) -> None:
    for each in book.silences.values():
        same = set(each.matchers) == set(made.matchers) and each.origin == made.origin
        if same and each.starts_at_s <= made.starts_at_s and each.ends_at_s >= made.ends_at_s > now_s:
            raise Refused(
                f"{clean(each.by)} silenced the same {ago(now_s - each.created_at_s)} ago, for another "
                f"{_length(round(each.ends_at_s - now_s))}; extend it (id {each.id}) if that is too short"
            )


def _kept(each: Silence, book: Book) -> Write:
    """Ours is replaced; for an Alertmanager's it is written down what the leader is to ask of it."""
    if not each.origin:
        return unless_changed(written(each), book)
    key = f"change|{each.origin}|{each.id}"
    return mirror_written(Mirror(key=key, why="change", hub=each.origin, subject=each.id, silence=each, there=each.id))


def _counted(hidden: Sequence[Alert]) -> str:
    return called_all(hidden) if hidden else "nothing"


def _when_over(each: Silence, now_s: float) -> str:
    return f"ended {ago(now_s - each.ends_at_s)} ago: {_what(each)}"


def _what(each: Silence) -> str:
    return fit(matchers_text(each.matchers), 200)


def _id(matchers: Matchers, by: str, now_s: float) -> str:
    """The same for the same wish: pressed twice in one millisecond, the second finds the first."""
    text = "\xff".join([by, f"{now_s:.3f}", *map(str, matchers)])
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def _entry(kind: str, each: Silence, who: tuple[str, float], text: str) -> NewEntry:
    """`who`: the operator, and when."""
    data: Mapping[str, JsonScalar] = {
        "matchers": matchers_text(each.matchers),
        "starts": each.starts_at_s,
        "until": each.ends_at_s,
        "comment": each.comment,
        "owner": each.by,
    }
    return NewEntry(kind=kind, subject=each.id, actor=who[0], at_s=who[1], text=text, data=data)
