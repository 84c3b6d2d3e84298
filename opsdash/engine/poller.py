"""One query, asked again and again: alone, with its own deadline, back-off and age."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from opsdash.core.backoff import backoff_s
from opsdash.core.errors import NeedsFixing, OpsdashError, Retryable, SourceBusy, SourceUnavailable
from opsdash.core.events import Event, PollFailed
from opsdash.core.metrics.queries import Query
from opsdash.core.view.timerange import TimeRange
from opsdash.engine.asking import answered, failure_of
from opsdash.engine.gate import Gate
from opsdash.engine.windows import Windows
from opsdash.ports import Clock, Source

NOT_HEALING_WAIT_S = 30.0
"""What will not heal by itself is asked rarely: a person has to change something first."""
UNTIL_WOKEN_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When polls are due: at `origin_s` + k × `period_s` on the monotonic clock."""

    origin_s: float
    period_s: float

    def wait_s(self, now_s: float) -> float:
        """Until the next beat; a beat that passed while an answer was on its way is left out, never made up for."""
        return self.period_s - (now_s - self.origin_s) % self.period_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poller needs of the engine."""

    clock: Clock
    windows: Windows
    timing: Callable[[], Timing]
    time_range: Callable[[], TimeRange]
    now_s: Callable[[], float]
    """UTC seconds of the newest instant to show: now, or when the screen was paused."""
    is_paused: Callable[[], bool]
    """Whether the screen stands still: what was answered once is not asked again."""
    emit: Callable[[Event], None]
    rng: random.Random


class Poller:
    """Polls one query until it is cancelled. Two polls of one query are never under way at once."""

    def __init__(self, query: Query, source: Source, gate: Gate, timeout_s: float, poll: Poll) -> None:
        self.query = query
        self._source = source
        self._gate = gate
        self._timeout_s = timeout_s
        self._poll = poll
        self._failures = 0
        self._wake = asyncio.Event()
        self.is_asking = False
        """Whether a question is on its way now."""

    def wake(self) -> None:
        """Polls now, whatever it waits for."""
        self._wake.set()

    async def run(self) -> None:
        """The loop; ends only by cancellation."""
        while True:
            self._wake.clear()  # before asking: who wakes it meanwhile wants something newer than what is under way
            wait = self._gate.wait_s()
            if wait <= 0:
                self.is_asking = True
                try:
                    wait = await self._once()
                finally:
                    self.is_asking = False
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _once(self) -> float:
        """One poll; returns how long to wait for the next."""
        poll = self._poll
        question = poll.windows.poll(self.query, self._source, poll.time_range(), poll.now_s())
        try:
            event = await answered(self.query, question, timeout_s=self._timeout_s)
        except asyncio.CancelledError:
            self._gate.cancelled()
            raise
        except OpsdashError as error:
            return self._failed(error)
        self._failures = 0
        self._gate.passed()
        if event is not None:
            poll.emit(event)
        return UNTIL_WOKEN_S if poll.is_paused() else poll.timing().wait_s(poll.clock.monotonic_s())

    def _failed(self, error: OpsdashError) -> float:
        clock, timing = self._poll.clock, self._poll.timing()
        now = clock.monotonic_s()
        self._failures += 1
        if isinstance(error, SourceUnavailable | SourceBusy):
            retry_at = self._gate.failed(error)
        elif isinstance(error, NeedsFixing):
            self._gate.passed()
            retry_at = now + max(timing.period_s, NOT_HEALING_WAIT_S)
        else:
            self._gate.passed()
            wait = backoff_s(self._failures, first_s=timing.period_s, jitter=self._poll.rng.random())
            asked = error.retry_after_s if isinstance(error, Retryable) else None
            retry_at = now + max(wait, asked or 0.0)
        self._poll.emit(PollFailed(query=self.query, failure=failure_of(error, retry_at_s=retry_at), at_s=now))
        return max(retry_at - now, 0.05)
