"""Who leads hands alerts that nobody acknowledged in time to the next level; the mark is written, and then told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from opsdash.core.alerting.escalating import Waits, escalated, next_due_s, waits_after
from opsdash.core.alerting.glance import Glance, glanced
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import LeaseLost, Overtaken, StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.leading import Leading
from opsdash.engine.alerts.ledger import Ledger

LOOK_S = 1.0
CALM_S = 3.0
"""After a takeover, and after the store was away, nothing is escalated for so long: an acknowledgement may wait."""


class Escalating:
    """Runs in every process; does something in the one that leads."""

    def __init__(self, ledger: Ledger, leading: Leading, lines: Callable[[], Sequence[AlertLine]]) -> None:
        self._ledger, self._leading, self._lines = ledger, leading, lines
        self._spec = AlertingSpec()
        self._waits: Waits | None = None
        self._glance: Glance | None = None
        self._next_s = float("-inf")
        """Nothing can be due before then, unless something changes."""
        self._term = -1
        self._from_s = float("-inf")

    def load(self, spec: AlertingSpec) -> None:
        """Escalates as this configuration says from now on; what waits already has waited since it fired."""
        if spec.escalate != self._spec.escalate:
            self._waits = None
        self._spec, self._glance = spec, None

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            with suppress(StoreUnavailable, StoreUnusable, LeaseLost, Overtaken):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One look. Raises what the store says; of two who escalate in the same moment one wins."""
        fence = self._leading.fence
        if fence is None or not (self._spec.escalate or self._ledger.book.unowned):
            return
        now_s = self._ledger.now_s()
        if not self._ledger.is_reachable:
            self._from_s = now_s + CALM_S
            return
        if fence.term != self._term:
            await self._ledger.keep_up()
            self._term, self._waits, self._glance, self._from_s = fence.term, None, None, now_s + CALM_S
        if now_s < self._from_s:
            return
        book, lines = self._ledger.book, self._lines()
        self._glance, has_changed = glanced(self._glance, lines)
        if not has_changed and now_s < self._next_s:
            return
        self._waits = waits_after(self._waits, book, lines, self._spec.escalate, now_s=now_s)
        self._next_s = float("-inf")  # where it cannot be written, again at the next look
        deed = escalated(book, lines, self._waits, self._spec, now_s=now_s)
        if not deed.is_nothing:
            await self._ledger.commit_as_leader(deed, fence)
            await self._ledger.keep_up()
        self._next_s = next_due_s(self._waits, self._spec.escalate, now_s)
