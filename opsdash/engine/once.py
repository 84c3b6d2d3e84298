"""One refresh of everything, without a loop: every query at once, each with its own outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from opsdash.core.errors import OpsdashError
from opsdash.core.events import Event, PollFailed
from opsdash.core.metrics.queries import Query
from opsdash.engine.asking import answered, failure_of
from opsdash.engine.current import Current
from opsdash.engine.windows import Windows


async def ask_everything(queries: Iterable[Query], current: Current, windows: Windows) -> AsyncIterator[Event]:
    """An event for each query, in the order of the queries; asks them side by side."""
    state, sources, clock = current.state, current.sources, current.clock
    timeouts = {spec.name: spec.timeout_s for spec in state.board.sources}

    async def ask(query: Query) -> Event | None:
        question = windows.poll(query, sources[query.source], state.time_range, clock.now_s())
        try:
            return await answered(query, question, timeout_s=timeouts[query.source])
        except OpsdashError as error:
            return PollFailed(query=query, failure=failure_of(error), at_s=clock.monotonic_s())

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(query)) for query in queries]
    for task in asked:
        event = task.result()
        if event is not None:
            yield event
