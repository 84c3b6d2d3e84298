"""A terminal for a program under test: a real pseudo-terminal, read by pyte, with its bytes kept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

TICKS = os.sysconf("SC_CLK_TCK")

MODES_ON = {
    "alternate screen": b"\x1b[?1049h",
    "bracketed paste": b"\x1b[?2004h",
    "mouse clicks": b"\x1b[?1000h",
    "mouse moves": b"\x1b[?1002h",
    "mouse in SGR": b"\x1b[?1006h",
    "all mouse moves": b"\x1b[?1003h",
    "focus": b"\x1b[?1004h",
    "no cursor": b"\x1b[?25l",
    "no line wrap": b"\x1b[?7l",
    "synchronised update": b"\x1b[?2026h",
    "resize in band": b"\x1b[?2048h",
    "mouse in pixels": b"\x1b[?1016h",
}
"""What may be set on a terminal and must be taken back. Each is undone by its own letter turned round."""


class Tty:
    """One program on one terminal. Everything that it writes is read by a thread, until told otherwise."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        size: tuple[int, int] = (120, 34),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """`size` is (columns, lines); `env` is added to a plain environment with TERM=xterm-256color."""
        self.size = size
        self.master, self.slave = os.openpty()
        self.resize(*size, tell=False)
        self.settings = termios.tcgetattr(self.slave)
        self.bytes = bytearray()
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._reading = threading.Event()
        self._reading.set()
        self._lock = threading.Lock()
        self._closed = False

        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv],  # a session of its own with this as its controlling terminal; then exec
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=plain_environment(env or {}),
            cwd=cwd,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    # What is seen

    @property
    def lines(self) -> list[str]:
        """The screen."""
        with self._lock:
            return list(self._screen.display)

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def output(self) -> bytes:
        """Every byte so far."""
        with self._lock:
            return bytes(self.bytes)

    def wait_for(self, pattern: str, timeout_s: float = 20.0) -> re.Match[str]:
        """Waits until the screen shows it."""
        end = time.monotonic() + timeout_s
        while (found := re.search(pattern, self.text)) is None:
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} did not appear in {timeout_s} s; the screen was:\n{self.text}")
            if self.process.poll() is not None and not self._more():
                raise AssertionError(f"ended ({self.process.returncode}) without {pattern!r}:\n{self.text}")
            time.sleep(0.02)
        return found

    def wait_until(self, holds: Callable[[], object], what: str, timeout_s: float = 20.0) -> None:
        """Waits until it holds."""
        end = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"not in {timeout_s} s: {what}; the screen was:\n{self.text}")
            time.sleep(0.02)

    # What is done to it

    def send(self, keys: bytes | str) -> None:
        """Presses keys, as bytes."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, lines: int, *, tell: bool = True) -> None:
        """Another window size; the kernel sends SIGWINCH."""
        self.size = (columns, lines)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            with self._lock:
                self._screen.resize(lines, columns)

    def signal(self, number: int) -> None:
        """Sends a signal to the program."""
        self.process.send_signal(number)

    def stop_reading(self) -> None:
        """The terminal takes no more bytes."""
        self._reading.clear()
        time.sleep(0.2)

    def read_again(self) -> None:
        """The terminal takes bytes again."""
        self._reading.set()

    def read_slowly(self, count: int) -> bytes:
        """While it does not read by itself: takes at most so many bytes now."""
        if not select.select([self.master], [], [], 0.05)[0]:
            return b""
        data = os.read(self.master, count)
        self._take(data)
        return data

    def hang_up(self) -> None:
        """The terminal is gone, as when a window is closed or an SSH connection drops."""
        self._closed = True
        self._reading.clear()
        self._thread.join(2)
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    # How it ends

    def wait(self, timeout_s: float = 10.0) -> int:
        """Waits for its end; the exit code, negative for a signal."""
        code = self.process.wait(timeout_s)
        self._more()
        return code

    def end(self) -> None:
        """Kills what is left and closes the terminal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
        self._closed = True
        self._reading.set()
        self._thread.join(2)
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def __enter__(self) -> Tty:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # What is left behind

    def left_on(self) -> list[str]:
        """Names of the modes that are still set, by the order of the bytes that set and unset them."""
        output = self.output
        return [
            name
            for name, on in MODES_ON.items()
            if (turned := output.rfind(on)) >= 0 and output.rfind(_undone(on)) < turned
        ]

    def settings_now(self) -> list[Any]:
        """The terminal's settings."""
        return termios.tcgetattr(self.slave)

    def cpu_s(self) -> float:
        """CPU time that the program has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """Resident memory."""
        found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024

    # Inside

    def _read(self) -> None:
        while not self._closed:
            if not self._reading.wait(0.05):
                continue
            if not self._once(0.05):
                return

    def _once(self, wait_s: float) -> bool:
        try:
            if select.select([self.master], [], [], wait_s)[0]:
                self._take(os.read(self.master, 1 << 16))
        except (OSError, ValueError):
            return False
        return True

    def _take(self, data: bytes) -> None:
        with self._lock:
            self.bytes += data
            with contextlib.suppress(Exception):
                self._stream.feed(re.sub(rb"\x1b\[\?\d+\$p", b"", data))
        if b"\x1b[6n" in data:
            self.send(b"\x1b[1;1R")

    def _more(self) -> bool:
        """Takes what is still in the pipe; whether there was anything."""
        before = len(self.bytes)
        time.sleep(0.1)
        return len(self.bytes) > before


def _undone(on: bytes) -> bytes:
    return on[:-1] + (b"l" if on.endswith(b"h") else b"h")


def plain_environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a fresh login has, and `more`; an empty value takes a variable away."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    whole = {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", **more}
    return {name: value for name, value in whole.items() if value}
