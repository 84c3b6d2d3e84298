"""Our driver of the terminal, in place of Textual's own.

Textual's driver spins when its terminal is gone, blocks the event loop when the terminal does not read, keeps the
terminal's settings wrong after `kill -STOP` and `-CONT`, and loses them when it is hung up on. This one reads in the
event loop, writes through an `Outlet`, and can always say how to put the terminal back.
"""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from textual import events
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.geometry import Size

from opsdash.ui.lone_escape import LoneEscapes
from opsdash.ui.outlet import Outlet
from opsdash.ui.terminal_modes import ASK_SYNCHRONISED, ENTER_SCREEN, MOUSE_ON, RESTORE

if TYPE_CHECKING:
    from textual.app import App

_PLAIN_TERMS = ("vt", "linux", "dumb", "ansi", "cons", "sun")
"""Terminals that would show a question that they do not know."""

_PATIENCE_S = 0.2
_ESCAPE_DELAY_S = 0.11
_LOOK_AGAIN_S = 0.3
_READ_BYTES = 4096
_FALLBACK_SIZE = (80, 24)


class TerminalDriver(Driver):
    """One terminal: standard input for keys, standard output for the picture."""

    def __init__(  # noqa: PLR0913 - Textual's signature and two of ours
        self,
        app: App[Any],
        *,
        on_gone: Callable[[], None],
        is_bound: Callable[[str], bool],
        utf8: bool = True,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        """`on_gone` is called in the event loop when the terminal was closed: nobody is there any longer.

        `is_bound` says of a key whether it does anything.
        """
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._on_gone = on_gone
        self._encoding = "utf-8" if utf8 else "ascii"
        app.error_console = Console(file=StringIO())  # who runs us tells a fault, in one line
        self._input, self._output = 0, 1
        self._settings: list[Any] | None = None
        self._outlet: Outlet | None = None
        self._parser = XTermParser(debug)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._tick: asyncio.TimerHandle | None = None
        self._escapes = LoneEscapes(is_bound)
        self._reading = False
        self._is_entered = False
        self._waking: asyncio.TimerHandle | None = None
        for number, react in (
            (signal.SIGTSTP, self._stop_and_wait),
            (signal.SIGCONT, self._wake),
            (signal.SIGWINCH, self._tell_size),
        ):
            self._loop.add_signal_handler(number, react)

    @property
    def can_suspend(self) -> bool:
        """Ctrl-Z works."""
        return True

    @property
    def is_active(self) -> bool:
        """Whether the terminal is ours just now, and has to be given back."""
        return self._outlet is not None

    @property
    def is_congested(self) -> bool:
        """Whether the terminal is behind: a frame that is written now would be dropped, so it need not be made."""
        return self._outlet is not None and self._outlet.is_congested

    # Output

    def write(self, data: str) -> None:
        """Queues it for the terminal; a frame is dropped while the terminal is behind, and all is drawn again later."""
        if self._outlet is not None:
            self._outlet.write(data.encode(self._encoding, "replace"))

    def _caught_up(self) -> None:
        """Called by the outlet's thread: what was dropped is drawn again."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        """What was dropped, or what another program wrote over, is drawn again."""
        again = getattr(self._app, "terminal_drained", None)
        if again is not None:
            again()
        else:
            self._app.refresh(layout=True)

    # Entering and leaving

    def start_application_mode(self) -> None:
        """Takes the terminal over."""
        self._settings = _settings(self._input)
        self._is_entered = True
        self._wake()

    def stop_application_mode(self) -> None:
        """Gives the terminal back as it was; does nothing where it already has."""
        self._is_entered = False
        self._give_back()

    def close(self) -> None:
        """Gives the terminal back, where that was not done."""
        self.stop_application_mode()

    def disable_input(self) -> None:
        """Reads no more keys; what was typed and not read is thrown away, lest the shell runs it."""
        if self._stop_reading() and is_in_foreground(self._input):
            _quietly(lambda: termios.tcflush(self._input, termios.TCIFLUSH))

    def _wake(self) -> None:
        """Takes the terminal over as soon as it is ours: one that works for the shell meanwhile is left in peace."""
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        if not self._is_entered:
            return
        if not is_in_foreground(self._input):
            self._let_go()
            self._waking = self._loop.call_later(_LOOK_AGAIN_S, self._wake)
            return
        if self._outlet is None:
            self._outlet = Outlet(self._output, self._caught_up)
        self._take_over()
        self._tell_size()
        self._repaint()

    def _take_over(self) -> None:
        _make_raw(self._input, self._settings)
        self.write(ENTER_SCREEN)
        if self._mouse:
            self.write(MOUSE_ON)
        if not os.environ.get("TERM", "").startswith(_PLAIN_TERMS):
            self.write(ASK_SYNCHRONISED)
        if not self._reading:
            self._loop.add_reader(self._input, self._read)
            self._reading = True

    def _give_back(self) -> None:
        if self._outlet is None:
            return
        if not is_in_foreground(self._input):
            self._let_go()
            return
        self.disable_input()
        self._outlet.close(RESTORE.encode(), _PATIENCE_S)
        self._outlet = None  # only now: what could not be written is left to whoever guards the terminal
        settings = self._settings
        if settings is not None:
            _quietly(lambda: termios.tcsetattr(self._input, termios.TCSANOW, settings))

    def _let_go(self) -> None:
        """Stops using a terminal that is another's now, without changing anything of it."""
        self._stop_reading()
        if self._outlet is not None:
            self._outlet.abandon()
            self._outlet = None

    def _stop_reading(self) -> bool:
        """Whether it was reading."""
        was_reading, self._reading = self._reading, False
        if was_reading:
            self._loop.remove_reader(self._input)
        if self._tick is not None:
            self._tick.cancel()
        return was_reading

    # Job control

    def _stop_and_wait(self) -> None:
        """Ctrl-Z: the terminal belongs to the shell until `fg`.

        The default action of the signal does the stopping and not SIGSTOP: where no shell could ever continue us
        (`ssh host opsdash`), the kernel then ignores it and we go on.
        """
        self._give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop_and_wait)
        self._wake()

    # Input

    def _read(self) -> None:
        """Keys are there, or the end of the terminal."""
        try:
            data = os.read(self._input, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
            self._on_gone()
            return
        escape, typed = self._escapes.hear(self._decoder.decode(data))
        if escape:
            self._press_escape()
        for message in self._parser.feed(typed) if typed else ():
            self.process_message(message)
        if self._tick is not None:
            self._tick.cancel()
        self._tick = self._loop.call_later(_ESCAPE_DELAY_S, self._decide_escape)

    def _decide_escape(self) -> None:
        """An Esc that nothing followed was the key."""
        if self._escapes.decide():
            self._press_escape()
        for message in self._parser.tick():
            self.process_message(message)

    def _press_escape(self) -> None:
        self.process_message(events.Key("escape", None))

    # Size

    def _tell_size(self) -> None:
        width, height = window_size(self._output)
        size = Size(width, height)
        self.send_message(events.Resize(size, size))


def is_in_foreground(descriptor: int) -> bool:
    """Whether the terminal works for us and not for the shell, which may have put us into the background."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


def window_size(descriptor: int) -> tuple[int, int]:
    """(columns, lines) of the terminal as it says itself; 80×24 where it says nothing."""
    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, b"\0" * 8)
    except OSError:
        return _FALLBACK_SIZE
    lines, columns, _, _ = struct.unpack("HHHH", answer)
    return columns or _FALLBACK_SIZE[0], lines or _FALLBACK_SIZE[1]


def _settings(descriptor: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _make_raw(descriptor: int, settings: list[Any] | None) -> None:
    """Keys one by one, unechoed. Signals stay with the terminal: Ctrl-C and Ctrl-Z work even if the program hangs."""
    if settings is None:
        return
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = settings
    iflag &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    lflag &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    lflag |= termios.ISIG | termios.NOFLSH
    characters = characters[:]
    characters[termios.VQUIT], characters[termios.VMIN], characters[termios.VTIME] = b"\0", 1, 0
    raw = [iflag, oflag, cflag, lflag, ispeed, ospeed, characters]
    _quietly(lambda: termios.tcsetattr(descriptor, termios.TCSANOW, raw))


def _quietly(change: Callable[[], None]) -> None:
    """A terminal that is gone cannot be changed, and need not be."""
    try:
        change()
    except (termios.error, OSError):
        return
