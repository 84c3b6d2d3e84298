"""Threads of the outbox as documents (kind `outbox`, key notifier/thread)."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, get_args

from opsdash.core.alerting import decoding
from opsdash.core.alerting.decoding import Unreadable
from opsdash.core.alerting.notice import NoticeKind
from opsdash.core.alerting.outbox import Intent, Thread, Told
from opsdash.core.documents import Write

KIND = "outbox"


def thread_written(thread: Thread) -> Write:
    """The document of a thread; one that is over is deleted."""
    if thread.is_over:
        return Write(kind=KIND, key=thread.key, body=None)
    body: dict[str, Any] = {"notifier": thread.notifier, "thread": thread.thread, "group": thread.group}
    body["told"] = [
        {"alert": decoding.encoded(told.alert), "kind": told.kind, "at_s": told.at_s, "level": told.level,
         "was_sent": told.was_sent, "together": told.together}
        for told in thread.told.values()
    ]  # fmt: skip
    if (intent := thread.intent) is not None:
        names = ("key", "kind", "made_at_s", "next_at_s", "attempts", "actor", "note", "level")
        body["intent"] = {name: getattr(intent, name) for name in names}
        body["intent"]["alerts"] = [decoding.encoded(alert) for alert in intent.alerts]
    return Write(kind=KIND, key=thread.key, body=json.dumps(body, separators=(",", ":"), allow_nan=False))


def thread_read(text: str) -> Thread:
    """The thread of a document. Raises Unreadable."""
    body = decoding.object_of(text)
    try:
        told = [_told(one) for one in body["told"]]
        return Thread(
            notifier=str(body["notifier"]),
            thread=str(body["thread"]),
            group=tuple((str(name), str(value)) for name, value in body["group"]),
            told=MappingProxyType({one.alert.fingerprint: one for one in told}),
            intent=_intent(body["intent"]) if "intent" in body else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"it is no thread of the outbox: {str(error)[:80]}") from None


def _told(body: dict[str, Any]) -> Told:
    return Told(
        alert=decoding.alert(body["alert"]),
        kind=_kind(body["kind"]),
        at_s=float(body["at_s"]),
        level=int(body["level"]),
        was_sent=bool(body["was_sent"]),
        together=bool(body.get("together", False)),
    )


def _intent(body: dict[str, Any]) -> Intent:
    return Intent(
        key=str(body["key"]),
        kind=_kind(body["kind"]),
        alerts=tuple(decoding.alert(one) for one in body["alerts"]),
        made_at_s=float(body["made_at_s"]),
        next_at_s=float(body["next_at_s"]),
        attempts=int(body["attempts"]),
        actor=str(body["actor"]),
        note=str(body["note"]),
        level=int(body["level"]),
    )


def _kind(word: object) -> NoticeKind:
    for kind in get_args(NoticeKind):
        if kind == word:
            return kind  # type: ignore[no-any-return]
    raise ValueError(f"no kind of notice: {word!r}")
