"""What each notifier is to be told next: one message for what happened to a group of alerts, and one for a storm.

Every alert is told of in one thread: its group's, or, where more groups begin at once than anybody could read, the
thread of the storm, so that the end is told where the beginning was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.grouping import grouped
from opsdash.core.alerting.matchers import all_match
from opsdash.core.alerting.notice import NoticeKind
from opsdash.core.alerting.outbox import Intent, Thread, Told
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.spec import NotifierSpec
from opsdash.core.text import clean

GATHER_S = 10.0
"""Seconds in which what else begins to fire in a group that was just told of waits, to be one message."""
STORM = "storm"
"""Thread of the alerts of all groups beyond the first few."""
STORM_GROUPS = 10
"""So many groups may begin within `STORM_WINDOW_S`, each with a message of its own; the others are one message."""
STORM_WINDOW_S = 60.0
LEFT_S = 86_400.0


def planned(
    threads: Mapping[str, Thread],
    lines: Sequence[AlertLine],
    notifier: NotifierSpec,
    group_by: tuple[str, ...],
    *,
    now_s: float,
) -> tuple[Thread, ...]:
    """The threads of this notifier that have something new to say, each with its intent.

    `threads`: by key, of all notifiers. `lines`: every alert that there is, the worst first. An alert that is not among
    them is over.
    """
    mine = {key: thread for key, thread in threads.items() if thread.notifier == notifier.name}
    by_key = {line.alert.fingerprint: line for line in lines} if any(one.told for one in mine.values()) else {}
    members = _placed(mine, lines, notifier, group_by, now_s)
    found = []
    for key, thread in mine.items():
        if thread.intent is None:
            after = _next(thread, members.get(key, ()), by_key, notifier, now_s)
            if after != thread:
                found.append(after)
    return tuple(found)


def left_behind(threads: Iterable[Thread], notifiers: Collection[str], *, now_s: float) -> tuple[Thread, ...]:
    """The threads of notifiers that the configuration has no longer, once nobody was told in them for a day: emptied.

    Until then they stay: whoever takes a notifier out and puts it in again is told of the ends.
    """
    found = []
    for thread in threads:
        if thread.notifier not in notifiers:
            newest = max((told.at_s for told in thread.told.values()), default=0.0)
            newest = max(newest, thread.intent.made_at_s) if thread.intent is not None else newest
            if now_s - newest >= LEFT_S:
                found.append(replace(thread, told=MappingProxyType({}), intent=None))
    return tuple(found)


def _placed(
    mine: dict[str, Thread],
    lines: Sequence[AlertLine],
    notifier: NotifierSpec,
    group_by: tuple[str, ...],
    now_s: float,
) -> dict[str, list[AlertLine]]:
    """Thread → the alerts that it is about. Threads that begin are put among `mine`."""
    home = {fingerprint: key for key, thread in mine.items() for fingerprint in thread.told}
    for key, thread in mine.items():
        if thread.intent is not None:
            home.update((alert.fingerprint, key) for alert in thread.intent.alerts)
    members: dict[str, list[AlertLine]] = {}
    begin: dict[str, AlertLine] = {}
    for line in lines:
        if _concerns(line, notifier):
            at = home.get(line.alert.fingerprint)
            if at is not None:
                members.setdefault(at, []).append(line)
            elif line.ack is None:  # somebody has it already, who was not told of it: no news
                begin[line.alert.fingerprint] = line
    room = max(STORM_GROUPS - _begun_lately(mine.values(), now_s), 0)
    for group in grouped([line.alert for line in begin.values()], group_by):
        thread = Thread(notifier=notifier.name, thread=group.thread, group=group.labels)
        if thread.key not in mine:
            thread = thread if room > 0 else Thread(notifier=notifier.name, thread=STORM, group=())
            room -= 1
        mine.setdefault(thread.key, thread)
        members.setdefault(thread.key, []).extend(begin[alert.fingerprint] for alert in group.alerts)
    return members


def _begun_lately(threads: Iterable[Thread], now_s: float) -> int:
    """How many groups have a message of their own that fires, on its way or just sent."""
    count = 0
    for thread in threads:
        if thread.thread == STORM:
            continue
        is_new = thread.intent is not None and thread.intent.kind == "firing"
        count += is_new or any(
            told.kind == "firing" and now_s - told.at_s < STORM_WINDOW_S for told in thread.told.values()
        )
    return count


def _concerns(line: AlertLine, notifier: NotifierSpec) -> bool:
    """Whether this notifier is to know that it fires."""
    alert = line.alert
    return (
        alert.phase is Phase.FIRING
        and not alert.origin
        and not line.is_quiet
        and alert.severity >= notifier.severity
        and (notifier.level == 0 or _level(line) >= notifier.level)
        and (not notifier.matchers or all_match(notifier.matchers, alert.labels))
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
        return _intending(thread, "firing", [line.alert for line in fires], now_s, _why(thread, fires))
    return _acknowledging(thread, members, now_s)


def _acknowledging(thread: Thread, members: Sequence[AlertLine], now_s: float) -> Thread:
    """One owner a message; the next one's follows."""
    taken = [line for line in members if _is_taken(thread.told.get(line.alert.fingerprint), line)]
    if not taken or taken[0].ack is None:
        return thread
    ack = taken[0].ack
    same = [line.alert for line in taken if line.ack is not None and line.ack.owner == ack.owner]
    return _intending(thread, "acknowledged", same, now_s, _Words(actor=ack.owner, note=ack.note))


def _has_ended(told: Told, line: AlertLine | None) -> bool:
    return line is None or line.alert.phase is Phase.RESOLVED or line.alert.episode != told.alert.episode


def _as_ended(alert: Alert, line: AlertLine | None, now_s: float) -> Alert:
    if line is not None and line.alert.phase is Phase.RESOLVED and line.alert.episode == alert.episode:
        return line.alert
    return replace(alert, phase=Phase.RESOLVED, resolved_at_s=now_s)


def _is_news(told: Told | None, line: AlertLine, notifier: NotifierSpec, now_s: float) -> bool:
    """Whether it is to be told that it fires: at first, when it got worse, when nobody has it any more, or again after
    a while.

    What somebody has already is no news. That it was escalated is news to the notifiers of that level alone.
    """
    if line.ack is not None:
        return False
    if told is None:
        return True
    return (
        told.kind == "acknowledged"
        or line.alert.severity > told.alert.severity
        or now_s - told.at_s >= notifier.repeat_s
    )


def _is_taken(told: Told | None, line: AlertLine) -> bool:
    return told is not None and told.was_sent and told.kind == "firing" and line.ack is not None


def _level(line: AlertLine) -> int:
    return line.escalation.level if line.escalation is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What a message says beside its alerts."""

    actor: str = ""
    note: str = ""
    level: int = 0


def _why(thread: Thread, fires: Sequence[AlertLine]) -> _Words:
    """How far it was escalated, by whom and why, and that nobody has it any more."""
    notes = []
    level, first = max((_level(line), -at) for at, line in enumerate(fires))
    mark = fires[-first].escalation
    if mark is not None and level > 0:
        notes.append(f"escalated by {clean(mark.by)}" + (f": {mark.note}" if mark.note else ""))
    before = [thread.told.get(line.alert.fingerprint) for line in fires]
    back = sum(1 for told in before if told is not None and told.kind == "acknowledged")
    if back:
        notes.append("nobody has it any more" if len(fires) == 1 else f"{back} of these nobody has any more")
    return _Words(level=level, note="; ".join(notes))


def _intending(
    thread: Thread, kind: NoticeKind, alerts: Sequence[Alert], now_s: float, words: _Words = _Words()
) -> Thread:
    ordered = tuple(sorted(alerts, key=lambda alert: (-alert.severity, alert.fingerprint)))
    happened = [thread.key, kind, words.actor, str(words.level)]
    for alert in ordered:
        before = thread.told.get(alert.fingerprint)
        happened += [alert.episode, alert.severity.word, f"{before.at_s:.3f}" if before is not None else ""]
    intent = Intent(
        key=blake2b("\xff".join(happened).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest(), kind=kind,
        alerts=ordered, made_at_s=now_s, next_at_s=now_s, actor=words.actor, note=words.note, level=words.level,
    )  # fmt: skip
    return replace(thread, intent=intent)


def _without(told: Mapping[str, Told], keys: Iterable[str]) -> Mapping[str, Told]:
    gone = set(keys)
    return MappingProxyType({key: value for key, value in told.items() if key not in gone})
