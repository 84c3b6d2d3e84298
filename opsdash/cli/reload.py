"""Hot reload: watches the files of the configuration and says when a new one can run, or why it cannot.

Watching is asking for each file's time, size and inode twice a second: that also sees what an editor puts in place
of a file, works on network file systems, and needs no library.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from opsdash.core.errors import ConfigInvalid, OpsdashError
from opsdash.core.text import clean
from opsdash.core.view.board import Board

POLL_S = 0.5
"""How often the files are looked at."""
SETTLE_S = 0.15
"""How long they must stay as they are before they are read: an editor may still be writing."""
IMPATIENCE_S = 1.0
"""Files that never settle are read after this long all the same."""

SUFFIXES = (".yaml", ".yml")

Stamp = tuple[tuple[str, tuple[int, int, int, int] | str], ...]
"""What identifies the content of the files without reading them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Who is told."""

    on_board: Callable[[Board], None]
    """A good configuration, different from the one that runs or following a broken one. May raise OpsdashError."""
    on_problem: Callable[[str, int], None]
    """The first problem of a broken one, and how many there are."""


class ConfigWatcher:
    """Follows one configuration for as long as `run` is awaited."""

    def __init__(
        self,
        path: Path,
        board: Board,
        load: Callable[[Path], Board],
        receivers: Receivers,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        self._path = path
        self._board = board
        self._load = load
        self._receivers = receivers
        self._poll_s = poll_s
        self._broken = False
        self._poked = asyncio.Event()
        self._seen: Stamp | None = None

    def poke(self) -> None:
        """Reads the files now, changed or not."""
        self._poked.set()

    async def run(self) -> None:
        """Watches until cancelled."""
        self._seen = await self._look()
        while True:
            forced = await self._pause()
            stamp = await self._look()
            if forced or stamp != self._seen:
                self._seen = await self._settled(stamp)
                await self._reload()

    async def _pause(self) -> bool:
        """Waits for the next look; whether somebody poked."""
        try:
            await asyncio.wait_for(self._poked.wait(), self._poll_s)
        except TimeoutError:
            return False
        self._poked.clear()
        return True

    async def _look(self) -> Stamp:
        return await asyncio.to_thread(stamp_of, self._path, self._board.files)

    async def _settled(self, stamp: Stamp) -> Stamp:
        """The stamp once it has stopped changing."""
        for _ in range(int(IMPATIENCE_S / SETTLE_S)):
            await asyncio.sleep(SETTLE_S)
            newer = await self._look()
            if newer == stamp:
                break
            stamp = newer
        return stamp

    async def _reload(self) -> None:
        try:
            board = await asyncio.to_thread(self._load, self._path)
            if board != self._board or self._broken:
                self._receivers.on_board(board)
                self._seen = await asyncio.to_thread(stamp_of, self._path, board.files)
        except OpsdashError as error:
            self._reject(error)
        except OSError as error:
            self._reject(ConfigInvalid(f"{error.filename or self._path}: {(error.strerror or 'unreadable').lower()}"))
        except Exception:
            logger.exception("reading %s again failed by a fault of our own; the running one goes on", self._path)
            self._reject(ConfigInvalid(f"{self._path}: reading it failed by a fault of opsdash; see the log"))
        else:
            if board != self._board or self._broken:
                logger.info("%s was read again and runs", self._path)
            self._board, self._broken = board, False

    def _reject(self, error: OpsdashError) -> None:
        problems = [line for line in error.message.split("\n") if line.strip()]
        first = clean(problems[0]) if problems else "unknown problem"
        self._broken = True
        logger.warning("%s cannot run, the old one goes on: %s (%d problems)", self._path, first, len(problems))
        self._receivers.on_problem(first, max(len(problems), 1))


def stamp_of(path: Path, files: Iterable[str]) -> Stamp:
    """The stamp of the configuration at `path` and of the files that it was read from."""
    watched = {str(path), *files}
    if path.is_dir():
        watched.update(_members(path))
    return tuple((name, _stamp(name)) for name in sorted(watched))


def _members(folder: Path) -> list[str]:
    """The files that the folder's configuration consists of, also those that came after it was read."""
    try:
        return [entry.path for entry in os.scandir(folder) if entry.name.endswith(SUFFIXES)]
    except OSError:
        return []


def _stamp(name: str) -> tuple[int, int, int, int] | str:
    try:
        found = os.stat(name)
    except OSError as error:
        return error.strerror or "gone"
    if os.path.isdir(name):
        return (found.st_mode, 0, 0, found.st_ino)
    return (found.st_mode, found.st_mtime_ns, found.st_size, found.st_ino)
