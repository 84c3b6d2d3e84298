"""One refresh of everything, without a loop: every query at once, each with its own outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping

from opsdash.core.errors import OpsdashError, Retryable, SourceBusy, SourceUnavailable
from opsdash.core.events import Event, Failure, PollFailed
from opsdash.core.metrics.queries import Query
from opsdash.core.state import State
from opsdash.engine.windows import Windows
from opsdash.ports import Clock, Source

logger = logging.getLogger(__name__)


async def ask_everything(
    queries: Iterable[Query], state: State, sources: Mapping[str, Source], windows: Windows, clock: Clock
) -> AsyncIterator[Event]:
    """An event for each query, in the order of the queries; asks them side by side."""
    timeouts = {spec.name: spec.timeout_s for spec in state.board.sources}

    async def ask(query: Query) -> Event | None:
        try:
            async with asyncio.timeout(timeouts[query.source] + 0.5):
                return await windows.poll(query, sources[query.source], state.time_range, clock.now_s())
        except OpsdashError as error:
            return _failed(query, error, clock)
        except TimeoutError:
            late = Retryable(f"{query.source} did not answer in {timeouts[query.source]:g} s")
            return _failed(query, late, clock)

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(query)) for query in queries]
    for task in asked:
        event = task.result()
        if event is not None:
            yield event


def _failed(query: Query, error: OpsdashError, clock: Clock) -> PollFailed:
    failure = Failure(
        message=error.message,
        healing=isinstance(error, Retryable),
        of_source=isinstance(error, SourceUnavailable | SourceBusy),
    )
    return PollFailed(query=query, failure=failure, at_s=clock.monotonic_s())
