"""Evaluates rules: each group on its own interval, each rule by itself, one commit a round.

Only while this process leads, or while the store does not answer and everybody has to see for themselves.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.deed import Deed, joined
from opsdash.core.alerting.lapses import Foreign, lapses
from opsdash.core.alerting.machine import RuleState, advance, retired
from opsdash.core.alerting.observation import Observation
from opsdash.core.alerting.restoring import restored
from opsdash.core.alerting.round_deed import deed_of
from opsdash.core.alerting.rules import AlertRule, BurnRate, RuleGroup
from opsdash.core.alerting.slo_status import slo_status
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.alerting.templates import expand
from opsdash.core.documents import Fence
from opsdash.core.errors import LeaseLost, Overtaken, StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.leading import Leading
from opsdash.engine.alerts.ledger import Ledger
from opsdash.engine.alerts.looking import Looking
from opsdash.ports import Clock

logger = logging.getLogger(__name__)

WITHIN = 0.9
"""A round ends before the next is due: a query that takes longer than this share of the interval has failed."""
LOOK_S = 0.25
"""How often it is looked whether this process leads now."""
LAPSES_EVERY_S = 1.0
CALM_S = 3.0
"""After a takeover, and after the store was away, no mark ends for so long: its alert may have to be written first."""
MOST_OWED = 20_000
"""Entries that wait for the store; then the oldest are given up, and the log says so."""


class Evaluating:
    """The rules of one configuration."""

    def __init__(  # noqa: PLR0913 - what it works with
        self, ledger: Ledger, leading: Leading, looking: Looking, clock: Clock, *, speed: float = 1.0,
        judged: Callable[[Book], tuple[Book, Foreign]] = lambda book: (book, {}),
    ) -> None:  # fmt: skip
        """`judged`: what acknowledgements of Alertmanagers' alerts may be judged by, of a book."""
        self._ledger = ledger
        self._leading = leading
        self._looking = looking
        self._clock = clock
        self._speed = speed
        self._judged = judged
        self._spec = AlertingSpec()
        self._states: dict[str, RuleState] = {}
        self._owed: list[Deed] = []
        self._groups: list[asyncio.Task[None]] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._was_active = False
        self._is_blind = False
        """It began before the store was read: what it knows of alerts that are in there is not how they stand."""
        self.rounds = 0
        self.failures = 0

    @property
    def is_active(self) -> bool:
        """Whether this process evaluates: it leads, or nobody can because the store does not answer."""
        return self._leading.is_ours or not self._ledger.is_reachable

    def load(self, spec: AlertingSpec, looking: Looking) -> None:
        """Evaluates the rules of this configuration from now on; alerts of rules that are gone are over."""
        self._spec, self._looking = spec, looking
        if self._tasks is not None:
            self._restart_groups()
            if self.is_active:
                self._retire_gone()

    async def run(self) -> None:
        """Evaluates until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._restart_groups()
            tasks.create_task(self._watch_over(), name="alerts: lead and lapse")
        self._tasks = None

    # --- inside ------------------------------------------------------------------------------------------------

    def _restart_groups(self) -> None:
        for task in self._groups:
            task.cancel()
        assert self._tasks is not None
        self._groups = [
            self._tasks.create_task(self._group(group), name=f"alerts: {group.name}")
            for group in self._spec.groups
            if group.rules
        ]

    async def _watch_over(self) -> None:
        """Takes over what the book says when this process begins to evaluate; ends marks that are over."""
        lapses_from_s = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            now_s = self._clock.monotonic_s()
            if not self.is_active:
                if self._leading.holder:  # else it is not known yet who goes on: what is owed may be ours to write
                    self._let_go()
                continue
            if self._is_blind and self._ledger.has_read:
                self._see()
            if not self._was_active:
                self._take_over()
                lapses_from_s = now_s + CALM_S
            if not self._ledger.is_reachable:
                lapses_from_s = now_s + CALM_S
            elif now_s >= lapses_from_s:
                lapses_from_s = now_s + LAPSES_EVERY_S
                await self._lapse()

    def _let_go(self) -> None:
        """Another process evaluates."""
        self._was_active = False
        self._states.clear()
        self._owed.clear()
        self._ledger.settle()

    def _take_over(self) -> None:
        """Goes on where the one before was: its alerts are in the book."""
        self._was_active, self._is_blind = True, not self._ledger.has_read
        book, at_s = self._ledger.book, self._clock.now_s()
        own = self._by_rule()
        for rule in self._rules():
            if rule.id not in self._states:
                health = book.health.get(rule.id)
                self._states[rule.id] = restored(rule, own.get(rule.id, ()), at_s=at_s, health=health)
        self._retire_gone()

    def _see(self) -> None:
        """The store is read for the first time: what it has of a rule counts, not what was begun without it."""
        self._ledger.settle()
        known = self._by_rule()
        begun = (state for name, state in self._states.items() if name in known)
        dropped = {alert.fingerprint for state in begun for alert in state.alerts.values()}
        for name in known:
            self._states.pop(name, None)
        self._owed = [_without(deed, dropped) for deed in self._owed]
        self._take_over()

    def _retire_gone(self) -> None:
        """What rules left behind that are not in the configuration any longer is over."""
        known = {rule.id for rule in self._rules()}
        for name, alerts in self._by_rule().items():
            if name and name not in known:
                state = RuleState(alerts={alert.labels: alert for alert in alerts if not alert.origin})
                self._owed.append(deed_of(retired(state, at_s=self._clock.now_s())))
                self._states.pop(name, None)

    def _by_rule(self) -> dict[str, list[Alert]]:
        found: dict[str, list[Alert]] = {}
        for alert in self._ledger.book.alerts.values():
            found.setdefault(alert.rule, []).append(alert)
        return found

    def _rules(self) -> tuple[AlertRule, ...]:
        return tuple(rule for group in self._spec.groups for rule in group.rules)

    async def _group(self, group: RuleGroup) -> None:
        """One group, over and over; groups of one interval are spread over it."""
        share = zlib.crc32(group.name.encode()) / 2**32
        next_s = self._clock.monotonic_s() + min(share * group.interval_s, 1.0)
        while True:
            await asyncio.sleep(max(next_s - self._clock.monotonic_s(), 0.0))
            if self.is_active and self._was_active and not (self._is_blind and self._ledger.has_read):
                await self._round(group)
            elif self.is_active:
                next_s = self._clock.monotonic_s() + LOOK_S
                continue
            late = self._clock.monotonic_s() - next_s
            next_s += group.interval_s * (1 + int(late // group.interval_s))

    async def _round(self, group: RuleGroup) -> None:
        at_s, started = self._clock.now_s(), self._clock.monotonic_s()
        seen = await self._looking.look(group.rules, at_s, within_s=WITHIN * group.interval_s)
        if not (self.is_active and self._was_active) or (self._is_blind and self._ledger.has_read):
            return
        took_s = self._clock.monotonic_s() - started
        deeds = [self._advanced(rule, what, at_s, took_s) for rule, what in zip(group.rules, seen, strict=True)]
        self.rounds += 1
        await self._commit(joined(deeds, told=" "))

    def _advanced(self, rule: AlertRule, seen: Observation, at_s: float, took_s: float) -> Deed:
        state = self._states.get(rule.id, RuleState())
        interval_s = rule.interval_s * self._speed
        after, transitions = advance(rule, state, seen, at_s=at_s, took_s=took_s, expand=expand, interval_s=interval_s)
        self._states[rule.id] = after
        status = None
        if isinstance(rule.condition, BurnRate):
            slo = next((each for each in self._spec.slos if each.name == rule.condition.slo), None)
            if slo is not None:
                before = self._ledger.book.slos.get(slo.name)
                status = slo_status(slo, rule.condition, seen, at_s=at_s, before=before)
        return deed_of(transitions, after.health, status)

    async def _lapse(self) -> None:
        """Ends marks that are over, each by itself: one that somebody renewed in the same moment holds up no other."""
        if self._owed:
            await self._commit(Deed())
        if self._owed:
            return
        book, foreign = self._judged(self._ledger.book)
        for deed in lapses(book, self._spec, now_s=self._ledger.now_s(), foreign=foreign):
            fence = self._leading.fence
            if fence is None:
                return
            with suppress(Overtaken):
                await self._written(deed, fence)

    async def _commit(self, deed: Deed) -> None:
        """As the leader, with what is owed; while the store does not answer, into the copy, and owed."""
        fence = self._leading.fence
        if fence is None:
            if not self._ledger.is_reachable:
                self._owe(deed)
        elif await self._written(joined((*self._owed, deed), told=" "), fence):
            if self._owed:
                self._owed.clear()
                await self._ledger.keep_up()
                self._ledger.settle()
        elif not self._ledger.is_reachable:
            self._owe(deed)

    async def _written(self, deed: Deed, fence: Fence) -> bool:
        """Whether the store has it. Raises Overtaken."""
        try:
            await self._ledger.commit_as_leader(deed, fence)
        except LeaseLost:
            self._leading.step_down()
        except (StoreUnavailable, StoreUnusable) as error:
            self.failures += 1
            self._ledger.troubled(error)
        else:
            return True
        return False

    def _owe(self, deed: Deed) -> None:
        self._ledger.show(deed.writes)
        if deed.entries or deed.writes:
            self._owed.append(deed)
        while sum(len(each.entries) for each in self._owed) > MOST_OWED:
            logger.error("the store has not answered for so long that the history of alerts will have a gap")
            self._owed.pop(0)


def _without(deed: Deed, fingerprints: Collection[str]) -> Deed:
    """The deed without what it says of these alerts."""
    writes = tuple(each for each in deed.writes if each.kind != "alert" or each.key not in fingerprints)
    return replace(
        deed, writes=writes, entries=tuple(each for each in deed.entries if each.subject not in fingerprints)
    )
