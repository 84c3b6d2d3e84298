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
from opsdash.core.alerting.notice import Notice
from opsdash.core.alerting.outbox import Thread, planned
from opsdash.core.alerting.outbox_codec import KIND, thread_read, thread_written
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.spec import AlertingSpec, NotifierSpec
from opsdash.core.audit import NewEntry
from opsdash.core.errors import LeaseLost, OpsdashError, SourceUnavailable, StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.leading import Leading
from opsdash.engine.alerts.ledger import Ledger
from opsdash.ports import Notifier

logger = logging.getLogger(__name__)

LOOK_S = 0.5
MARGIN_S = 5.0
AT_ONCE = 4


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
        self._tokens: dict[str, tuple[float, float]] = {}

    def load(self, spec: AlertingSpec) -> None:
        """Tells those of this configuration from now on."""
        self._spec = spec

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
            await asyncio.sleep(LOOK_S)

    async def _look(self, sending: asyncio.TaskGroup) -> None:
        """One look: plans, writes, and starts to send. Raises what the store says."""
        fence = self._leading.fence
        if fence is None or not self._spec.notifiers or not self._ledger.is_reachable:
            return
        if fence.term != self._term:
            await self._take_over()
            self._term = fence.term
        now_s, lines = self._ledger.now_s(), self._lines()
        for spec in self._spec.notifiers:
            for thread in planned(self._threads, lines, spec, self._spec.group_by, now_s=now_s):
                self._put(thread)
        batches = {spec.name: self._due(spec, now_s) for spec in self._spec.notifiers}
        await self._write()
        for spec in self._spec.notifiers:
            if batches[spec.name] and self._leading.is_ours:
                task = sending.create_task(self._send(spec, batches[spec.name]), name=f"alerts: tell {spec.name}")
                self._sending[spec.name] = task

    async def _take_over(self) -> None:
        """What the one before wrote; and a book that is no older, so that nothing looks as if it were over."""
        changes = await self._ledger.store.changes(0)
        self._dirty.clear()
        self._entries.clear()
        self._threads.clear()
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
        tokens, at_s = self._tokens.get(spec.name, (spec.rate_per_minute, now_s))
        tokens = min(tokens + max(now_s - at_s, 0.0) * spec.rate_per_minute / 60.0, max(spec.rate_per_minute, 1.0))
        mine = [one for one in self._threads.values() if one.notifier == spec.name and one.intent is not None]
        due = sorted((one.intent.next_at_s, one.key) for one in mine if one.intent and one.intent.next_at_s <= now_s)
        chosen = [self._threads[key] for _, key in due[: min(int(tokens), AT_ONCE)]]
        self._tokens[spec.name] = (tokens - len(chosen), now_s)
        taken = [claimed(one, now_s=now_s, for_s=spec.timeout_s + MARGIN_S) for one in chosen]
        for thread in taken:
            self._put(thread)
        return taken

    async def _send(self, spec: NotifierSpec, threads: Sequence[Thread]) -> None:
        await asyncio.gather(*(self._try(spec, thread) for thread in threads))

    async def _try(self, spec: NotifierSpec, thread: Thread) -> None:
        term = self._term
        try:
            async with asyncio.timeout(spec.timeout_s):
                said = await self._notifier(spec).send(_notice(thread, self._ledger.now_s()))
            after, entries = delivered(thread, said, now_s=self._ledger.now_s())
        except (OpsdashError, TimeoutError, OSError, ValueError) as error:
            told = (
                error if isinstance(error, OpsdashError) else SourceUnavailable(f"{spec.name} did not take it in time")
            )
            jitter = self._chance.random()
            after, entries = failed(thread, told, now_s=self._ledger.now_s(), jitter=jitter)
        if term == self._term:
            self._put(after)
            self._entries.extend(entries)

    def _notifier(self, spec: NotifierSpec) -> Notifier:
        known = self._notifiers.get(spec.name)
        if known is None or known[0] != spec:
            known = self._notifiers[spec.name] = (spec, self._build(spec))
        return known[1]

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


def _notice(thread: Thread, now_s: float) -> Notice:
    intent = thread.intent
    if intent is None:
        raise ValueError("nothing is to be sent")
    return Notice(
        key=intent.key, thread=thread.key, kind=intent.kind, group=thread.group, alerts=intent.alerts, at_s=now_s,
        actor=intent.actor, note=intent.note, level=intent.level,
    )  # fmt: skip
