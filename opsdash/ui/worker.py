"""A thread that never leaves anybody waiting.

`threading.Thread.start` waits without end for a thread that ran out of memory before it could say that it runs; in the
event loop that is a program that hears nothing any more.
"""

from __future__ import annotations

import _thread
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

BEGIN_WITHIN_S = 5.0
"""A thread that does not run by then never will."""
STACK_BYTES = 2 << 20
"""Deep enough for nested JSON and for imports; the usual 8 MiB count in full where memory is limited."""


class Worker:
    """A thread that does not keep the process from ending. Raises MemoryError where it cannot be had."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._begun, self._ended = _thread.allocate_lock(), _thread.allocate_lock()
        self._begun.acquire()
        self._ended.acquire()
        self.is_alive = True
        """Whether it still works; it ends with its work, or when there is no memory for it."""
        before = _thread.stack_size(STACK_BYTES)
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError as error:
            raise MemoryError("no thread can be started") from error
        finally:
            _thread.stack_size(before)
        if not self._begun.acquire(timeout=BEGIN_WITHIN_S):
            self.is_alive = False
            raise MemoryError("a thread was started and did not begin")

    def join(self, timeout_s: float) -> bool:
        """Waits for its end; whether it has ended."""
        ended = self._ended.acquire(timeout=max(timeout_s, 0.0))
        if ended:
            self._ended.release()
        return ended

    def _run(self) -> None:
        try:
            self._begun.release()
            self._work()
        except MemoryError:
            return  # nothing could be said with; who needs the thread looks at `is_alive`
        except Exception:
            logger.exception("a thread ended in an error")
        finally:
            self.is_alive = False
            self._ended.release()
