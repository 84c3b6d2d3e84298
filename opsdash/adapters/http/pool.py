"""The connections of one source: few, kept open, and never all held by questions that hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from opsdash.adapters.http.connection import Connection, Progress

KEPT_IDLE_S = 60.0
SLOW_AFTER_S = 0.5
MOST_TIMES_MORE = 4

Opener = Callable[[Progress], Awaitable[Connection]]


class Pool:
    """At most `size` young requests at a time. One that takes longer than half a second no longer counts.

    So a handful of hanging queries cannot hold up the others; four times `size` is the end in any case.
    """

    def __init__(self, open_one: Opener, monotonic_s: Callable[[], float], *, size: int) -> None:
        self._open_one = open_one
        self._monotonic_s = monotonic_s
        self._size = size
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._young = asyncio.Semaphore(size)
        self._all = asyncio.Semaphore(size * MOST_TIMES_MORE)
        self.is_closed = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits until one more request may be sent."""
        async with self._all:
            await self._young.acquire()
            held = [True]

            def give_back() -> None:
                if held:
                    held.clear()
                    self._young.release()

            later = asyncio.get_running_loop().call_later(SLOW_AFTER_S, give_back)
            try:
                yield
            finally:
                later.cancel()
                give_back()

    async def take(self, progress: Progress, *, fresh: bool = False) -> Connection:
        """A connection for one request: a kept one, or a new one (always so when `fresh`)."""
        now = self._monotonic_s()
        while self._idle and not fresh:
            connection = self._idle.pop()
            if connection.is_usable and now - connection.idle_since_s < KEPT_IDLE_S:
                self._busy.add(connection)
                return connection
            connection.abort()
        connection = await self._open_one(progress)
        self._busy.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keeps it for the next request if its answer was read to the end, else closes it."""
        self._busy.discard(connection)
        if self.is_closed or not connection.recycle() or len(self._idle) >= self._size:
            connection.abort()
            return
        connection.idle_since_s = self._monotonic_s()
        self._idle.append(connection)

    def distrust(self) -> None:
        """Drops what is kept: after a suspend or behind a forgetful firewall no connection says that it is dead."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.abort()

    async def aclose(self) -> None:
        """Closes all; requests under way fail."""
        self.is_closed = True
        for connection in self._busy:
            connection.abort()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.aclose() for connection in idle))
