"""One thread beside the event loop, so that a long evaluation never stops the plant's tick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class TimedOut(Exception):
    """The work was not done in time; whether it had begun is in its words."""


class Worker:
    """Does one thing after the other, in the order in which it was asked."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(
        self, work: Callable[[Callable[[], bool]], T], *, timeout_s: float, is_abandoned: Callable[[], bool]
    ) -> T:
        """What `work` gives. It is handed a question to ask now and then: whether it may stop, nobody is waiting.

        Raises TimedOut. The thread is free again when the work next asks, or is done.
        """
        if timeout_s <= 0:
            raise TimedOut("query timed out in query queue")
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        begun = False
        given_up = False

        def may_stop() -> bool:
            return given_up or loop.time() >= deadline_s or is_abandoned()

        def begin() -> T:
            nonlocal begun
            begun = True
            return work(may_stop)

        try:
            async with asyncio.timeout_at(deadline_s):
                return await loop.run_in_executor(self._thread, begin)
        except TimeoutError:
            raise TimedOut(f"query timed out in {'expression evaluation' if begun else 'query queue'}") from None
        finally:
            given_up = True

    def close(self) -> None:
        """Takes no more work; what waits is dropped, what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
