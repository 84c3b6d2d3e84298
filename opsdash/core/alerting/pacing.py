"""How many messages a notifier gets in a minute, and which come first when more are waiting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from opsdash.core.alerting.outbox import Thread

WINDOW_S = 60.0
AT_ONCE = 4
"""Messages that one notifier is told at the same time."""
PATIENCE = 4
"""Every so many messages it is the turn of the one that waits longest, whatever it says: nothing waits for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a notifier was sent lately."""

    sent_at_s: tuple[float, ...] = ()
    """UTC seconds of each try of the last minute, in order."""
    count: int = 0

    def free(self, rate_per_minute: float, now_s: float) -> int:
        """How many more may be sent now: in no minute are there more than the rate. A clock put back frees them."""
        lately = sum(1 for at_s in self.sent_at_s if 0.0 <= now_s - at_s < WINDOW_S)
        return max(int(max(rate_per_minute, 1.0)) - lately, 0)

    def after(self, sent: int, now_s: float) -> Pace:
        """The pace once so many are on their way."""
        kept = tuple(at_s for at_s in self.sent_at_s if 0.0 <= now_s - at_s < WINDOW_S)
        return replace(self, sent_at_s=(*kept, *(now_s for _ in range(sent))), count=self.count + sent)


def pace_of(threads: Iterable[Thread], notifier: str, now_s: float) -> Pace:
    """What a notifier was sent in the last minute as far as the outbox knows: a new leader goes on with it."""
    at_s = {
        (told.at_s, thread.key) for thread in threads if thread.notifier == notifier for told in thread.told.values()
    }
    return Pace(sent_at_s=tuple(sorted(at for at, _ in at_s if 0.0 <= now_s - at < WINDOW_S)))


def next_ones(
    threads: Iterable[Thread], notifier: str, pace: Pace, rate_per_minute: float, now_s: float
) -> list[Thread]:
    """The threads whose message is sent now: what fires before what is over, the worst first."""
    due = [
        thread
        for thread in threads
        if thread.notifier == notifier and thread.intent is not None and thread.intent.next_at_s <= now_s
    ]
    chosen: list[Thread] = []
    for place in range(min(AT_ONCE, pace.free(rate_per_minute, now_s), len(due))):
        is_turn_of_oldest = (pace.count + place) % PATIENCE == PATIENCE - 1
        one = min(due, key=_waiting) if is_turn_of_oldest else min(due, key=_urgency)
        due.remove(one)
        chosen.append(one)
    return chosen


def _urgency(thread: Thread) -> tuple[float, float, float, str]:
    intent = thread.intent
    assert intent is not None
    worst = max((int(alert.severity) for alert in intent.alerts), default=0)
    return (0.0 if intent.kind == "firing" else 1.0, float(-worst), intent.made_at_s, thread.key)


def _waiting(thread: Thread) -> tuple[float, str]:
    intent = thread.intent
    assert intent is not None
    return (intent.made_at_s, thread.key)
