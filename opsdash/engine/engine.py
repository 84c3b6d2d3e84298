"""The engine: polls what is shown, keeps the state, hands out snapshots.

The screen, `once` and the tests drive it alike.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from opsdash.core.errors import AnswerTooLarge, SourceUnavailable
from opsdash.core.events import (
    BoardLoaded,
    BoardRejected,
    CompareChosen,
    Event,
    OlderRowsJoined,
    Paused,
    Polled,
    QueryDropped,
    RangeChosen,
    Resumed,
    VariableChosen,
)
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import LATE_AFTER_PERIODS
from opsdash.core.metrics.queries import LogQuery, Query
from opsdash.core.project import project
from opsdash.core.retention import to_give_up
from opsdash.core.state import State
from opsdash.core.variables import Selection
from opsdash.core.view.alerts.logs import narrowed
from opsdash.core.view.board import Board
from opsdash.core.view.panels import PanelSpec
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.timerange import TimeRange
from opsdash.core.wanted import WantedPanel, wanted_panels
from opsdash.engine.broadcast import Broadcast
from opsdash.engine.closing import closed
from opsdash.engine.current import Current
from opsdash.engine.explaining import keep_explaining
from opsdash.engine.older_rows import MOST_ROWS, OlderRows
from opsdash.engine.once import ask_everything
from opsdash.engine.options import find_options, keep_options
from opsdash.engine.polling import Polling
from opsdash.engine.probing import keep_probing
from opsdash.engine.windows import Windows
from opsdash.ports import Clock, LogSource, Source

if TYPE_CHECKING:
    from opsdash.engine.alerts.alerting import Alerting

GATHER_S = 0.03
GATHER_AT_MOST_S = 0.12
"""Answers that come together are shown together: one drawing for all, but nobody waits long for a slow one."""
HEARTBEAT_S = 1.0
"""Ages and states are looked at this often, also when nothing comes."""


class Engine:
    """One dashboard process. `run` owns every task; everything else is called from the same event loop."""

    def __init__(
        self,
        board: Board,
        sources: Mapping[str, Source],
        clock: Clock,
        rng: random.Random | None = None,
        alerting: Alerting | None = None,
    ) -> None:
        self._clock = clock
        self._current = Current(board, sources, clock)
        self._windows = Windows(clock, ingest_lag_s={spec.name: spec.ingest_lag_s for spec in board.sources})
        self._dashboard = 0
        self._shown: frozenset[str] | None = None
        self._narrowed: dict[str, str] = {}
        """Panel of logs → what it asks in place of its own query."""
        self._revision = 0
        self._wanted: Mapping[str, WantedPanel] = {}
        self._older = OlderRows()
        rng = rng or random.Random()  # noqa: S311  # spreads retries; nothing secret hangs on it
        self._polling = Polling(self._current, self._windows, rng, emit=self._emit)
        self._tasks: asyncio.TaskGroup | None = None
        self._options_wanted = asyncio.Event()
        self._snapshots: Broadcast[Snapshot] = Broadcast()
        self._alerting = alerting
        if alerting is not None:
            alerting.connect(changed=self._current.changed.set, looked=self._want)
            self._load_rules(board)
        self._want()

    @property
    def state(self) -> State:
        """The state now."""
        return self._current.state

    # --- running -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Polls until cancelled; cancels and awaits all that it started, and closes the sources."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._polling.begin(tasks)
                tasks.create_task(self._publish(), name="publish")
                tasks.create_task(self._heartbeat(), name="heartbeat")
                tasks.create_task(keep_options(self._current, self._options_wanted, found=self._want), name="options")
                tasks.create_task(keep_probing(self._current, is_down=self._polling.is_down), name="probe")
                tasks.create_task(keep_explaining(self._current, polled=lambda: self._polling.queries), name="explain")
                if self._alerting is not None:
                    tasks.create_task(self._alerting.run(), name="alerts")
        finally:
            self._tasks = None
            self._polling.end()
            await asyncio.gather(*(closed(source) for source in self._current.sources.values()))

    async def once(self, *, dashboards: Collection[int] | None = None, at_s: float | None = None) -> Snapshot:
        """One refresh of everything (or of these dashboards), without `run`.

        `at_s` is the end of the range in UTC seconds; None means now. The snapshot holds every panel of the
        dashboards. A source that fails is in it; nothing is raised.
        """
        current = self._current
        if at_s is not None:
            current.apply(RangeChosen(time_range=replace(current.state.time_range, end_s=at_s)))
        board = current.state.board
        chosen = range(len(board.dashboards)) if dashboards is None else dashboards
        specs = [panel for index in chosen for panel in board.dashboards[index].panels]
        for found in await find_options(current.state, current.sources, self._clock.now_s()):
            current.apply(found)
        wanted = wanted_panels(current.state, specs, self._clock.now_s())
        async for event in ask_everything(_asked_by(wanted), current, self._windows):
            current.apply(event)
        return project(current.state, wanted, moment=current.moment(), revision=self._revision)

    # --- what the screen sees ----------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The picture now, of what is shown."""
        picture = project(
            self._current.state,
            self._wanted,
            moment=self._current.moment(),
            current=self._dashboard,
            revision=self._revision,
        )
        if self._alerting is None:
            return picture
        sources = (*picture.sources, *self._alerting.sources())
        return replace(picture, alerts=self._alerting.picture(self._current.state), sources=sources)

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
        self._current.apply(RangeChosen(time_range=time_range))
        self._want()
        self._polling.wake()

    def pause(self) -> None:
        """Stands still until `resume`."""
        self._polling.pause()
        self._current.apply(Paused(at_s=self._clock.now_s()))
        self._want()

    def resume(self) -> None:
        """Goes on, with a refresh at once."""
        self._current.apply(Resumed())
        self._want()
        self._polling.wake()

    def compare(self, offset_s: float) -> None:
        """Draws the period `offset_s` earlier beside this one; 0 turns it off."""
        self._current.apply(CompareChosen(offset_s=offset_s))
        self._want()

    def refresh(self) -> None:
        """Polls all that is shown now, whatever the back-off says."""
        self._polling.refresh()

    def choose_variable(self, name: str, selected: Selection) -> None:
        """Sets a variable. Raises KeyError for a name that is not in the configuration."""
        self._current.apply(VariableChosen(variable=name, selected=selected))
        self._options_wanted.set()
        self._want()

    def narrow_logs(self, panel: str, query: str) -> None:
        """A panel of logs asks this (Lucene) in place of its own query; empty: its own again."""
        if query:
            self._narrowed[panel] = query
        else:
            self._narrowed.pop(panel, None)
        self._want()

    async def older_logs(self, query: LogQuery, rows: Answer) -> Answer:
        """The page after (older than) these rows, by search_after; its rows join the panel's.

        Raises what the source raises, and AnswerTooLarge where no more rows are kept.
        """
        if len(rows.rows) >= MOST_ROWS:
            raise AnswerTooLarge(f"{MOST_ROWS:,} rows are shown and no more are kept; choose an earlier time")
        source: LogSource | None = self._current.sources.get(query.source)  # type: ignore[assignment]  # for a log query
        if source is None:
            raise SourceUnavailable(f"there is no source {query.source} any longer")
        time_range = self._current.state.time_range
        start, end = self._current.shown_bounds_s()
        page = await source.fetch_logs(query, start, end, after=rows.rows[-1].sort if rows.rows else None)
        record = self._current.state.queries.get(query)
        if record is not None and record.answer is not None and self._current.state.time_range == time_range:
            joined = self._older.join(query, record.answer.rows, page.rows)
            self._current.apply(OlderRowsJoined(query=query, rows=joined))
        return page

    def replace_board(self, board: Board, sources: Mapping[str, Source]) -> None:
        """Runs a newly read configuration; sources that are not in the new mapping are closed."""
        gone = {name: source for name, source in self._current.sources.items() if sources.get(name) is not source}
        self._polling.forget_sources(gone.keys())
        for name in gone:
            self._windows.forget_source(name)
        self._current.sources = dict(sources)
        self._windows.set_lags({spec.name: spec.ingest_lag_s for spec in board.sources})
        self._older.forget_all()
        self._revision += 1
        self._dashboard = min(self._dashboard, max(len(board.dashboards) - 1, 0))
        self._current.apply(BoardLoaded(board=board))
        if self._tasks is not None:
            for source in gone.values():
                self._tasks.create_task(closed(source), name=f"close {source.name}")
        if self._alerting is not None:
            self._load_rules(board)
        self._options_wanted.set()
        self._want()

    def reject_board(self, problem: str, count: int) -> None:
        """Says on the screen that the changed configuration is broken."""
        self._current.apply(BoardRejected(problem=problem, count=count))

    # --- inside ------------------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        if isinstance(event, Polled) and isinstance(event.query, LogQuery):
            start_s, _ = self._current.shown_bounds_s()
            rows = self._older.under(event.query, event.answer.rows, from_s=start_s)
            event = replace(event, answer=replace(event.answer, rows=rows))
        self._current.apply(event)

    def _shown_panels(self) -> list[PanelSpec]:
        dashboards = self._current.state.board.dashboards
        if not 0 <= self._dashboard < len(dashboards):
            return []
        panels = dashboards[self._dashboard].panels
        shown = [panel for panel in panels if self._shown is None or panel.id in self._shown]
        asked = self._narrowed
        return [narrowed(panel, asked[panel.id]) if panel.id in asked else panel for panel in shown]

    def _want(self) -> None:
        """Works out anew what has to be polled; called whenever that can have changed."""
        self._wanted = wanted_panels(self._current.state, self._shown_panels(), self._current.shown_now_s())
        self._current.changed.set()
        shown = _asked_by(self._wanted)
        if self._alerting is not None:
            shown = dict.fromkeys((*shown, *self._alerting.wanted())).keys()
        self._polling.want(shown)
        self._give_up(shown)

    def _give_up(self, shown: Collection[Query]) -> None:
        """Bounds what is known of queries that are not on screen any longer."""
        for query in to_give_up(self._current.state, shown):
            self._windows.forget(query)
            if isinstance(query, LogQuery):
                self._older.forget(query)
            self._current.apply(QueryDropped(query=query))

    def _load_rules(self, board: Board) -> None:
        if self._alerting is not None:
            timeouts = {spec.name: spec.timeout_s for spec in board.sources}
            self._alerting.load(board.alerting, self._current.sources, timeouts)

    async def _publish(self) -> None:
        """Sends a snapshot soon after a change; answers that come together are shown together."""
        while True:
            await self._current.changed.wait()
            shown_by_s = self._clock.monotonic_s() + GATHER_AT_MOST_S
            await asyncio.sleep(GATHER_S)
            while self._clock.monotonic_s() < shown_by_s and self._polling.is_asking:  # noqa: ASYNC110  # ends by the clock too
                await asyncio.sleep(GATHER_S / 3)
            self._current.changed.clear()
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
                self._current.changed.set()
            before = now if self._is_ageing() else None

    def _is_ageing(self) -> bool:
        """Whether a query on screen failed or is overdue; while none is, a second changes nothing but the clock."""
        overdue_s = self._clock.monotonic_s() - LATE_AFTER_PERIODS * self._current.state.board.refresh_s
        for query in self._polling.queries:
            record = self._current.state.queries.get(query)
            if record is not None and (record.failure is not None or (record.succeeded_at_s or overdue_s) < overdue_s):
                return True
        return False


def _asked_by(wanted: Mapping[str, WantedPanel]) -> Collection[Query]:
    """Each query once, in the order of the panels."""
    return dict.fromkeys(query for panel in wanted.values() for query in panel.asked()).keys()
