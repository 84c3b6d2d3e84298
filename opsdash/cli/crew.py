"""The threads beside the event loop, and a loop that can be left when there is no memory for another one.

The pool of the standard library starts a thread when a job comes, and another one to end; either can hang the loop for
ever when memory is short. Here all of them are there from the first moment, or the program does not begin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from opsdash.ui.worker import Worker

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple["Future[Any]", Callable[[], Any]]

SIZE = 8
"""Names that are looked up, files that are read and large answers that are decoded at the same time."""
END_WITHIN_S = 0.3
"""What is under way at the end, a file that is being written, gets so long."""


class Crew(ThreadPoolExecutor):
    """A pool whose threads are all started at once. Raises MemoryError where they cannot be."""

    def __init__(self, size: int = SIZE) -> None:
        super().__init__(max_workers=size)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._workers = tuple(Worker(self._serve) for _ in range(size))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hands it to whoever is free first. Raises MemoryError where nobody is left."""
        if not any(worker.is_alive for worker in self._workers):
            raise MemoryError("no thread is left")
        future: Future[T] = Future()
        self._jobs.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  # the parent's
        """Lets the threads end; with `wait` for at most `END_WITHIN_S`."""
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers if wait else ():
            worker.join(END_WITHIN_S / len(self._workers))

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            _carry_out(job)
            del job  # what it gave may be large, and the next one may be long in coming


class CrewLoop(asyncio.SelectorEventLoop):
    """An event loop with a crew."""

    def __init__(self) -> None:
        super().__init__()
        self._crew = Crew()
        self.set_default_executor(self._crew)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  # the parent's
        """Ends the crew, without the thread that the standard library would start for that."""
        self._crew.shutdown()


def _carry_out(job: Job) -> None:
    future, call = job
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it is the caller's, who waits for it
        future.set_exception(error)
    else:
        future.set_result(result)
