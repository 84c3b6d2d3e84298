"""Reads the configuration in a process of its own.

YAML and pydantic cost 0.2 s and 20 MB that the dashboard does not need after it has its board. A process beside it has
them instead: at the start on the second core, while this one imports what draws; later, at each reload, without a
pause of the screen, and with whatever memory a hostile file takes gone when it ends.
"""

# ruff: noqa: PLC0415 - that the readers are not imported in this process is what this file is for

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from opsdash.cli.resources import theme_folders

if TYPE_CHECKING:
    from opsdash.core.view.board import Board
    from opsdash.core.view.theme import Theme

LONGEST_S = 30
"""No configuration takes longer to read; then it is read again in this process, where it can be looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a configuration."""

    board: Board | None
    """None where it has problems."""
    problems: tuple[str, ...]
    """Every error, as a person reads it."""
    themes: tuple[Theme, ...]


def read_here(path: Path, env: Mapping[str, str]) -> Reading:
    """Reads it in this process."""
    from opsdash.config.loading import load
    from opsdash.config.themes import load_themes

    folders = theme_folders(env)
    loaded = load(path, theme_folders=folders)
    problems = tuple(str(problem) for problem in loaded.errors)
    return Reading(board=loaded.board, problems=problems, themes=tuple(load_themes(folders)))


class ForkedReading:
    """A reading that runs beside this process from the moment this object is made. Make it before any thread."""

    def __init__(self, path: Path, env: Mapping[str, str]) -> None:
        self._path = path
        self._env = env
        self._answer, self._pid = _fork(path, env)

    def is_there(self) -> bool:
        """Whether `result` would not wait (for long)."""
        return self._answer < 0 or bool(select.select([self._answer], [], [], 0)[0])

    def result(self) -> Reading:
        """Waits for it; where it failed by itself, reads here, so that the fault is told where it can be seen."""
        if self._answer < 0:
            return read_here(self._path, self._env)
        with open(self._answer, "rb") as pipe:
            answer = pipe.read()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        return _reading_of(answer) or read_here(self._path, self._env)


def read_apart(path: Path, env: Mapping[str, str]) -> Reading:
    """Reads it in a new process, and waits; called in a thread, beside a running event loop."""
    import subprocess

    script = f"import sys; sys.path[:] = {sys.path!r}; from opsdash.cli.reading import answer; answer()"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with our own words
            [sys.executable, "-P", "-c", script, str(path)],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return read_here(path, env)
    return _reading_of(done.stdout) or read_here(path, env)


def answer() -> None:
    """What the new process does: reads the configuration in argv and writes the reading to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.buffer.write(pickle.dumps(read_here(Path(sys.argv[1]), os.environ)))


def _fork(path: Path, env: Mapping[str, str]) -> tuple[int, int]:
    """(descriptor of the answer, process id); -1 where there can be no process."""
    try:
        read, write = os.pipe()
        pid = os.fork()
    except OSError:
        return -1, -1
    if pid:
        os.close(write)
        return read, pid
    _answer_and_die(path, env, write)
    raise AssertionError  # a child that has died does not get here


def _answer_and_die(path: Path, env: Mapping[str, str], write: int) -> None:
    """The child: nothing that it does can be seen on the terminal, and nothing of the parent's is closed or flushed."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.alarm(LONGEST_S)
        void = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(void, descriptor)
        with open(write, "wb") as pipe:
            pipe.write(pickle.dumps(read_here(path, env)))
    finally:
        os._exit(0)


def _reading_of(answer: bytes) -> Reading | None:
    """None where the child died before it had said all."""
    try:
        return cast("Reading", pickle.loads(answer))  # noqa: S301 - from our own child, over our own pipe
    except (pickle.UnpicklingError, EOFError):
        return None
