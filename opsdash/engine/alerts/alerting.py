"""Alerts at run time as one part of an engine: the store, who leads, the rules, the operators' deeds, the picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from opsdash.core.alerting.maintenance import ZoneOf
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, LeaderView
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.alerting.spec import AlertingSpec, NotifierSpec
from opsdash.core.metrics.queries import PromQuery, Query
from opsdash.core.metrics.window import Window
from opsdash.core.sources import SourceSpec
from opsdash.core.state import State
from opsdash.core.view.snapshot import SourceView
from opsdash.engine.alerts.escalating import Escalating
from opsdash.engine.alerts.evaluating import Evaluating
from opsdash.engine.alerts.hubs import Hubs
from opsdash.engine.alerts.leading import TTL_S, Leading
from opsdash.engine.alerts.ledger import Ledger
from opsdash.engine.alerts.looking import Looking
from opsdash.engine.alerts.mirroring import Mirroring
from opsdash.engine.alerts.notifying import Notifying
from opsdash.engine.alerts.ownership import Ownership
from opsdash.engine.alerts.sending import Sending
from opsdash.ports import AlertHub, Clock, Notifier, Source, Spool, StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who sits here."""

    operator: str
    login: str
    holder: str
    """`user@host pid`: how this process is called where it leads."""
    zone: tzinfo | None = None
    zone_of: ZoneOf | None = None
    is_operator: Callable[[str], bool] = bool
    lease_s: float = TTL_S
    speed: float = 1.0
    """How many seconds of the sources pass in one of this host's: not 1 in the demo alone."""


class Alerting:
    """Everything of alerts that one process runs."""

    def __init__(  # noqa: PLR0913
        self,
        store: StateStore,
        clock: Clock,
        seat: Seat,
        *,
        notifiers: Callable[[NotifierSpec], Notifier] | None = None,
        hubs: Callable[[SourceSpec], AlertHub] | None = None,
        spool: Spool | None = None,
    ) -> None:
        """`notifiers` builds one from the configuration; without it nobody is told; `hubs` an Alertmanager, without it
        none is asked; `spool` keeps what waits for the store, without it that is in memory only."""
        self._clock = clock
        self._seat = seat
        self._changed: Callable[[], None] = lambda: None
        self._looked: Callable[[], None] = lambda: None
        self._spec = AlertingSpec()
        self._looked_at: frozenset[str] = frozenset()
        self._lines_seen: tuple[AlertLine, ...] = ()
        self._ours: tuple[AlertLine, ...] = ()
        self.ledger = Ledger(store, clock, self._tell, spool)
        self.leading = Leading(self.ledger, clock, seat.holder, ttl_s=seat.lease_s)
        self._builds_hubs = hubs is not None
        self.hubs = Hubs(clock, self.ledger.now_s, hubs or _no_hub, self._tell)
        self.mirroring = Mirroring(self.ledger, self.leading, self.hubs, clock)
        self.sending = Sending(self.leading, self.hubs, clock, lambda: self.picture(None).lines, self.ledger.now_s)
        self.evaluating = Evaluating(
            self.ledger, self.leading, Looking({}, clock, {}), clock, speed=seat.speed, judged=self.hubs.judged
        )
        self.escalating = Escalating(self.ledger, self.leading, self._our_lines)
        self.notifying = Notifying(self.ledger, self.leading, self._our_lines, notifiers) if notifiers else None
        self.ownership = Ownership(
            self.ledger,
            operator=seat.operator,
            login=seat.login,
            zone=seat.zone,
            is_operator=seat.is_operator,
            picture=lambda: self.picture(None),
            spec=lambda: self._spec,
            look_at=self._look_at,
            hubs=self.hubs,
        )

    @property
    def spec(self) -> AlertingSpec:
        """What is evaluated."""
        return self._spec

    def connect(self, *, changed: Callable[[], None], looked: Callable[[], None]) -> None:
        """`changed`: another picture may be due. `looked`: other trends are wanted."""
        self._changed, self._looked = changed, looked

    def load(self, spec: AlertingSpec, sources: Mapping[str, Source], timeouts: Mapping[str, float]) -> None:
        """Runs the rules of this configuration."""
        self._spec = spec
        self.evaluating.load(spec, Looking(sources, self._clock, timeouts))
        watched = spec if self._builds_hubs else replace(spec, hubs=(), send_to=())
        self.hubs.load(watched)
        self.mirroring.load(watched)
        self.sending.load(watched)
        self.escalating.load(spec)
        if self.notifying is not None:
            self.notifying.load(spec)
        self._changed()

    async def run(self) -> None:
        """Runs until cancelled. The lease is given up before the store is closed: the inner group ends first."""
        async with asyncio.TaskGroup() as outer:
            outer.create_task(self.ledger.run(), name="alerts: ledger")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.leading.run(), name="alerts: lease")
                tasks.create_task(self.evaluating.run(), name="alerts: rules")
                tasks.create_task(self.hubs.run(), name="alerts: Alertmanagers")
                tasks.create_task(self.mirroring.run(), name="alerts: mirror")
                tasks.create_task(self.sending.run(), name="alerts: send")
                tasks.create_task(self.escalating.run(), name="alerts: escalate")
                if self.notifying is not None:
                    tasks.create_task(self.notifying.run(), name="alerts: notifiers")

    def picture(self, state: State | None) -> AlertsPicture:
        """The picture now; with a state, the trends of what is looked at are in it."""
        newest = max((health.evaluated_at_s for health in self.ledger.book.health.values()), default=None)
        leader = LeaderView(
            holder=self.leading.holder,
            is_us=self.leading.is_ours,
            silent_s=0.0 if newest is None else max(self._clock.now_s() - newest, 0.0),
        )
        return pictured(
            self.ledger.book,
            self._spec,
            now_s=self.ledger.now_s(),
            operator=self._seat.operator,
            store=self.ledger.view(),
            leader=leader,
            foreign=self.hubs.alerts(self.ledger.book),
            foreign_silences=self.hubs.silences(self.ledger.book),
            trends=self._trends(state) if state is not None else {},
            zone_of=self._seat.zone_of,
        )

    def wanted(self) -> tuple[Query, ...]:
        """The queries whose history the screen shows beside its alerts."""
        return tuple(query for _, query in self._shown_queries())

    def sources(self) -> tuple[SourceView, ...]:
        """How the Alertmanagers do, for the header."""
        return self.hubs.views()

    def _our_lines(self) -> tuple[AlertLine, ...]:
        """What we tell of: an Alertmanager tells of its own alerts itself."""
        lines = self.picture(None).lines
        if lines is not self._lines_seen:
            self._lines_seen, self._ours = lines, tuple(line for line in lines if not line.alert.origin)
        return self._ours

    def _tell(self) -> None:
        self._changed()

    def _look_at(self, fingerprints: Collection[str]) -> None:
        wanted = frozenset(fingerprints)
        if wanted != self._looked_at:
            self._looked_at = wanted
            self._looked()

    def _shown_queries(self) -> tuple[tuple[AlertRule, Query], ...]:
        names = {alert.rule for name in self._looked_at if (alert := self.ledger.book.alerts.get(name)) is not None}
        return tuple(
            (rule, replace(rule.queries[0], instant=False))
            for group in self._spec.groups
            for rule in group.rules
            if rule.id in names and isinstance(rule.queries[0], PromQuery)
        )

    def _trends(self, state: State) -> dict[str, Window]:
        return {rule.id: state.queries[query].window for rule, query in self._shown_queries() if query in state.queries}


def _no_hub(spec: SourceSpec) -> AlertHub:
    raise LookupError(f"nobody asks {spec.name}")
