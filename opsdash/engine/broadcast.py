"""Fan-out that keeps the latest: whoever is slow misses what is out of date, and nobody is queued for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Broadcast(Generic[T]):
    """Any number of subscribers, each of which sees the newest value."""

    def __init__(self) -> None:
        self._latest: T | None = None
        self._version = 0
        self._changed = asyncio.Event()

    def send(self, value: T) -> None:
        """Replaces the latest value and wakes everybody."""
        self._latest = value
        self._version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def subscribe(self) -> AsyncIterator[T]:
        """The latest value if there is one, then each that is newest when it is taken."""
        seen = 0
        while True:
            if self._version > seen and self._latest is not None:
                seen = self._version
                yield self._latest
            else:
                await self._changed.wait()
