"""Work of a library that blocks, in threads: one that hangs costs a few of them, never all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from opsdash.core.errors import SourceBusy

T = TypeVar("T")
MOST = 4
"""As many as are told at the same time. A thread cannot be ended: those that hang are waited for before the next."""


class Threads:
    """Of one notifier."""

    def __init__(self, name: str, *, most: int = MOST) -> None:
        self._name = name
        self._most = most
        self._running = 0
        self._lock = Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives. Raises SourceBusy while too many of it hang, and what the work raises."""
        if self._running >= self._most:
            raise SourceBusy(f"{self._name} still hangs with {self._running} earlier messages")
        return await asyncio.to_thread(self._counted, work)

    def _counted(self, work: Callable[[], T]) -> T:
        with self._lock:
            self._running += 1
        try:
            return work()
        finally:
            with self._lock:
                self._running -= 1
