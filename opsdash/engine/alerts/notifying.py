"""Who leads tells the notifiers: each message is written down before it is sent, and its end after.

A process that dies between sending and writing leaves a message that the next leader sends again: at least once, and
once as far as the history goes. Where the other side knows a key again (PagerDuty), it is once there, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from opsdash.core.alerting.decoding import Unreadable
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.delivering import claimed, delivered, failed
from opsdash.core.alerting.glance import Glance, glanced
from opsdash.core.alerting.outbox import Thread, notice_of
from opsdash.core.alerting.outbox_codec import KIND, thread_read, thread_written
from opsdash.core.alerting.pacing import Pace, next_ones, pace_of
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.planning import left_behind, planned
from opsdash.core.alerting.spec import AlertingSpec, NotifierSpec
from opsdash.core.audit import NewEntry
from opsdash.core.errors import LeaseLost, OpsdashError, SourceUnavailable, StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.leading import Leading
from opsdash.engine.alerts.ledger import Ledger
from opsdash.ports import Notifier

logger = logging.getLogger(__name__)

LOOK_S = 0.5
AGAIN_S = 5.0
"""While no alert changes and nothing was sent, so often it is looked whether somebody is to be told again."""
MARGIN_S = 5.0


class Notifying:
    """Runs in every process; does something in the one that leads."""

    def __init__(
        self,
        ledger: Ledger,
        leading: Leading,
        lines: Callable[[], Sequence[AlertLine]],
        build: Callable[[NotifierSpec], Notifier],
    ) -> None:
        self._ledger, self._leading, self._lines, self._build = ledger, leading, lines, build
        self._spec = AlertingSpec()
        self._chance = Random()  # noqa: S311 - spreads tries, hides nothing
        self._notifiers: dict[str, tuple[NotifierSpec, Notifier]] = {}
        self._threads: dict[str, Thread] = {}
        self._dirty: set[str] = set()
        self._entries: list[NewEntry] = []
        self._term = -1
        self._sending: dict[str, asyncio.Task[None]] = {}
        """By notifier: a slow one holds up no other."""
        self._paces: dict[str, Pace] = {}
        self._glance: Glance | None = None
        self._planned_at_s = float("-inf")
        self._ended = asyncio.Event()
        """A try ended: it is written at once, so that hardly any moment is left in which a death has it sent twice."""
        self.plans = 0
        self.outcomes = dict.fromkeys(("notifications_sent", "notifications_failed", "notifications_given_up"), 0)
        """Tries by this process."""

    def load(self, spec: AlertingSpec) -> None:
        """Tells those of this configuration from now on."""
        self._spec, self._glance = spec, None

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            async with asyncio.TaskGroup() as sending:
                await self._keep_looking(sending)
        finally:
            for _, notifier in self._notifiers.values():
                await notifier.aclose()

    async def _keep_looking(self, sending: asyncio.TaskGroup) -> None:
        while True:
            with suppress(StoreUnavailable, StoreUnusable, LeaseLost):
                await self._look(sending)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), LOOK_S)
            self._ended.clear()

    async def _look(self, sending: asyncio.TaskGroup) -> None:
        """One look: plans, writes, and starts to send. Raises what the store says."""
        fence = self._leading.fence
        if fence is None or not self._spec.notifiers or not self._ledger.is_reachable:
            return
        if fence.term != self._term:
            await self._take_over()
            self._term = fence.term
        now_s = self._ledger.now_s()
        self._plan(now_s)
        batches = {spec.name: self._due(spec, now_s) for spec in self._spec.notifiers}
        await self._write()
        for spec in self._spec.notifiers:
            if batches[spec.name] and self._leading.is_ours:
                task = sending.create_task(self._send(spec, batches[spec.name]), name=f"alerts: tell {spec.name}")
                self._sending[spec.name] = task

    def _plan(self, now_s: float) -> None:
        """What is to be told next. Where no alert changed and no message ended, that is what it was."""
        lines = self._lines()
        self._glance, has_changed = glanced(self._glance, lines)
        if not has_changed and abs(now_s - self._planned_at_s) <= AGAIN_S:
            return
        self._planned_at_s = now_s
        self.plans += 1
        for spec in self._spec.notifiers:
            for thread in planned(self._threads, lines, spec, self._spec.group_by, now_s=now_s):
                self._put(thread)
        for thread in left_behind(self._threads.values(), {spec.name for spec in self._spec.notifiers}, now_s=now_s):
            self._put(thread)

    async def _take_over(self) -> None:
        """What the one before wrote; and a book that is no older, so that nothing looks as if it were over."""
        changes = await self._ledger.store.changes(0)
        self._dirty.clear()
        self._entries.clear()
        self._threads.clear()
        self._paces.clear()
        self._glance = None
        for document in changes.documents:
            if document.kind == KIND and document.body is not None:
                with suppress(Unreadable):
                    self._threads[document.key] = thread_read(document.body)
        await self._ledger.keep_up()
        if self._ledger.book.revision < changes.revision:
            raise StoreUnavailable("the copy is older than the store")

    def _due(self, spec: NotifierSpec, now_s: float) -> list[Thread]:
        """Those to be sent now, claimed: no more than the rate allows, the longest waiting first."""
        running = self._sending.get(spec.name)
        if running is not None and not running.done():
            return []
        pace = self._paces.get(spec.name) or pace_of(self._threads.values(), spec.name, now_s)
        chosen = next_ones(self._threads.values(), spec.name, pace, spec.rate_per_minute, now_s)
        self._paces[spec.name] = pace.after(len(chosen), now_s)
        taken = [claimed(one, now_s=now_s, for_s=spec.timeout_s + MARGIN_S) for one in chosen]
        for thread in taken:
            self._put(thread)
        return taken

    async def _send(self, spec: NotifierSpec, threads: Sequence[Thread]) -> None:
        await asyncio.gather(*(self._try(spec, thread) for thread in threads))

    async def _try(self, spec: NotifierSpec, thread: Thread) -> None:
        intent = thread.intent
        if intent is None:
            return
        try:
            async with asyncio.timeout(spec.timeout_s):
                now_s = self._ledger.now_s()
                notice = notice_of(thread, intent, environment=self._spec.environment, now_s=now_s)
                notifier = await self._notifier(spec)
                said = await notifier.send(notice)
            after, entries = delivered(thread, said, now_s=self._ledger.now_s())
        except Exception as error:  # noqa: BLE001 - whatever a notifier does, the others are told; its words may be secret
            told = _failure(error, spec)
            after, entries = failed(thread, told, now_s=self._ledger.now_s(), jitter=self._chance.random())
        standing = self._threads.get(thread.key)
        if standing is not None and standing.intent is not None and standing.intent.key == intent.key:
            self.outcomes[entries[0].kind.replace("notify.", "notifications_")] += 1
            self._put(after)  # also where the lease was lost and won again meanwhile: it is the same message
            self._entries.extend(entries)
            self._planned_at_s = float("-inf")
            self._ended.set()

    async def _notifier(self, spec: NotifierSpec) -> Notifier:
        """The one of this configuration; its connections are other ones than before that was changed."""
        before = self._notifiers.get(spec.name)
        if before is not None and before[0] == spec:
            return before[1]
        found = self._build(spec)
        self._notifiers[spec.name] = (spec, found)
        if before is not None:
            await before[1].aclose()
        return found

    def _put(self, thread: Thread) -> None:
        self._dirty.add(thread.key)
        self._threads[thread.key] = thread

    async def _write(self) -> None:
        """All that changed, in one commit; what could not be written stays to be."""
        fence = self._leading.fence
        if fence is None:
            raise LeaseLost("another process tells the notifiers")
        if not self._dirty and not self._entries:
            return
        keys, entries = tuple(self._dirty), tuple(self._entries)
        writes = tuple(thread_written(self._threads[key]) for key in keys)
        self._dirty.clear()  # before the wait: what a try comes to meanwhile is written next time
        self._entries.clear()
        try:
            await self._ledger.commit_as_leader(Deed(writes=writes, entries=entries), fence)
        except BaseException:
            self._dirty.update(keys)
            self._entries[:0] = entries
            raise
        for key in keys:
            if key not in self._dirty and self._threads[key].is_over:
                del self._threads[key]


def _failure(error: Exception, spec: NotifierSpec) -> OpsdashError:
    if isinstance(error, OpsdashError):
        return error
    if isinstance(error, TimeoutError):
        return SourceUnavailable(f"{spec.name} did not take it within {spec.timeout_s:g} s")
    logger.error("%s could not be told: %s", spec.name, type(error).__name__)
    return SourceUnavailable(f"{spec.name} could not be told: {type(error).__name__}")
