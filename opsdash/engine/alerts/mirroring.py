"""Who leads brings Alertmanagers to hold what they are to hold.

What is to stand there is written down before it is asked for, and its id after: whoever is killed between the two is
followed by one who finds it by the mark in its comment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from opsdash.core.alerting.book import Book
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.hubs import Foreign
from opsdash.core.alerting.lately import Lately
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.mirror import Mirror, mirror_written
from opsdash.core.alerting.mirroring import due, ended, is_its, lost, made, planned, refused, to_put
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import LeaseLost, OpsdashError, Overtaken, Retryable, StoreUnavailable, StoreUnusable
from opsdash.core.sources import SourceSpec
from opsdash.engine.alerts.hubs import Hubs
from opsdash.engine.alerts.leading import Leading
from opsdash.engine.alerts.ledger import Ledger
from opsdash.ports import AlertHub, Clock

logger = logging.getLogger(__name__)

LOOK_S = 0.5
PLAN_EVERY_S = 2.0
AT_ONCE = 100
"""Silences that one Alertmanager is asked for in one look."""
REST_S = 5.0
"""So long one is left alone that did not take what it was asked."""


class Mirroring:
    """Runs in every process; does something in the one that leads."""

    def __init__(
        self,
        ledger: Ledger,
        leading: Leading,
        hubs: Hubs,
        clock: Clock,
        *,
        new_token: Callable[[], str] = lambda: uuid4().hex[:12],
    ) -> None:
        self._ledger, self._leading, self._hubs, self._clock = ledger, leading, hubs, clock
        self._new_token = new_token
        self._spec = AlertingSpec()
        self._nothing: Lately[bool] = Lately(1)
        """What there was when nothing was to be done."""
        self._plan_again_s = 0.0
        self._rests: dict[str, float] = {}
        """Source → monotonic seconds until which it is left alone."""

    def load(self, spec: AlertingSpec) -> None:
        """What is wanted follows this configuration from now on."""
        self._spec = spec

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            with suppress(StoreUnavailable, StoreUnusable, Overtaken):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One look: writes down what is wanted, then asks for what is not there yet. Raises what the store says."""
        if not self._may_act():
            return
        book, now_s = self._ledger.book, self._ledger.now_s()
        foreign = self._hubs.foreign()
        plans = self._planned(book, foreign, now_s)
        deeds = [Deed(writes=tuple(mirror_written(mirror) for mirror in plans))]
        deeds += lost(book, foreign, self._hubs.well(), now_s=now_s)
        for deed in deeds:
            await self._write(deed)
        by_hub: dict[str, list[Mirror]] = {}
        for mirror in due(self._ledger.book.mirrors.values()):
            by_hub.setdefault(mirror.hub, []).append(mirror)
        async with asyncio.TaskGroup() as tasks:
            for name, mirrors in by_hub.items():
                tasks.create_task(self._carry_out(name, mirrors[:AT_ONCE]), name=f"silences of {name}")

    def _planned(self, book: Book, foreign: Foreign, now_s: float) -> tuple[Mirror, ...]:
        """What is to be written down. While nothing changed, only time can bring anything: looked at less often."""
        source = (self._spec, foreign, book.alerts, book.acks, book.silences, book.mirrors)
        at_s = self._clock.monotonic_s()
        if at_s < self._plan_again_s and self._nothing.of(source):
            return ()
        plans = planned(book, self._spec, foreign, now_s=now_s, new_token=self._new_token)
        self._plan_again_s = at_s + PLAN_EVERY_S
        if not plans:
            self._nothing.keep(source, result=True)
        return plans

    def _may_act(self) -> bool:
        leads = self._leading.fence is not None and self._ledger.is_reachable
        return leads and self._hubs.is_asked and bool(self._spec.hubs or self._ledger.book.mirrors)

    async def _carry_out(self, name: str, mirrors: Sequence[Mirror]) -> None:
        """Asks one Alertmanager for all of these. Raises nothing: what was not done stays to be."""
        if self._rests.get(name, 0.0) > self._clock.monotonic_s():
            return
        chosen = self._hubs.hub_for(name)
        try:
            if chosen is None:
                await self._give_up(name, mirrors)
            else:
                await self._ask_all(*chosen, mirrors)
        except (StoreUnavailable, StoreUnusable):
            return
        except (OpsdashError, TimeoutError) as error:
            heals = isinstance(error, Retryable | TimeoutError)
            self._rests[name] = self._clock.monotonic_s() + (REST_S if heals else 6 * REST_S)
            logger.warning("%s: %s", name, error if isinstance(error, OpsdashError) else "no answer in time")

    async def _ask_all(self, hub: AlertHub, spec: SourceSpec, mirrors: Sequence[Mirror]) -> None:
        timeout_s = spec.timeout_s + 0.5
        async with asyncio.timeout(timeout_s):
            found = await hub.silences()
        for mirror in mirrors:
            if not self._may_act():
                return
            await self._one(hub, mirror, found, timeout_s)
        self._hubs.ask_soon(hub.name)

    async def _one(self, hub: AlertHub, mirror: Mirror, found: Sequence[Silence], timeout_s: float) -> None:
        """One mirror. Raises Retryable and TimeoutError, and what the store says."""
        silences = [each for each in found if is_its(mirror, each)]
        try:
            async with asyncio.timeout(timeout_s):
                deed = await self._asked(hub, mirror, silences)
        except Retryable:
            raise
        except OpsdashError as error:
            logger.warning("%s: %s", mirror.hub, error.message)
            deed = refused(self._ledger.book, mirror, error.message, now_s=self._ledger.now_s())
        with suppress(Overtaken):
            await self._write(deed)

    async def _asked(self, hub: AlertHub, mirror: Mirror, found: Sequence[Silence]) -> Deed:
        """What came of it. Raises what the Alertmanager says."""
        is_over = mirror.is_ending or mirror.silence.ends_at_s <= self._ledger.now_s() + 1.0
        if not is_over:
            there = await hub.put_silence(to_put(mirror, found, hub.name))
            return made(self._ledger.book, mirror, there, now_s=self._ledger.now_s())
        for silence_id in dict.fromkeys((*filter(None, (mirror.there,)), *(each.id for each in found))):
            await hub.expire_silence(silence_id)
        if mirror.why == "change":
            return made(self._ledger.book, mirror, mirror.there, now_s=self._ledger.now_s())
        return ended(self._ledger.book, mirror, now_s=self._ledger.now_s())

    async def _give_up(self, name: str, mirrors: Sequence[Mirror]) -> None:
        """The configuration has no such source any more: its silences end there by themselves."""
        for mirror in mirrors:
            if mirror.is_ending or mirror.why == "change":
                why = f"there is no source {name} any longer"
                with suppress(Overtaken):
                    await self._write(refused(self._ledger.book, mirror, why, now_s=self._ledger.now_s()))

    async def _write(self, deed: Deed) -> None:
        """As the leader. Raises Overtaken, StoreUnavailable, StoreUnusable."""
        if deed.is_nothing:
            return
        fence = self._leading.fence
        if fence is None:
            raise StoreUnavailable("another process leads now")
        try:
            await self._ledger.commit_as_leader(deed, fence)
        except LeaseLost:
            self._leading.step_down()
            raise StoreUnavailable("another process leads now") from None
        except (StoreUnavailable, StoreUnusable) as error:
            self._ledger.troubled(error)
            raise
        await self._ledger.keep_up()
