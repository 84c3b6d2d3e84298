"""What was decided while the store was away, in a file of its operator: it outlives this process, whatever ends that.

Each process has its own file and holds its lock. Whoever starts later finds the files whose lock nobody holds, takes
the lock and writes what is in them. A decision that got through all the same is known to the store by its id.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from opsdash.adapters.stores.spool_lines import commit_line, commits_of, done_line
from opsdash.core.documents import Commit
from opsdash.core.errors import StoreUnavailable
from opsdash.core.secret import SecretRef
from opsdash.core.text import clean

logger = logging.getLogger(__name__)
T = TypeVar("T")

ENDING = ".jsonl"
_MODE = 0o600
_LARGEST_BYTES = 64 * 2**20


@dataclass(slots=True)
class _File:
    """One that we hold the lock of."""

    path: Path
    descriptor: int
    waiting: set[str] = field(default_factory=set)


class FileSpool:
    """`opsdash.ports.Spool` in a folder of one user."""

    def __init__(self, folder: Path, store: str | SecretRef) -> None:
        """`store`: the address as it is configured; what waits for one store is never written to another."""
        named = store if isinstance(store, str) else f"{store.scheme}:{store.where}"
        self._folder = folder
        self._key = hashlib.sha256(named.encode(errors="replace")).hexdigest()[:16]
        self._own: _File | None = None
        self._by_id: dict[str, _File] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unwritten")

    async def keep(self, commit: Commit) -> None:
        """On the disk when this returns. Raises StoreUnavailable."""
        await self._do(lambda: self._kept(commit))

    async def drop(self, commit_id: str) -> None:
        """The store has it, or has refused it for good."""
        await self._do(lambda: self._dropped(commit_id))

    async def left(self) -> tuple[Commit, ...]:
        """What processes that are gone have left, in their order; ours from now on."""
        return await self._do(self._taken_over)

    async def aclose(self) -> None:
        """Whoever starts next finds what is still there."""
        await self._do(self._closed)
        self._thread.shutdown(wait=False)

    # --- in its thread, one after the other -----------------------------------------------------------------------

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _kept(self, commit: Commit) -> None:
        try:
            if self._own is None:
                self._own = self._made()
            _append(self._own.descriptor, commit_line(commit), sync=True)
        except OSError as error:
            why = (error.strerror or "no access").lower()
            raise StoreUnavailable(f"{clean(str(self._folder), longest=200)} cannot be written: {why}") from error
        self._own.waiting.add(commit.id)
        self._by_id[commit.id] = self._own

    def _dropped(self, commit_id: str) -> None:
        file = self._by_id.pop(commit_id, None)
        if file is None:
            return
        file.waiting.discard(commit_id)
        if file.waiting:
            with suppress(OSError):  # if this is lost, the store knows the id
                _append(file.descriptor, done_line(commit_id), sync=False)
            return
        with suppress(OSError):
            file.path.unlink()
        os.close(file.descriptor)
        if file is self._own:
            self._own = None

    def _made(self) -> _File:
        """A file that is ours before anybody can see it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{self._key}-{os.getpid()}-{uuid4().hex[:8]}{ENDING}"
        hidden = path.with_suffix(".new")
        descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW, _MODE)
        try:
            os.fchmod(descriptor, _MODE)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
            _sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            raise
        return _File(path, descriptor)

    def _taken_over(self) -> tuple[Commit, ...]:
        found: list[Commit] = []
        for file, commits in self._orphans():
            if not commits:
                file.path.unlink(missing_ok=True)
                os.close(file.descriptor)
                continue
            for commit in commits:
                file.waiting.add(commit.id)
                self._by_id[commit.id] = file
            found += commits
        return tuple(found)

    def _orphans(self) -> Iterator[tuple[_File, tuple[Commit, ...]]]:
        """Files of this store whose process is gone, oldest first."""
        try:
            paths = sorted(self._folder.glob(f"{self._key}-*{ENDING}"), key=lambda path: path.stat().st_mtime_ns)
        except OSError:
            return
        for path in paths:
            with suppress(OSError):
                descriptor = _locked(path)
                if descriptor is not None:
                    yield _File(path, descriptor), commits_of(_text(descriptor))

    def _closed(self) -> None:
        for file in {id(file): file for file in (*self._by_id.values(), *([self._own] if self._own else ()))}.values():
            os.close(file.descriptor)
        self._by_id.clear()
        self._own = None


def _locked(path: Path) -> int | None:
    """Its descriptor where it is our user's file and nobody holds it; None where somebody does, or finished it."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours, named = os.fstat(descriptor), path.stat()
        if ours.st_ino == named.st_ino and ours.st_uid == os.geteuid() and ours.st_size <= _LARGEST_BYTES:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _text(descriptor: int) -> str:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return file.read().decode(errors="replace")


def _append(descriptor: int, line: str, *, sync: bool) -> None:
    """The whole line or nothing of it."""
    before, data = os.fstat(descriptor).st_size, line.encode()
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if sync:
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
