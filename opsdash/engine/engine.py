"""The engine: polls what is shown, keeps the state, hands out snapshots.

The screen, `once` and the tests drive it alike.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from math import inf

from opsdash.core.errors import AnswerTooLarge, SourceUnavailable
from opsdash.core.events import (
    BoardLoaded,
    BoardRejected,
    CompareChosen,
    EmptinessExplained,
    Event,
    OlderRowsJoined,
    Paused,
    Polled,
    QueryDropped,
    RangeChosen,
    Resumed,
    SourceProbed,
    VariableChosen,
)
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import LATE_AFTER_PERIODS
from opsdash.core.metrics.queries import LogQuery, Query
from opsdash.core.project import Moment, project
from opsdash.core.retention import to_give_up
from opsdash.core.state import State, apply, initial
from opsdash.core.variables import Selection
from opsdash.core.view.board import Board
from opsdash.core.view.panels import PanelSpec
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.timerange import TimeRange
from opsdash.core.wanted import WantedPanel, wanted_panels
from opsdash.engine.aside import closed, explanation_of, probe_of
from opsdash.engine.broadcast import Broadcast
from opsdash.engine.gate import Gate
from opsdash.engine.older_rows import MOST_ROWS, OlderRows
from opsdash.engine.once import ask_everything
from opsdash.engine.options import find_options
from opsdash.engine.poller import Poll, Poller, Timing
from opsdash.engine.windows import Windows
from opsdash.ports import Clock, LogSource, Source

GATHER_S = 0.03
GATHER_AT_MOST_S = 0.12
"""Answers that come together are shown together: one drawing for all, but nobody waits long for a slow one."""
HEARTBEAT_S = 1.0
"""Ages and states are looked at this often, also when nothing comes."""
PROBE_EVERY_S = 60.0
OPTIONS_EVERY_S = 60.0


class Engine:
    """One dashboard process. `run` owns every task; everything else is called from the same event loop."""

    def __init__(
        self, board: Board, sources: Mapping[str, Source], clock: Clock, rng: random.Random | None = None
    ) -> None:
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311  # spreads retries; nothing secret hangs on it
        self._sources = dict(sources)
        self._gates: dict[str, Gate] = {}
        self._state = initial(board)
        self._windows = Windows(clock, ingest_lag_s={spec.name: spec.ingest_lag_s for spec in board.sources})
        self._dashboard = 0
        self._shown: frozenset[str] | None = None
        self._revision = 0
        self._origin_s = clock.monotonic_s()
        self._paused_s = 0.0
        self._wanted: Mapping[str, WantedPanel] = {}
        self._older = OlderRows()
        self._pollers: dict[Query, tuple[Poller, asyncio.Task[None]]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._changed = asyncio.Event()
        self._options_wanted = asyncio.Event()
        self._snapshots: Broadcast[Snapshot] = Broadcast()
        self._want()

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    # --- running -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Polls until cancelled; cancels and awaits all that it started, and closes the sources."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._reconcile()
                tasks.create_task(self._publish(), name="publish")
                tasks.create_task(self._heartbeat(), name="heartbeat")
                tasks.create_task(self._keep_options(), name="options")
                tasks.create_task(self._keep_probing(), name="probe")
                tasks.create_task(self._keep_explaining(), name="explain")
        finally:
            self._tasks = None
            self._pollers.clear()
            await asyncio.gather(*(closed(source) for source in self._sources.values()))

    async def once(self, *, dashboards: Collection[int] | None = None, at_s: float | None = None) -> Snapshot:
        """One refresh of everything (or of these dashboards), without `run`.

        `at_s` is the end of the range in UTC seconds; None means now. The snapshot holds every panel of the
        dashboards. A source that fails is in it; nothing is raised.
        """
        if at_s is not None:
            self._apply(RangeChosen(time_range=replace(self._state.time_range, end_s=at_s)))
        chosen = range(len(self._state.board.dashboards)) if dashboards is None else dashboards
        specs = [panel for index in chosen for panel in self._state.board.dashboards[index].panels]
        for found in await find_options(self._state, self._sources, self._clock.now_s()):
            self._apply(found)
        wanted = wanted_panels(self._state, specs, self._clock.now_s())
        queries = dict.fromkeys(query for panel in wanted.values() for query in panel.asked())
        async for event in ask_everything(queries, self._state, self._sources, self._windows, self._clock):
            self._apply(event)
        return project(self._state, wanted, moment=self._moment(), revision=self._revision)

    # --- what the screen sees ----------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The picture now, of what is shown."""
        return project(
            self._state, self._wanted, moment=self._moment(), current=self._dashboard, revision=self._revision
        )

    def snapshots(self) -> AsyncIterator[Snapshot]:
        """The newest snapshot after each change; one that is overtaken before it is taken is left out."""
        return self._snapshots.subscribe()

    # --- what the operator does --------------------------------------------------------------------------------

    def show(self, dashboard: int, panels: Collection[str] | None = None) -> None:
        """These panels of this dashboard are on screen (None: all); nothing else is polled."""
        shown = None if panels is None else frozenset(panels)
        if (dashboard, shown) != (self._dashboard, self._shown):
            self._dashboard, self._shown = dashboard, shown
            self._want()

    def choose_range(self, time_range: TimeRange) -> None:
        """Shows another time; also how the screen zooms, pans and goes back to live."""
        self._older.forget_all()
        self._apply(RangeChosen(time_range=time_range))
        self._want()
        self._wake_all()

    def pause(self) -> None:
        """Stands still until `resume`."""
        self._paused_s = self._clock.monotonic_s()
        self._apply(Paused(at_s=self._clock.now_s()))
        self._want()

    def resume(self) -> None:
        """Goes on, with a refresh at once."""
        self._apply(Resumed())
        self._want()
        self._wake_all()

    def compare(self, offset_s: float) -> None:
        """Draws the period `offset_s` earlier beside this one; 0 turns it off."""
        self._apply(CompareChosen(offset_s=offset_s))
        self._want()

    def refresh(self) -> None:
        """Polls all that is shown now, whatever the back-off says."""
        for gate in self._gates.values():
            gate.open()
        self._wake_all()

    def choose_variable(self, name: str, selected: Selection) -> None:
        """Sets a variable. Raises KeyError for a name that is not in the configuration."""
        self._apply(VariableChosen(variable=name, selected=selected))
        self._options_wanted.set()
        self._want()

    async def older_logs(self, query: LogQuery, rows: Answer) -> Answer:
        """The page after (older than) these rows, by search_after; its rows join the panel's.

        Raises what the source raises, and AnswerTooLarge where no more rows are kept.
        """
        if len(rows.rows) >= MOST_ROWS:
            raise AnswerTooLarge(f"{MOST_ROWS:,} rows are shown and no more are kept; choose an earlier time")
        source: LogSource | None = self._sources.get(query.source)  # type: ignore[assignment]  # for a log query
        if source is None:
            raise SourceUnavailable(f"there is no source {query.source} any longer")
        time_range = self._state.time_range
        start, end = time_range.bounds(self._shown_now_s())
        page = await source.fetch_logs(query, start, end, after=rows.rows[-1].sort if rows.rows else None)
        record = self._state.queries.get(query)
        if record is not None and record.answer is not None and self._state.time_range == time_range:
            joined = self._older.join(query, record.answer.rows, page.rows)
            self._apply(OlderRowsJoined(query=query, rows=joined))
        return page

    def replace_board(self, board: Board, sources: Mapping[str, Source]) -> None:
        """Runs a newly read configuration; sources that are not in the new mapping are closed."""
        gone = {name: source for name, source in self._sources.items() if sources.get(name) is not source}
        for query in [query for query in self._pollers if query.source in gone]:
            self._pollers.pop(query)[1].cancel()
        for name in gone:
            self._windows.forget_source(name)
        self._gates = {name: gate for name, gate in self._gates.items() if name not in gone}
        self._sources = dict(sources)
        self._windows.set_lags({spec.name: spec.ingest_lag_s for spec in board.sources})
        self._older.forget_all()
        self._revision += 1
        self._dashboard = min(self._dashboard, max(len(board.dashboards) - 1, 0))
        self._apply(BoardLoaded(board=board))
        if self._tasks is not None:
            for source in gone.values():
                self._tasks.create_task(closed(source), name=f"close {source.name}")
        self._options_wanted.set()
        self._want()

    def reject_board(self, problem: str, count: int) -> None:
        """Says on the screen that the changed configuration is broken."""
        self._apply(BoardRejected(problem=problem, count=count))

    # --- inside ------------------------------------------------------------------------------------------------

    def _apply(self, event: Event) -> None:
        self._state = apply(self._state, event)
        self._changed.set()

    def _emit(self, event: Event) -> None:
        if isinstance(event, Polled) and isinstance(event.query, LogQuery):
            start_s, _ = self._state.time_range.bounds(self._shown_now_s())
            rows = self._older.under(event.query, event.answer.rows, from_s=start_s)
            event = replace(event, answer=replace(event.answer, rows=rows))
        self._apply(event)

    def _is_asking(self) -> bool:
        return any(poller.is_asking for poller, _ in self._pollers.values())

    def _moment(self) -> Moment:
        return Moment(now_s=self._clock.now_s(), monotonic_s=self._clock.monotonic_s())

    def _shown_now_s(self) -> float:
        paused = self._state.paused_at_s
        return self._clock.now_s() if paused is None else paused

    def _shown_panels(self) -> list[PanelSpec]:
        dashboards = self._state.board.dashboards
        if not 0 <= self._dashboard < len(dashboards):
            return []
        panels = dashboards[self._dashboard].panels
        return [panel for panel in panels if self._shown is None or panel.id in self._shown]

    def _want(self) -> None:
        """Works out anew what has to be polled; called whenever that can have changed."""
        self._wanted = wanted_panels(self._state, self._shown_panels(), self._shown_now_s())
        self._changed.set()
        self._reconcile()
        self._give_up()

    def _give_up(self) -> None:
        """Bounds what is known of queries that are not on screen any longer."""
        shown = {query for panel in self._wanted.values() for query in panel.asked()}
        for query in to_give_up(self._state, shown):
            self._windows.forget(query)
            if isinstance(query, LogQuery):
                self._older.forget(query)
            self._apply(QueryDropped(query=query))

    def _reconcile(self) -> None:
        """Starts the pollers that are missing and stops those that nobody shows."""
        if self._tasks is None:
            return
        queries = {query for panel in self._wanted.values() for query in panel.asked()}
        if self._state.paused_at_s is not None:  # what was never asked is asked once, at the instant that is shown
            queries = {query for query in queries if not self._was_answered(query)}
        for query in [query for query in self._pollers if query not in queries]:
            self._pollers.pop(query)[1].cancel()
        specs = {spec.name: spec for spec in self._state.board.sources}
        poll = Poll(
            clock=self._clock,
            windows=self._windows,
            timing=lambda: Timing(origin_s=self._origin_s, period_s=self._state.board.refresh_s),
            time_range=lambda: self._state.time_range,
            now_s=self._shown_now_s,
            is_paused=lambda: self._state.paused_at_s is not None,
            emit=self._emit,
            rng=self._rng,
        )
        for query in dict.fromkeys(query for panel in self._wanted.values() for query in panel.asked()):
            if query in queries and query not in self._pollers and query.source in self._sources:
                poller = Poller(
                    query, self._sources[query.source], self._gate(query.source), specs[query.source].timeout_s, poll
                )
                self._pollers[query] = (poller, self._tasks.create_task(poller.run(), name="poll"))

    def _was_answered(self, query: Query) -> bool:
        """Whether it was up to date when the screen was stopped, or has been asked since."""
        record = self._state.queries.get(query)
        late_s = LATE_AFTER_PERIODS * self._state.board.refresh_s
        return record is not None and (record.succeeded_at_s or -inf) > self._paused_s - late_s

    def _gate(self, source: str) -> Gate:
        if source not in self._gates:
            self._gates[source] = Gate(self._clock, self._rng)
        return self._gates[source]

    def _wake_all(self) -> None:
        for poller, _ in self._pollers.values():
            poller.wake()

    async def _publish(self) -> None:
        """Sends a snapshot soon after a change; answers that come together are shown together."""
        while True:
            await self._changed.wait()
            shown_by_s = self._clock.monotonic_s() + GATHER_AT_MOST_S
            await asyncio.sleep(GATHER_S)
            while self._clock.monotonic_s() < shown_by_s and self._is_asking():  # noqa: ASYNC110  # ends by the clock too
                await asyncio.sleep(GATHER_S / 3)
            self._changed.clear()
            self._snapshots.send(self.snapshot())

    async def _heartbeat(self) -> None:
        """What gets old without an event is seen: late, stale, the next try."""
        before: object = None
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            if not self._is_ageing() and before is None:
                continue
            view = self.snapshot()
            now = (
                tuple((panel.state, panel.message) for panel in view.panels.values()),
                tuple((source.state, source.message) for source in view.sources),
            )
            if now != before:
                self._changed.set()
            before = now if self._is_ageing() else None

    def _is_ageing(self) -> bool:
        """Whether a query on screen failed or is overdue; while none is, a second changes nothing but the clock."""
        overdue_s = self._clock.monotonic_s() - LATE_AFTER_PERIODS * self._state.board.refresh_s
        for query in self._pollers:
            record = self._state.queries.get(query)
            if record is not None and (record.failure is not None or (record.succeeded_at_s or overdue_s) < overdue_s):
                return True
        return False

    async def _keep_options(self) -> None:
        """Finds the values of the variables, again when one of them was chosen and now and then."""
        while True:
            self._options_wanted.clear()
            found = await find_options(self._state, self._sources, self._shown_now_s())
            if self._options_wanted.is_set():
                continue  # something was chosen, or another configuration came: these answer an old question
            for event in found:
                self._apply(event)
            self._want()
            try:
                async with asyncio.timeout(OPTIONS_EVERY_S if self._state.bindings else None):
                    await self._options_wanted.wait()
            except TimeoutError:
                continue

    async def _keep_explaining(self) -> None:
        """Asks why a query gives nothing, once while it gives nothing, one query at a time."""
        explained: set[Query] = set()
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            empty = {query for query in self._pollers if self._is_empty(query)}
            explained &= empty
            query = next((query for query in self._pollers if query in empty - explained), None)
            if query is None:
                continue
            explained.add(query)
            start, end = self._state.time_range.bounds(self._shown_now_s())
            explanation = await explanation_of(query, self._sources[query.source], start, end)
            if explanation and query in self._pollers:
                self._apply(EmptinessExplained(query=query, explanation=explanation))

    def _is_empty(self, query: Query) -> bool:
        record = self._state.queries.get(query)
        return record is not None and record.answer is not None and record.window.is_empty

    async def _keep_probing(self) -> None:
        """Asks each source now and then what it is and what time it has; after the first answers are on screen."""
        await asyncio.sleep(2 * HEARTBEAT_S)
        while True:
            for name, source in list(self._sources.items()):
                if not self._gate(name).is_closed:
                    await self._probe(name, source)
            await asyncio.sleep(PROBE_EVERY_S)

    async def _probe(self, name: str, source: Source) -> None:
        probe = await probe_of(source)
        if probe is not None and self._sources.get(name) is source:
            self._apply(SourceProbed(source=name, product=f"{probe.product} {probe.version}", skew_s=probe.skew_s))
