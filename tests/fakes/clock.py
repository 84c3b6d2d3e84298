"""Time that a test moves: a clock, and an event loop in which waiting costs nothing."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START_S = 1_790_000_000.0
"""UTC seconds at which virtual time begins; a multiple of an hour's steps."""


class _Jump(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Never waits: tells the loop how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen: every task waits for another")
        if not ready and timeout:
            self.skipped_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when every task waits. Threads and real sockets do not work in it."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.skipped_s


class VirtualClock:
    """`opsdash.ports.Clock` on the loop that runs. `jump_s` is what somebody added to the host's clock."""

    def __init__(self, start_s: float = START_S) -> None:
        self.start_s = start_s
        self.jump_s = 0.0

    def now_s(self) -> float:
        return self.start_s + self.monotonic_s() + self.jump_s

    def monotonic_s(self) -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Runs to the end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_cancel_the_rest())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _cancel_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
