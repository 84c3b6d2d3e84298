"""What a try at delivering a message comes to: sent, to be tried again, or given up; each with its line of history."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.alerting.outbox import Thread, settled
from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.backoff import backoff_s
from opsdash.core.errors import NeedsFixing, OpsdashError, Retryable
from opsdash.core.text import clean

FIRST_S = 5.0
GIVE_UP_S = 3600.0
"""A message that could not be delivered for so long is given up, and the history says so."""


def claimed(thread: Thread, *, now_s: float, for_s: float) -> Thread:
    """The thread while its message is being sent: nobody else tries before `for_s` is over."""
    if thread.intent is None:
        return thread
    intent = replace(thread.intent, attempts=thread.intent.attempts + 1, next_at_s=now_s + for_s)
    return replace(thread, intent=intent)


def delivered(thread: Thread, said: str, *, now_s: float) -> tuple[Thread, tuple[NewEntry, ...]]:
    """It arrived."""
    return settled(thread, now_s=now_s, was_sent=True), _entries(thread, "sent", said, now_s)


def failed(thread: Thread, error: OpsdashError, *, now_s: float, jitter: float) -> tuple[Thread, tuple[NewEntry, ...]]:
    """It did not: a permanent failure, or one that has lasted too long, ends it."""
    intent = thread.intent
    if intent is None:
        return thread, ()
    wait_s = backoff_s(intent.attempts, first_s=FIRST_S, jitter=jitter)
    if isinstance(error, Retryable) and error.retry_after_s is not None:
        wait_s = max(wait_s, error.retry_after_s)
    if isinstance(error, NeedsFixing) or now_s + wait_s - intent.made_at_s > GIVE_UP_S:
        return settled(thread, now_s=now_s, was_sent=False), _entries(thread, "given_up", error.message, now_s)
    again = replace(thread, intent=replace(intent, next_at_s=now_s + wait_s))
    return again, _entries(thread, "failed", error.message, now_s)


def _entries(thread: Thread, end: str, said: str, now_s: float) -> tuple[NewEntry, ...]:
    intent = thread.intent
    if intent is None:
        return ()
    words = {"sent": "told", "failed": "could not be told", "given_up": "was given up: it is not told"}[end]
    level = f", escalated to level {intent.level}" if intent.level and intent.kind == "firing" else ""
    count = len(intent.alerts)
    alerts = "1 alert" if count == 1 else f"{count:,} alerts in one message"
    text = clean(f"{thread.notifier} {words} ({intent.kind}{level}, {alerts}): {said}", longest=400)
    data: dict[str, JsonScalar] = {
        "notifier": thread.notifier,
        "key": intent.key,
        "kind": intent.kind,
        "attempts": intent.attempts,
        "level": intent.level,
        "alerts": count,
    }
    subjects = intent.alerts[:1] if end == "failed" else intent.alerts
    return tuple(
        NewEntry(kind=f"notify.{end}", subject=alert.fingerprint, actor="opsdash", at_s=now_s, text=text, data=data)
        for alert in subjects
    )
