"""The engine: polls what is shown, keeps the state, hands out snapshots. The screen, `once` and tests drive it alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.variables import Selection
from opsdash.core.view.board import Board
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.timerange import TimeRange
from opsdash.ports import Clock, Source


class Engine:
    """One dashboard process. `run` owns every task; everything else is called from the same event loop."""

    def __init__(self, board: Board, sources: Mapping[str, Source], clock: Clock) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Polls until cancelled; cancels and awaits all that it started, and closes the sources."""
        raise NotImplementedError

    async def once(self, *, dashboards: Collection[int] | None = None, at_s: float | None = None) -> Snapshot:
        """One refresh of everything (or of these dashboards), without `run`; the snapshot holds every panel of them."""
        raise NotImplementedError

    def snapshot(self) -> Snapshot:
        """The picture now, of what is shown."""
        raise NotImplementedError

    def snapshots(self) -> AsyncIterator[Snapshot]:
        """The newest snapshot after each change; one that is overtaken before it is taken is left out."""
        raise NotImplementedError

    def show(self, dashboard: int, panels: Collection[str] | None = None) -> None:
        """These panels of this dashboard are on screen (None: all); nothing else is polled."""
        raise NotImplementedError

    def choose_range(self, time_range: TimeRange) -> None:
        """Shows another time; also how the screen zooms, pans and goes back to live."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stands still until `resume`."""
        raise NotImplementedError

    def resume(self) -> None:
        """Goes on, with a refresh at once."""
        raise NotImplementedError

    def compare(self, offset_s: float) -> None:
        """Draws the period `offset_s` earlier beside this one; 0 turns it off."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Polls all that is shown now, whatever the back-off says."""
        raise NotImplementedError

    def choose_variable(self, name: str, selected: Selection) -> None:
        """Sets a variable."""
        raise NotImplementedError

    async def older_logs(self, query: LogQuery, rows: Answer) -> Answer:
        """The page after (older than) these rows, by search_after."""
        raise NotImplementedError

    def replace_board(self, board: Board, sources: Mapping[str, Source]) -> None:
        """Runs a newly read configuration; sources that are not in the new mapping are closed."""
        raise NotImplementedError

    def reject_board(self, problem: str, count: int) -> None:
        """Says on the screen that the changed configuration is broken."""
        raise NotImplementedError
