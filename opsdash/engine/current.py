"""What is known now: the state, the sources that it comes from, and the sign that something of it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from opsdash.core.events import Event
from opsdash.core.project import Moment
from opsdash.core.state import State, apply, initial
from opsdash.core.view.board import Board
from opsdash.ports import Clock, Source


class Current:
    """Shared by the tasks of the engine, which all run on one event loop."""

    def __init__(self, board: Board, sources: Mapping[str, Source], clock: Clock) -> None:
        self._state = initial(board)
        self.sources: Mapping[str, Source] = dict(sources)
        """By name, those of the configuration that is shown."""
        self.clock = clock
        self.changed = asyncio.Event()
        """Set whenever another picture may be due; whoever draws it clears it."""

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def apply(self, event: Event) -> None:
        """Takes in what happened."""
        self._state = apply(self._state, event)
        self.changed.set()

    @property
    def is_paused(self) -> bool:
        """Whether the screen stands still."""
        return self._state.paused_at_s is not None

    def shown_now_s(self) -> float:
        """UTC seconds of the newest instant to show: now, or when the screen was paused."""
        paused = self._state.paused_at_s
        return self.clock.now_s() if paused is None else paused

    def shown_bounds_s(self) -> tuple[float, float]:
        """Start and end of the time that is shown, in UTC seconds."""
        return self._state.time_range.bounds(self.shown_now_s())

    def moment(self) -> Moment:
        """Both clocks."""
        return Moment(now_s=self.clock.now_s(), monotonic_s=self.clock.monotonic_s())
