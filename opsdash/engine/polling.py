"""The pollers of what is on screen: started, stopped and woken together. Those of one source share its gate."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable
from math import inf

from opsdash.core.events import Event
from opsdash.core.metrics.freshness import LATE_AFTER_PERIODS
from opsdash.core.metrics.queries import Query
from opsdash.engine.current import Current
from opsdash.engine.gate import Gate
from opsdash.engine.poller import Poll, Poller, Timing
from opsdash.engine.windows import Windows


class Polling:
    """One poller for each query that is wanted. Nothing runs before `begin`."""

    def __init__(
        self, current: Current, windows: Windows, rng: random.Random, *, emit: Callable[[Event], None]
    ) -> None:
        self._current = current
        self._rng = rng
        self._origin_s = current.clock.monotonic_s()
        self._paused_s = 0.0
        self._gates: dict[str, Gate] = {}
        self._wanted: dict[Query, None] = {}
        self._pollers: dict[Query, tuple[Poller, asyncio.Task[None]]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._poll = Poll(
            clock=current.clock,
            windows=windows,
            timing=lambda: Timing(origin_s=self._origin_s, period_s=current.state.board.refresh_s),
            time_range=lambda: current.state.time_range,
            now_s=current.shown_now_s,
            is_paused=lambda: current.is_paused,
            emit=emit,
            rng=rng,
        )

    @property
    def queries(self) -> Collection[Query]:
        """What is polled now, in the order in which it was begun."""
        return self._pollers.keys()

    @property
    def is_asking(self) -> bool:
        """Whether a question is on its way now."""
        return any(poller.is_asking for poller, _ in self._pollers.values())

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Polls as tasks of this group from now on."""
        self._tasks = tasks
        self._reconcile()

    def end(self) -> None:
        """The task group is gone, and every poller with it."""
        self._tasks = None
        self._pollers.clear()

    def want(self, queries: Iterable[Query]) -> None:
        """These are on screen, and nothing else."""
        self._wanted = dict.fromkeys(queries)
        self._reconcile()

    def pause(self) -> None:
        """The screen stands still from now on; told before the state says so."""
        self._paused_s = self._current.clock.monotonic_s()

    def wake(self) -> None:
        """Everything is asked anew now, except of a source that is down."""
        for poller, _ in self._pollers.values():
            poller.wake()

    def refresh(self) -> None:
        """Everything is asked anew now, whatever the back-off says."""
        for gate in self._gates.values():
            gate.open()
        self.wake()

    def is_down(self, source: str) -> bool:
        """Whether the source failed as a whole and has not answered since."""
        return self._gate(source).is_closed

    def forget_sources(self, names: Collection[str]) -> None:
        """Other servers may answer by these names now."""
        for query in [query for query in self._pollers if query.source in names]:
            self._stop(query)
        self._gates = {name: gate for name, gate in self._gates.items() if name not in names}

    def _reconcile(self) -> None:
        """Starts the pollers that are missing and stops those that nobody shows."""
        if self._tasks is None:
            return
        queries = self._wanted
        if self._current.is_paused:  # what was never asked is asked once, at the instant that is shown
            queries = {query: None for query in queries if not self._was_answered(query)}
        for query in [query for query in self._pollers if query not in queries]:
            self._stop(query)
        timeouts_s = {spec.name: spec.timeout_s for spec in self._current.state.board.sources}
        sources = self._current.sources
        for query in queries:
            if query not in self._pollers and query.source in sources:
                name = query.source
                poller = Poller(query, sources[name], self._gate(name), timeouts_s[name], self._poll)
                self._pollers[query] = (poller, self._tasks.create_task(poller.run(), name="poll"))

    def _stop(self, query: Query) -> None:
        self._pollers.pop(query)[1].cancel()

    def _was_answered(self, query: Query) -> bool:
        """Whether it was up to date when the screen was stopped, or has been asked since."""
        state = self._current.state
        record = state.queries.get(query)
        late_s = LATE_AFTER_PERIODS * state.board.refresh_s
        return record is not None and (record.succeeded_at_s or -inf) > self._paused_s - late_s

    def _gate(self, source: str) -> Gate:
        if source not in self._gates:
            self._gates[source] = Gate(self._current.clock, self._rng)
        return self._gates[source]
