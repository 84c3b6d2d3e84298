"""The outbox: what each notifier was told of each group of alerts, and what it is to be told next.

A thread is one group of alerts at one notifier. It has at most one intent: a message that is written down before it is
sent, and stays until it was delivered or given up. What happens meanwhile waits, and becomes one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.grouping import grouped
from opsdash.core.alerting.matchers import all_match
from opsdash.core.alerting.notice import NoticeKind
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.metrics.labels import Labels

GATHER_S = 10.0
"""Seconds in which what else begins to fire in a group that was just told of waits, to be one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last that a notifier was told of one alert."""

    alert: Alert
    """As it was then."""
    kind: NoticeKind
    at_s: float
    level: int = 0
    was_sent: bool = True
    """False: it was given up, and so its end is not told either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A message to be sent."""

    key: str
    """From the episodes: the same on every host."""
    kind: NoticeKind
    alerts: tuple[Alert, ...]
    made_at_s: float
    next_at_s: float
    """UTC seconds of the store's clock; not before then. While it is being sent: when another may try."""
    attempts: int = 0
    actor: str = ""
    note: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One group of alerts at one notifier."""

    notifier: str
    thread: str
    group: Labels
    told: Mapping[str, Told] = field(default_factory=lambda: MappingProxyType({}))
    """By fingerprint."""
    intent: Intent | None = None

    @property
    def key(self) -> str:
        """Of its document."""
        return f"{self.notifier}/{self.thread}"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to remember."""
        return not self.told and self.intent is None


def planned(
    threads: Mapping[str, Thread],
    lines: Sequence[AlertLine],
    notifier: NotifierSpec,
    group_by: tuple[str, ...],
    *,
    now_s: float,
) -> tuple[Thread, ...]:
    """The threads of this notifier that have something new to say, each with its intent.

    `threads`: by key, of all notifiers. `lines`: every alert that there is. An alert that is not among them is over.
    """
    by_key = {line.alert.fingerprint: line for line in lines}
    wanted = [line.alert for line in lines if _concerns(line, notifier)]
    known = dict(threads)
    for group in grouped(wanted, group_by):
        thread = Thread(notifier=notifier.name, thread=group.thread, group=group.labels)
        known.setdefault(thread.key, thread)
    members: dict[str, list[AlertLine]] = {}
    for group in grouped(wanted, group_by):
        members[f"{notifier.name}/{group.thread}"] = [by_key[alert.fingerprint] for alert in group.alerts]
    found = []
    for key, thread in known.items():
        if thread.notifier == notifier.name and thread.intent is None:
            after = _next(thread, members.get(key, ()), by_key, notifier, now_s)
            if after != thread:
                found.append(after)
    return tuple(found)


def _concerns(line: AlertLine, notifier: NotifierSpec) -> bool:
    """Whether this notifier is to know that it fires."""
    alert = line.alert
    level = line.escalation.level if line.escalation is not None else 0
    return (
        alert.phase is Phase.FIRING
        and not alert.origin
        and not line.is_quiet
        and alert.severity >= notifier.severity
        and level >= notifier.level
        and all_match(notifier.matchers, alert.labels)
    )


def _next(
    thread: Thread, members: Sequence[AlertLine], lines: Mapping[str, AlertLine], notifier: NotifierSpec, now_s: float
) -> Thread:
    """What ended is told first: an alert that fires again is another incident."""
    ended = {key: told for key, told in thread.told.items() if _has_ended(told, lines.get(key))}
    silent = {key for key, told in ended.items() if not (notifier.send_resolved and told.was_sent)}
    if silent:
        thread = replace(thread, told=_without(thread.told, silent))
    over = [_as_ended(told.alert, lines.get(key), now_s) for key, told in ended.items() if key not in silent]
    if over:
        return _intending(thread, "resolved", over, now_s)
    if fires := [line for line in members if _is_news(thread.told.get(line.alert.fingerprint), line, notifier, now_s)]:
        newest = max((told.at_s for told in thread.told.values() if told.kind == "firing"), default=float("-inf"))
        if now_s - newest < GATHER_S:
            return thread
        level = max(_level(line) for line in fires)
        return _intending(thread, "firing", [line.alert for line in fires], now_s, level=level)
    return _acknowledging(thread, members, now_s)


def _acknowledging(thread: Thread, members: Sequence[AlertLine], now_s: float) -> Thread:
    """One owner a message; the next one's follows."""
    taken = [line for line in members if _is_taken(thread.told.get(line.alert.fingerprint), line)]
    if not taken or taken[0].ack is None:
        return thread
    ack = taken[0].ack
    same = [line.alert for line in taken if line.ack is not None and line.ack.owner == ack.owner]
    return _intending(thread, "acknowledged", same, now_s, actor=ack.owner, note=ack.note)


def _has_ended(told: Told, line: AlertLine | None) -> bool:
    return line is None or line.alert.phase is Phase.RESOLVED or line.alert.episode != told.alert.episode


def _as_ended(alert: Alert, line: AlertLine | None, now_s: float) -> Alert:
    if line is not None and line.alert.phase is Phase.RESOLVED and line.alert.episode == alert.episode:
        return line.alert
    return replace(alert, phase=Phase.RESOLVED, resolved_at_s=now_s)


def _is_news(told: Told | None, line: AlertLine, notifier: NotifierSpec, now_s: float) -> bool:
    """Whether it is to be told that it fires: at first, when it got worse or higher, or again after a while.

    What somebody has already is no news.
    """
    if line.ack is not None:
        return False
    if told is None:
        return True
    grew = line.alert.severity > told.alert.severity or _level(line) > told.level
    return grew or now_s - told.at_s >= notifier.repeat_s


def _is_taken(told: Told | None, line: AlertLine) -> bool:
    return told is not None and told.was_sent and told.kind == "firing" and line.ack is not None


def _level(line: AlertLine) -> int:
    return line.escalation.level if line.escalation is not None else 0


def _intending(  # noqa: PLR0913 - one message, each of its parts by name
    thread: Thread,
    kind: NoticeKind,
    alerts: Sequence[Alert],
    now_s: float,
    *,
    actor: str = "",
    note: str = "",
    level: int = 0,
) -> Thread:
    ordered = tuple(sorted(alerts, key=lambda alert: (-alert.severity, alert.fingerprint)))
    happened = [thread.key, kind, actor, str(level)]
    for alert in ordered:
        before = thread.told.get(alert.fingerprint)
        happened += [alert.episode, alert.severity.word, f"{before.at_s:.3f}" if before is not None else ""]
    key = blake2b("\xff".join(happened).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    intent = Intent(
        key=key, kind=kind, alerts=ordered, made_at_s=now_s, next_at_s=now_s, actor=actor, note=note, level=level
    )
    return replace(thread, intent=intent)


def settled(thread: Thread, *, now_s: float, was_sent: bool) -> Thread:
    """The thread once its message was delivered, or given up."""
    intent = thread.intent
    if intent is None:
        return thread
    told = dict(thread.told)
    for alert in intent.alerts:
        if intent.kind == "resolved":
            told.pop(alert.fingerprint, None)
            continue
        before = told.get(alert.fingerprint)
        reached = was_sent or (before is not None and before.was_sent and before.alert.episode == alert.episode)
        told[alert.fingerprint] = Told(
            alert=alert, kind=intent.kind, at_s=now_s, level=max(intent.level, before.level if before else 0),
            was_sent=reached,
        )  # fmt: skip
    return replace(thread, told=MappingProxyType(told), intent=None)


def _without(told: Mapping[str, Told], keys: Iterable[str]) -> Mapping[str, Told]:
    gone = set(keys)
    return MappingProxyType({key: value for key, value in told.items() if key not in gone})
