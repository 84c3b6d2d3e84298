"""The plant in a process of its own, as the demo starts it: its ports, its life and its end.

The ports are bound here and handed down, so that the addresses are known before the plant has even been imported: the
dashboard's first questions wait in the socket's backlog. The plant watches a pipe whose other end only this process
has; however this process ends, also by SIGKILL, the pipe is closed, and the plant removes the folder and ends.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from opsdash.core.errors import NeedsFixing
from opsdash.plant.pace import Pace

LOOPBACK = "127.0.0.1"
FACES = ("prometheus", "elasticsearch", "control")
"""In the order of their ports, where one is asked for."""
_BACKLOG = 128
_END_WITHIN_S = 1.0
_LAST_WORDS_BYTES = 4_000


class CannotListen(NeedsFixing):
    """A port that was asked for cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantOptions:
    """What the plant is told at its start."""

    topology: str
    seed: int
    pace: Pace
    scenario: str | None = None
    first_port: int = 0
    """The faces' ports follow each other from here; 0 takes free ones."""


class PlantProcess:
    """`with PlantProcess(options, folder) as plant:` runs it from there to the end of the block."""

    def __init__(self, options: PlantOptions, folder: Path) -> None:
        """Binds the ports. Raises CannotListen. `folder` is removed by the plant when this process is gone."""
        self._options = options
        self._folder = folder
        self._log = folder / "plant.log"
        self._sockets = _bind_all(options.first_port)
        self._life = -1
        self._process: subprocess.Popen[bytes] | None = None
        self.urls = {
            name: f"http://{LOOPBACK}:{bound.getsockname()[1]}"
            for name, bound in zip(FACES, self._sockets, strict=True)
        }
        """Face → where it is."""

    def __enter__(self) -> Self:
        """Starts it and does not wait: it answers in about a second."""
        watched, self._life = os.pipe()
        descriptors = [bound.fileno() for bound in self._sockets]
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, with words of ours
                    _argv(self._options, self._folder, descriptors, watched),
                    pass_fds=(*descriptors, watched),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C and a closed terminal are the dashboard's to answer
                )
        finally:
            os.close(watched)
            for bound in self._sockets:
                bound.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        os.close(self._life)
        if self._process is None:
            return
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> int:
        """Waits until it ends by itself, which it only does when something is wrong; its exit code."""
        if self._process is None:
            raise RuntimeError("the plant was not started")
        return self._process.wait()

    def last_words(self) -> str:
        """What it said before it ended; empty while it runs."""
        if self._process is None or self._process.poll() is None:
            return ""
        return self._log.read_bytes()[-_LAST_WORDS_BYTES:].decode("utf-8", "replace").strip()


def _argv(options: PlantOptions, folder: Path, listening: list[int], watched: int) -> list[str]:
    words = [
        f"--topology={options.topology}",
        f"--seed={options.seed}",
        f"--origin={options.pace.origin_s!r}",
        f"--speed={options.pace.speed!r}",
        f"--listen={','.join(map(str, listening))}",
        f"--life={watched}",
        f"--folder={folder}",
    ]
    if options.scenario is not None:
        words.append(f"--scenario={options.scenario}")
    script = (
        "import gc, sys; gc.disable(); "  # it would look through each module that is imported; `main` wakes it up
        f"sys.path[:] = {sys.path!r}; from opsdash.plant.process import main; sys.exit(main())"
    )
    return [sys.executable, "-P", "-c", script, *words]


def _bind_all(first_port: int) -> list[socket.socket]:
    """One listening socket a face. Raises CannotListen, and then has none."""
    bound: list[socket.socket] = []
    try:
        for offset, name in enumerate(FACES):
            bound.append(_bind(name, first_port + offset if first_port else 0))
    except CannotListen:
        for each in bound:
            each.close()
        raise
    return bound


def _bind(name: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise CannotListen(f"the demo's {name} face cannot listen on port {port}: {_why(error)}") from error
    return listening


def _why(error: Exception) -> str:
    match error:
        case OSError(errno=errno.EADDRINUSE):
            return "another program has it; choose another --port, or leave it out for any that is free"
        case OSError(errno=errno.EACCES):
            return "only root may have it; choose a --port above 1023"
        case OverflowError():
            return "ports end at 65535"
        case _:
            return str(error)


__all__ = ["FACES", "CannotListen", "PlantOptions", "PlantProcess"]
