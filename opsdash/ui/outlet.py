"""The way to the terminal: a thread that writes, and a bound on what waits. A terminal that reads slowly, or not at
all, never blocks a key and never lets memory grow: frames that it could not take are dropped and drawn again later."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections import deque
from collections.abc import Callable

from opsdash.ui.worker import Worker

CONGESTED_BYTES = 16_384
"""While more than this waits, a new frame is dropped: it would be old before anyone saw it."""

MOST_WRITES = 16_384
"""Nothing at all is taken while so many writes wait: 1 MB, since only short ones are taken by then."""

CONTROL_BYTES = 64
"""Writes up to this length (a mode, the bell, the end of a synchronised update) are not frames and are not dropped."""

CANCEL = b"\x18"
"""Ends an escape sequence that was cut in its middle."""

_CHUNK = 4096
_PATIENCE_S = 0.1


class Outlet:
    """Writes to one terminal, in order, from its own thread."""

    def __init__(self, descriptor: int, on_caught_up: Callable[[], None]) -> None:
        """`on_caught_up` is called from the thread when everything was written and frames had been dropped before."""
        self._descriptor, self._owned = _own_description(descriptor)
        self._on_caught_up = on_caught_up
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = False
        self._closing = False
        self._given_up = False
        self._gone = False
        """The terminal takes nothing any more: whoever reads from it notices, and ends."""
        self._changed = threading.Condition()
        self._thread = Worker(self._run)

    @property
    def is_congested(self) -> bool:
        """Whether a frame that is written now would be dropped; who asks is told by `on_caught_up` when it is over.

        Raises MemoryError as `write` does.
        """
        self._check()
        with self._changed:
            congested = self._bytes > CONGESTED_BYTES
            self._dropped = self._dropped or congested
        return congested

    @property
    def waiting_bytes(self) -> int:
        """What the terminal has not taken yet."""
        return self._bytes

    def write(self, data: bytes) -> bool:
        """Queues it and returns at once; False when it was dropped.

        Raises MemoryError when there is nobody to write any more: the program would go on and never be seen.
        """
        self._check()
        is_frame = len(data) > CONTROL_BYTES
        with self._changed:
            full = self._bytes > CONGESTED_BYTES if is_frame else len(self._waiting) >= MOST_WRITES
            if self._closing or full:
                self._dropped = True
                return False
            self._waiting.append(data)
            self._bytes += len(data)
            self._changed.notify()
        return True

    def _check(self) -> None:
        if not self._thread.is_alive and not self._gone and not self._closing:
            raise MemoryError("the thread that writes to the terminal has ended")

    def close(self, last_words: bytes, patience_s: float) -> None:
        """Writes what waits and then `last_words`; after `patience_s` what waits is given up for the last words."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if not self._thread.join(patience_s):
            self._given_up = True
            self._thread.join(2 * _PATIENCE_S)
            self._flush_kernel()
            last_words = CANCEL + last_words
        self._say(last_words, patience_s)
        if self._owned and not self._thread.is_alive:
            os.close(self._descriptor)

    def abandon(self) -> None:
        """Writes nothing any more, not even what waits."""
        with self._changed:
            self._closing = self._given_up = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(2 * _PATIENCE_S)
        if self._owned and not self._thread.is_alive:
            os.close(self._descriptor)

    def _flush_kernel(self) -> None:
        """What the kernel still holds for a terminal that does not read makes room for the last words."""
        try:
            termios.tcflush(self._descriptor, termios.TCOFLUSH)
        except termios.error:
            return

    def _say(self, text: bytes, patience_s: float) -> None:
        """The last words, as far as the terminal takes them; a blocking terminal may not take any."""
        try:
            while text and select.select((), (self._descriptor,), (), patience_s)[1]:
                text = text[os.write(self._descriptor, text[:_CHUNK]) :]
        except OSError:
            return

    def _run(self) -> None:
        while (data := self._next()) is not None:
            if not self._send(data):
                return
            self._sent()

    def _next(self) -> bytes | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return self._waiting[0] if self._waiting else None

    def _sent(self) -> None:
        caught_up = False
        with self._changed:
            if self._waiting:
                self._bytes -= len(self._waiting.popleft())
            if not self._waiting and self._dropped and not self._closing:
                self._dropped, caught_up = False, True
        if caught_up:
            self._on_caught_up()

    def _send(self, data: bytes) -> bool:
        """Whether all of it was taken; False when the terminal is gone, or we leave and it does not read."""
        rest = memoryview(data)
        while rest and not self._given_up:
            try:
                if select.select((), (self._descriptor,), (), _PATIENCE_S)[1] and not self._given_up:
                    rest = rest[os.write(self._descriptor, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError:
                self._gone = True
                return False
        return not self._given_up


def _own_description(descriptor: int) -> tuple[int, bool]:
    """A descriptor of the same terminal that does not block, and whether it is ours.

    It is opened anew: O_NONBLOCK on the one we were given would be seen by the shell too, also after a `kill -9`.
    Where that is not allowed (after `su`), the given one is used, and the thread is what blocks.
    """
    try:
        path = os.ttyname(descriptor)
        return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC), True
    except OSError:
        return descriptor, False
