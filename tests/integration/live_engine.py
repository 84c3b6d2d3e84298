"""The engine with the real adapters and the real clock, run for the length of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.build import build_source
from opsdash.core.view.board import Board
from opsdash.core.view.snapshot import Snapshot
from opsdash.engine.engine import Engine


@asynccontextmanager
async def running(board: Board) -> AsyncIterator[Engine]:
    """Polls what the board shows until the test leaves."""
    clock = SystemClock()
    engine = Engine(board, {spec.name: build_source(spec, clock=clock) for spec in board.sources}, clock)
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(engine: Engine, holds: Callable[[Snapshot], object], timeout_s: float = 30.0) -> Snapshot:
    """The first snapshot of which it holds. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not holds(snapshot := engine.snapshot()):  # noqa: ASYNC110  # looks now and then, as a person would
            await asyncio.sleep(0.02)
    return snapshot
