"""What a terminal program owes its terminal: it owns the signals, leaves in time and puts everything back."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import termios
from collections.abc import Callable
from typing import Any, NoReturn

from opsdash.cli.exit_codes import ExitCode
from opsdash.ui.worker import Worker

LEAVE_WITHIN_S = 0.8
"""From the signal to the end of the process, whatever hangs."""

SIGNALS = {
    signal.SIGHUP: ExitCode.HANGUP,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGINT: ExitCode.INTERRUPTED,
}

logger = logging.getLogger(__name__)


class TerminalGuard:
    """Knows how the terminal was before anything was drawn, and puts it back when nothing else can any longer.

    Its watchdog is a thread, because what it watches over is the event loop: from the first wish to leave, the process
    has `LEAVE_WITHIN_S` to end by itself, whatever hangs. A second wish ends it at once.
    """

    def __init__(self, restore: bytes) -> None:
        """`restore`: the escape sequences that undo what the driver sets."""
        self._restore = restore
        self._settings = _settings_of(0)
        self._wishes, self._wish = os.pipe()
        self.is_drawn_on: Callable[[], bool] = _never
        """Whether the driver holds the terminal just now."""
        self.last_words = b""
        """What the watchdog says when it is what ends the process."""
        self._watchdog = Worker(self._watch)

    def leave_soon(self, code: int) -> None:
        """The process ends with this code, soon; called again, at once. Safe in a signal handler."""
        os.write(self._wish, bytes([code]))

    def end_now(self, code: int, last_words: bytes) -> NoReturn:
        """Puts the terminal back, says the last words and ends, with as little memory as can be."""
        try:
            self.put_back()
            os.write(2, last_words)
            for handler in logging.getLogger().handlers:
                handler.flush()
        finally:
            os._exit(code)

    def _watch(self) -> None:
        code = int(ExitCode.INTERNAL)
        try:
            code = os.read(self._wishes, 1)[0]
            select.select((self._wishes,), (), (), LEAVE_WITHIN_S)
        finally:
            self.end_now(code, self.last_words)

    def put_back(self) -> None:
        """Puts the terminal back, as far as it takes it without waiting, and unless it works for another by now."""
        if not _is_ours():
            return
        if self.is_drawn_on():
            _write_without_waiting(1, b"\x18" + self._restore)
        if self._settings is not None:
            try:
                termios.tcsetattr(0, termios.TCSANOW, self._settings)
            except (termios.error, OSError):
                return


class Departure:
    """The wish to leave: the first one counts, and starts the guard's watchdog."""

    def __init__(self, guard: TerminalGuard) -> None:
        self._loop = asyncio.get_running_loop()
        self.wanted: asyncio.Future[int] = self._loop.create_future()
        """The exit code, once somebody wants to leave."""
        self._guard = guard

    def own_signals(self) -> None:
        """Takes SIGHUP (also where it was ignored, as under nohup), SIGTERM and SIGINT over.

        Not through the event loop: the watchdog must hear of them also when the loop hangs.
        """
        for number in SIGNALS:
            signal.signal(number, self._signalled)

    def ask(self, code: ExitCode) -> None:
        """Leave, with this code."""
        self._guard.leave_soon(code)
        self._note(code)

    def _signalled(self, number: int, _frame: object) -> None:
        code = SIGNALS[signal.Signals(number)]
        self._guard.leave_soon(code)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, code)

    def _note(self, code: ExitCode) -> None:
        if not self.wanted.done():
            logger.info("leaving: %s", code.name.lower())
            self.wanted.set_result(code)


def _never() -> bool:
    return False


def _is_ours() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _settings_of(descriptor: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(descriptor)
    except (termios.error, OSError):
        return None


def _write_without_waiting(descriptor: int, text: bytes) -> None:
    """At most as much as the terminal takes at once, after what it has not read is thrown away."""
    try:
        mine = os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not select.select((), (mine,), (), 0)[1]:
            termios.tcflush(mine, termios.TCOFLUSH)
        os.write(mine, text)
    except (OSError, termios.error):
        return
    finally:
        os.close(mine)
