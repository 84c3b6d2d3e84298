"""The outbox: what each notifier was told of each group of alerts, and what it is to be told next.

A thread is one group of alerts at one notifier. It has at most one intent: a message that is written down before it is
sent, and stays until it was delivered or given up. What happens meanwhile waits, and becomes one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.notice import MANY, Notice, NoticeKind
from opsdash.core.metrics.labels import Labels


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
    together: bool = False
    """Whether it was first told of in one message with many others: where each alert has a place of its own, it has
    none."""


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


def notice_of(thread: Thread, intent: Intent, *, environment: str, now_s: float) -> Notice:
    """What the notifier is told."""
    together = frozenset(alert.fingerprint for alert in intent.alerts if _is_together(thread, intent, alert))
    named = {alert.fingerprint for alert in intent.alerts}
    others = sum(
        1
        for key, told in thread.told.items()
        if told.together and told.was_sent and key not in named and intent.kind in ("resolved", _after(told.kind))
    )
    return Notice(
        key=intent.key, thread=thread.key, kind=intent.kind, group=thread.group, alerts=intent.alerts, at_s=now_s,
        environment=environment, actor=intent.actor, note=intent.note, level=intent.level, together=together,
        others_together=others,
    )  # fmt: skip


def _after(kind: NoticeKind) -> NoticeKind:
    """Which message would be about an alert that was told so."""
    return "acknowledged" if kind == "firing" else "firing"


def _is_together(thread: Thread, intent: Intent, alert: Alert) -> bool:
    before = thread.told.get(alert.fingerprint)
    if before is not None and before.was_sent:
        return before.together
    return intent.kind == "firing" and len(intent.alerts) > MANY


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
            was_sent=reached, together=_is_together(thread, intent, alert),
        )  # fmt: skip
    return replace(thread, told=MappingProxyType(told), intent=None)
