"""One query, asked again and again: alone, with its own deadline, back-off and age."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from opsdash.core.backoff import backoff_s
from opsdash.core.errors import NeedsFixing, OpsdashError, Retryable, SourceBusy, SourceUnavailable
from opsdash.core.events import Event, Failure, PollFailed
from opsdash.core.metrics.queries import Query
from opsdash.core.view.timerange import TimeRange
from opsdash.engine.gate import Gate
from opsdash.engine.windows import Windows
from opsdash.ports import Clock, Source

logger = logging.getLogger(__name__)

NOT_HEALING_WAIT_S = 30.0
"""What will not heal by itself is asked rarely: a person has to change something first."""
UNTIL_WOKEN_S = 86_400.0
DEADLINE_GRACE_S = 0.5
"""The source keeps its own deadline; this one is for a source that does not."""


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
            wait = self._gate.wait_s()
            if wait <= 0:
                self.is_asking = True
                try:
                    wait = await self._once()
                finally:
                    self.is_asking = False
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _once(self) -> float:
        """One poll; returns how long to wait for the next."""
        clock = self._poll.clock
        try:
            async with asyncio.timeout(self._timeout_s + DEADLINE_GRACE_S):
                event = await self._poll.windows.poll(
                    self.query, self._source, self._poll.time_range(), self._poll.now_s()
                )
        except asyncio.CancelledError:
            self._gate.cancelled()
            raise
        except OpsdashError as error:
            return self._failed(error)
        except TimeoutError:
            name = self._source.name
            return self._failed(Retryable(f"{name} did not answer in {self._timeout_s:g} s"))
        except Exception:  # the top of a poll loop: one broken answer must not end the panel
            logger.exception("a poll failed in a way that nobody foresaw: %s", type(self.query).__name__)
            return self._failed(Retryable("this panel could not read the answer; the log file says why"))
        self._failures = 0
        self._gate.passed()
        if event is not None:
            self._poll.emit(event)
        return UNTIL_WOKEN_S if self._poll.is_paused() else self._poll.timing().wait_s(clock.monotonic_s())

    def _failed(self, error: OpsdashError) -> float:
        clock, timing = self._poll.clock, self._poll.timing()
        now = clock.monotonic_s()
        of_source = isinstance(error, SourceUnavailable | SourceBusy)
        self._failures += 1
        if isinstance(error, Retryable) and of_source:
            retry_at = self._gate.failed(error)
        elif isinstance(error, NeedsFixing):
            self._gate.passed()
            retry_at = now + max(timing.period_s, NOT_HEALING_WAIT_S)
        else:
            self._gate.passed()
            wait = backoff_s(self._failures, first_s=timing.period_s, jitter=self._poll.rng.random())
            asked = error.retry_after_s if isinstance(error, Retryable) else None
            retry_at = now + max(wait, asked or 0.0)
        failure = Failure(
            message=error.message, healing=isinstance(error, Retryable), of_source=of_source, retry_at_s=retry_at
        )
        self._poll.emit(PollFailed(query=self.query, failure=failure, at_s=now))
        return max(retry_at - now, 0.05)
