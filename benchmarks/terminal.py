"""A program on a pseudo-terminal: all that it writes, with the time of each piece, and what its screen showed when."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pyte

_SET_ASIDE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[P_^X][^\x1b]*\x1b\\|\x1b\[\?u")
"""Sequences that the emulator does not know and would print."""

_REPLIES = (
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
)
"""Questions to the terminal, and what a usual one says."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one read gave."""

    at_s: float
    data: bytes


class Terminal:
    """Runs the program from construction until `close`. Times are those of `time.perf_counter`."""

    def __init__(self, argv: Sequence[str], *, columns: int, lines: int) -> None:
        self._size = (columns, lines)
        self._news = threading.Condition()
        self._pieces: list[Piece] = []
        self.started_s = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            self._become(argv)
        self._resize(self._fd)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pieces(self, since_s: float = 0.0) -> list[Piece]:
        """Everything it has written since then."""
        with self._news:
            return [piece for piece in self._pieces if piece.at_s >= since_s]

    def press(self, keys: bytes) -> float:
        """Types; the time just before."""
        now_s = time.perf_counter()
        os.write(self._fd, keys)
        return now_s

    def wait_for_output(self, since_s: float, timeout_s: float) -> float | None:
        """When it next wrote after that time; None where it did not in time."""
        with self._news:
            self._news.wait_for(lambda: self._last_s > since_s, timeout_s)
            return next((piece.at_s for piece in self._pieces if piece.at_s > since_s), None)

    def wait_for_quiet(self, quiet_s: float, timeout_s: float) -> bool:
        """Waits until it has written nothing for that long."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            with self._news:
                left_s = self._last_s + quiet_s - time.perf_counter()
            if left_s <= 0:
                return True
            time.sleep(left_s)
        return False

    def screens(self, until_s: float = float("inf")) -> list[tuple[float, str]]:
        """(time, text of the screen) after each piece; replayed, so that it cost nothing while the program ran."""
        screen = pyte.Screen(*self._size)
        stream = pyte.ByteStream(screen)
        shown = []
        for piece in self.pieces():
            if piece.at_s > until_s:
                break
            stream.feed(_SET_ASIDE.sub(b"", piece.data))
            shown.append((piece.at_s, "\n".join(screen.display)))
        return shown

    def close(self) -> None:
        """SIGTERM, after two seconds SIGKILL."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(self.pid, number)
            if self._ended_within(2.0):
                break
        self._reader.join(2.0)
        os.close(self._fd)

    @property
    def _last_s(self) -> float:
        return self._pieces[-1].at_s if self._pieces else self.started_s

    def _become(self, argv: Sequence[str]) -> None:
        columns, lines = self._size
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS=str(columns), LINES=str(lines))
        self._resize(0)
        try:
            os.execvp(argv[0], list(argv))
        finally:
            os._exit(127)

    def _resize(self, descriptor: int) -> None:
        columns, lines = self._size
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            with self._news:
                self._pieces.append(Piece(time.perf_counter(), data))
                self._news.notify_all()
            for question, reply in _REPLIES:
                if question.search(data):
                    os.write(self._fd, reply)

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            time.sleep(0.02)
        return False
