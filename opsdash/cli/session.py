"""One run of the dashboard: an engine, a screen, a watcher of the files and the wish to leave.

The order of a start is what makes it fast. The configuration is read beside this process; until it is there, modules
are imported, those of the engine first. Then the first questions are sent, and while the answers travel, the rest of
Textual is imported. Garbage collection rests until the first picture.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsdash.cli.crew import CrewLoop
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.headroom import stay_within_group
from opsdash.cli.logs import log_what_nobody_catches, open_log
from opsdash.cli.memory import OUT_OF_MEMORY, is_out_of_memory
from opsdash.cli.reading import ForkedReading, read_apart
from opsdash.cli.reload import ConfigWatcher, Receivers
from opsdash.cli.terminal import Departure, TerminalGuard
from opsdash.cli.wiring import Overrides, Terminal, Wiring
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.core.view.board import Board
from opsdash.ui.terminal_modes import RESTORE

if TYPE_CHECKING:
    from opsdash.engine.engine import Engine
    from opsdash.ports import Clock, Drills
    from opsdash.ui.app import OpsdashApp

logger = logging.getLogger(__name__)

GRACE_S = 0.4
"""How long the screen may take to leave by itself before it is cancelled."""
GC_RESTS_S = 3.0
"""Garbage collection starts again this long after the start, by when the first picture is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line and the environment say of this run."""

    args: argparse.Namespace
    utf8: bool
    clock: Clock | None = None
    """Where it is not this host's."""
    drills: Callable[[], Drills] | None = None
    """Makes what incidents are played on, where they can be."""


def run_session(path: Path, reading: ForkedReading, choices: Choices) -> int:
    """Draws until the operator leaves; the exit code. Raises ConfigInvalid, SecretMissing."""
    args = choices.args
    no_log = open_log(args.log_file, args.log_level, os.environ)
    log_what_nobody_catches()
    overrides = Overrides(theme=args.theme, variables=tuple(args.var), ascii_only=not choices.utf8)
    wiring = Wiring(overrides, clock=choices.clock, drills=choices.drills)
    for forgotten in ("COLUMNS", "LINES"):  # Rich would believe them, and draw the first picture in a size that was
        os.environ.pop(forgotten, None)
    wiring.import_engine()
    wiring.import_screen(until=reading.is_there)
    board = wiring.accept(reading.result())
    if (wrong := wrong_choice(wiring, board, args)) is not None:
        print(f"opsdash: {wrong}", file=sys.stderr)
        return ExitCode.USAGE
    guard = TerminalGuard(RESTORE.encode())
    session = Session(path, board, wiring, guard, utf8=choices.utf8, no_log=no_log)
    return run_guarded(session.run, guard)


def run_guarded(run: Callable[[], Coroutine[Any, Any, int]], guard: TerminalGuard) -> int:
    """Runs it in an event loop of its own; the terminal is put back whatever happens.

    What Python itself has to say meanwhile would be written across the screen, or below it after the end: it is
    dropped. The log has what matters.
    """
    told, sys.stderr = sys.stderr, open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    try:
        with asyncio.Runner(loop_factory=CrewLoop) as runner:
            return runner.run(run())
    except Exception as error:
        if is_out_of_memory(error):
            guard.end_now(ExitCode.INTERNAL, OUT_OF_MEMORY)
        sys.stderr = told
        raise
    finally:
        guard.put_back()


def wrong_choice(wiring: Wiring, board: Board, args: argparse.Namespace) -> str | None:
    """What the command line names and the configuration does not have."""
    for name, _ in args.var:
        names = [spec.name for spec in board.variables]
        if name not in names:
            return f'--var: there is no variable "{clean(name)}"{did_you_mean(name, names)}'
    themes = [theme.name for theme in wiring.themes()]
    if args.theme is not None and args.theme not in themes:
        return f'--theme: there is no theme "{clean(args.theme)}"{did_you_mean(args.theme, themes)}'
    return None


class Session:
    """One run of the dashboard: an engine, a screen, a watcher of the files and the wish to leave."""

    def __init__(  # noqa: PLR0913 - one run's worth
        self, path: Path, board: Board, wiring: Wiring, guard: TerminalGuard, *, utf8: bool, no_log: str | None
    ) -> None:
        self._path = path
        self._wiring = wiring
        self._guard = guard
        self._utf8 = utf8
        self._no_log = no_log
        self._board = board
        self._is_broken = False

    async def run(self) -> int:
        """Runs until somebody leaves; the exit code."""
        departure = Departure(self._guard)
        departure.own_signals()
        asyncio.get_running_loop().set_exception_handler(self._noticed)
        if (limit := stay_within_group()) is not None:
            logger.info("data is limited to %d MiB, below the memory of the control group", limit >> 20)
        engine = self._wiring.build_engine(self._board)
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(engine.run(), name="engine")
            engine.show(0)
            await asyncio.sleep(0)
            app = await asyncio.to_thread(self._import_and_build, engine, departure)
            beside = [
                polling,
                group.create_task(self._watch(engine), name="reload"),
                group.create_task(_wake_collector(), name="garbage collection"),
            ]
            drawing = group.create_task(app.run_async(), name="screen")
            for task in (*beside, drawing):
                task.add_done_callback(self._ended)
            code = await self._until_left(app, drawing, departure)
            if not departure.wanted.done():
                self._guard.leave_soon(code)
            for task in beside:
                task.cancel()
        return code

    def _noticed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody caught. A task that memory ran out for is gone: without it the screen may be deaf or blind.

        A callback is called again the next time, and a connection is made again.
        """
        loop.default_exception_handler(context)
        error = context.get("exception")
        if error is not None and is_out_of_memory(error) and {"task", "future"} & context.keys():
            self._guard.end_now(ExitCode.INTERNAL, OUT_OF_MEMORY)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """A part that ends in a fault ends all; what then hangs is ended by the guard."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken(error)

    def _broken(self, error: BaseException | None) -> None:
        if error is not None and is_out_of_memory(error):
            self._guard.last_words = OUT_OF_MEMORY
        if not self._is_broken:  # a second wish would end it before the fault is told
            self._is_broken = True
            self._guard.leave_soon(ExitCode.INTERNAL)

    async def _until_left(self, app: OpsdashApp, drawing: asyncio.Task[object], departure: Departure) -> int:
        """Waits until the operator quits or a signal says to leave, and the screen is closed; the exit code."""
        either: list[asyncio.Future[Any]] = [drawing, departure.wanted]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not departure.wanted.done():
            return _code_of(app)
        app.exit()
        done, _ = await asyncio.wait({drawing}, timeout=GRACE_S)
        if not done:
            drawing.cancel()
        return departure.wanted.result()

    def _import_and_build(self, engine: Engine, departure: Departure) -> OpsdashApp:
        terminal = Terminal(utf8=self._utf8, on_gone=partial(departure.ask, ExitCode.HANGUP))
        app = self._wiring.build_app(engine, terminal)
        self._guard.is_drawn_on = lambda: bool(getattr(app._driver, "is_active", False))
        app.ending_in_a_fault = lambda: self._broken(getattr(app, "_exception", None))  # type: ignore[method-assign]
        if self._no_log is not None:
            app.session.say(self._no_log, "bad")
        return app

    def _read_again(self, path: Path) -> Board:
        return self._wiring.accept(read_apart(path, os.environ))

    async def _watch(self, engine: Engine) -> None:
        """Hot reload, until cancelled. SIGUSR1 reads the files at once."""

        def run_board(board: Board) -> None:
            engine.replace_board(board, self._wiring.build_sources(board))

        receivers = Receivers(on_board=run_board, on_problem=engine.reject_board)
        watcher = ConfigWatcher(self._path, self._board, self._read_again, receivers)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watcher.poke)
        await watcher.run()


def _code_of(app: OpsdashApp) -> int:
    """The exit code of a screen that ended by itself; raises the fault that ended it."""
    fault = getattr(app, "_exception", None)
    if fault is not None:
        raise fault
    return ExitCode.OK


async def _wake_collector() -> None:
    """Lets garbage collection run again; what the start has made is not looked at again."""
    await asyncio.sleep(GC_RESTS_S)
    gc.freeze()
    gc.enable()
