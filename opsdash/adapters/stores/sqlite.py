"""The state in one SQLite file: write-ahead log, a thread of its own, a folder that a group may share.

One bastion, many screens: each process has its own connection, SQLite's locks keep them apart. Every call has a
deadline; what is not done by then is undone, and told as `StoreUnavailable`.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from opsdash.adapters.clock import boot_id, uptime_s
from opsdash.adapters.stores import sqlite_schema
from opsdash.adapters.stores.sqlite_rows import (
    append_entries,
    chain_after,
    changes_after,
    check_fence,
    newest_entries,
    put_documents,
    revision_of_commit,
    taken_lease,
)
from opsdash.adapters.stores.storable import storable, storable_text
from opsdash.core.audit import Entry
from opsdash.core.documents import Changes, Commit, Lease
from opsdash.core.errors import OpsdashError, StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsdash.ports import Clock

T = TypeVar("T")

DEADLINE_S = 3.0
"""Within this a call is done or is undone."""
_GROUP_MODE = 0o660
_NOT_A_DATABASE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NO_RIGHTS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH)
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM)


class SqliteStore:
    """`opsdash.ports.StateStore` in a file."""

    def __init__(self, path: Path, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
        self.url = f"sqlite:///{path}"
        self._path = path
        self._deadline_s = deadline_s
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None
        self._unchanged: tuple[int, int] | None = None
        """(PRAGMA data_version, revision) at which nothing had changed."""

    async def open(self) -> None:
        """Makes the file where there is none. Raises StoreUnavailable, StoreUnusable."""
        await self._do(lambda _: None)

    async def changes(self, after: int) -> Changes:
        """What was written after this revision; while nobody writes, one page is read."""
        return await self._do(lambda connection: self._changed(connection, after))

    async def commit(self, commit: Commit) -> int:
        """All of it or nothing. Raises Overtaken, LeaseLost, StoreUnavailable, StoreUnusable."""
        return await self._do(lambda connection: self._committed(connection, storable(commit)))

    async def lease(self, name: str, holder: str, ttl_s: float) -> Lease:
        """Takes or keeps it. Time is counted since the host was started: setting its clock moves no lease."""
        holder = storable_text(holder)
        return await self._do(lambda connection: self._leased(connection, name, holder, ttl_s))

    async def release(self, name: str, holder: str) -> None:
        """Gives it up, where it is ours."""
        holder = storable_text(holder)
        await self._do(lambda connection: self._released(connection, name, holder))

    async def now_s(self) -> float:
        """The host's clock: all who use this file are on one host."""
        return self._clock.now_s()

    async def entries(
        self, *, subject: str | None = None, before_seq: int | None = None, limit: int = 200
    ) -> tuple[Entry, ...]:
        """Newest first."""
        return await self._do(lambda connection: newest_entries(connection, subject, before_seq, limit))

    async def chain(self, *, after_seq: int = 0, limit: int = 10_000) -> tuple[Entry, ...]:
        """Oldest first, as stored."""
        return await self._do(lambda connection: chain_after(connection, after_seq, limit))

    async def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry, kept beside the log."""
        return await self._do(lambda connection: connection.execute("SELECT seq, hash FROM head").fetchone())

    async def aclose(self) -> None:
        """Closes it once what is under way is done."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    # --- in its thread -----------------------------------------------------------------------------------------

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)
        except RuntimeError as error:
            raise StoreUnavailable(f"the store {self.url} is closed") from error

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._opened())
        except OpsdashError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise self._told(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._make_files()
            connection = sqlite3.connect(
                self._path, timeout=self._deadline_s, isolation_level=None, check_same_thread=False
            )
            connection.text_factory = _text
            try:
                sqlite_schema.prepare(connection, self.url)
                self._share_files()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _make_files(self) -> None:
        """The file belongs to the folder's group and may be written by it, whatever the umask is."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _GROUP_MODE))
        self._share_files()

    def _share_files(self) -> None:
        """What we own is given to the folder's group; what another owns is left as it is."""
        group = self._path.parent.stat().st_gid
        shared = bool(self._path.parent.stat().st_mode & stat.S_IWGRP)
        for path in (self._path, *(Path(f"{self._path}{end}") for end in ("-wal", "-shm"))):
            with suppress(FileNotFoundError, PermissionError):
                if path.stat().st_uid == os.geteuid():
                    os.chown(path, -1, group if shared else -1)
                    os.chmod(path, _GROUP_MODE if shared else 0o600)

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _changed(self, connection: sqlite3.Connection, after: int) -> Changes:
        version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if self._unchanged == (version, after) and after:
            return Changes(revision=after, documents=())
        changes = changes_after(connection, after)
        self._unchanged = (version, changes.revision)
        return changes

    def _committed(self, connection: sqlite3.Connection, commit: Commit) -> int:
        with self._transaction(connection):
            known = revision_of_commit(connection, commit.id)
            if known is not None:
                return known
            if commit.fence is not None:
                check_fence(connection, commit.fence, uptime_s(), boot_id())
            revision = put_documents(connection, commit, self._clock.now_s())
            append_entries(connection, commit.entries)
        self._unchanged = None
        return revision

    def _leased(self, connection: sqlite3.Connection, name: str, holder: str, ttl_s: float) -> Lease:
        with self._transaction(connection):
            return taken_lease(connection, (name, holder, ttl_s), uptime_s(), boot_id())

    def _released(self, connection: sqlite3.Connection, name: str, holder: str) -> None:
        with self._transaction(connection):
            connection.execute("UPDATE lease SET until_s = 0 WHERE name = ? AND holder = ?", (name, holder))

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _told(self, error: sqlite3.Error | OSError) -> OpsdashError:
        """What a person is told; a connection that met a fault of the file is not used again."""
        where = f"the store {self.url}"
        if isinstance(error, OSError):
            return StoreUnusable(f"{where} cannot be used: {(error.strerror or 'no access').lower()}")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreUnavailable(f"{where} is locked by another process for more than {self._deadline_s:g} s")
        self._close()
        if code in _NOT_A_DATABASE:
            return StoreUnusable(f"{where} is damaged; it is left as it is: restore it, or move it away")
        if code in _NO_RIGHTS:
            return StoreUnusable(
                f"{where} cannot be written by user {os.geteuid()}: the folder's group has to include it"
            )
        if code in _FULL:
            return StoreUnavailable(f"{where} cannot be written: the disk is full or fails")
        return StoreUnavailable(f"{where} failed: {error}")


def _text(stored: bytes) -> str:
    """What is no UTF-8 any longer was changed: it is read all the same, so that its entry can be named."""
    return stored.decode(errors="replace")
