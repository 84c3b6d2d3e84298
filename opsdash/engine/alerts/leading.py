"""Who evaluates: one of all processes on a store, by a lease that is renewed long before it is over."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from opsdash.core.documents import Fence, Lease
from opsdash.core.errors import OpsdashError, StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.ledger import Ledger
from opsdash.ports import Clock

logger = logging.getLogger(__name__)

LEASE = "evaluate"
TTL_S = 6.0
"""How long nobody evaluates when a leader dies without a word, at most."""
FIRST_TRIES_S = 0.1
"""How often it is tried until the store has answered once."""
MARGIN_S = 0.5
"""So long before the end a leader takes it for over: its clock and the store's do not run alike to the millisecond."""


class Leading:
    """Tries to lead, for as long as it runs."""

    def __init__(self, ledger: Ledger, clock: Clock, holder: str, *, ttl_s: float = TTL_S) -> None:
        self._ledger = ledger
        self._clock = clock
        self._holder = holder
        self._ttl_s = ttl_s
        self._lease: Lease | None = None
        self._until_s = float("-inf")
        """Monotonic: when the lease is over as far as this process knows."""

    @property
    def is_ours(self) -> bool:
        """Whether this process leads now. Judged by the clock, too: one that was stopped and wakes up does not."""
        lease = self._lease
        return lease is not None and lease.is_ours and self._clock.monotonic_s() < self._until_s - MARGIN_S

    @property
    def fence(self) -> Fence | None:
        """What a commit of the leader carries; None where another one leads."""
        lease = self._lease
        return Fence(lease=LEASE, term=lease.term) if lease is not None and self.is_ours else None

    @property
    def holder(self) -> str:
        """Who leads; empty where nobody is known to."""
        lease = self._lease
        return lease.holder if lease is not None and self._clock.monotonic_s() < self._until_s else ""

    async def run(self) -> None:
        """Takes and keeps the lease until cancelled, then gives it up, so that another need not wait."""
        try:
            while True:
                await self.renew()
                await asyncio.sleep(self._ttl_s / 3 if self._lease is not None else FIRST_TRIES_S)
        finally:
            with suppress(OpsdashError, TimeoutError):
                async with asyncio.timeout(0.3):
                    await asyncio.shield(self._ledger.store.release(LEASE, self._holder))

    async def renew(self) -> None:
        """One try."""
        if not self._ledger.is_reachable:
            if self._clock.monotonic_s() >= self._until_s:
                self._lease = None
            return
        asked_at_s = self._clock.monotonic_s()
        try:
            lease = await self._ledger.store.lease(LEASE, self._holder, self._ttl_s)
        except (StoreUnavailable, StoreUnusable) as error:
            self._ledger.troubled(error)
            return
        was_ours = self._lease is not None and self._lease.is_ours
        if lease.is_ours and not was_ours:
            logger.info("this process evaluates the rules now (term %d)", lease.term)
        self._lease, self._until_s = lease, asked_at_s + lease.left_s

    def step_down(self) -> None:
        """The store says that another one leads."""
        self._lease = None
