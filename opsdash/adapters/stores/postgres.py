"""The state in a PostgreSQL, for several bastions: one connection, made anew after whatever ended it.

Every call has a deadline, here and in the server: a frozen server holds us up no longer than that, and a frozen opsdash
holds up nobody else. The server's clock is everybody's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeVar

from opsdash.adapters.stores import postgres_rows, postgres_schema
from opsdash.adapters.stores.postgres_address import HIDDEN, PostgresAddress, postgres_address
from opsdash.adapters.stores.postgres_rows import NOW, transaction
from opsdash.adapters.stores.postgres_told import told
from opsdash.adapters.stores.storable import storable, storable_text
from opsdash.core.audit import Entry
from opsdash.core.documents import Changes, Commit, Lease
from opsdash.core.errors import LeaseLost, Overtaken, SecretMissing, StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from asyncpg import Connection

T = TypeVar("T")

DEADLINE_S = 3.0
"""Within this a call is done, is undone, or (a commit whose answer is lost) is sent again by whoever asked."""
MISSING = "a store in PostgreSQL needs the extra: pip install 'opsdash[postgresql]'"


class PostgresStore:
    """`opsdash.ports.StateStore` in a database."""

    def __init__(self, dsn: str | Callable[[], Awaitable[str]], *, deadline_s: float = DEADLINE_S) -> None:
        """`dsn`: the address, or what looks it up before each connection, since secrets are renewed."""
        self._dsn = dsn
        self.url = HIDDEN if callable(dsn) else postgres_address(dsn).shown
        self._deadline_s = deadline_s
        self._connection: Connection | None = None
        self._one = asyncio.Lock()
        self._is_closed = False

    async def open(self) -> None:
        """Connects, and makes the tables where there are none. Raises StoreUnavailable, StoreUnusable."""
        async with self._connected():
            pass

    async def changes(self, after: int) -> Changes:
        """What was written after this revision: one question, which an index answers."""
        async with self._connected() as connection:
            return await postgres_rows.changes_after(connection, after)

    async def commit(self, commit: Commit) -> int:
        """All of it or nothing. Raises Overtaken, LeaseLost, StoreUnavailable, StoreUnusable."""
        return await self._written(lambda connection: postgres_rows.put(connection, storable(commit)))

    async def lease(self, name: str, holder: str, ttl_s: float) -> Lease:
        """Takes or keeps it, by the server's clock."""
        holder = storable_text(holder)
        return await self._written(lambda connection: postgres_rows.taken_lease(connection, name, holder, ttl_s))

    async def release(self, name: str, holder: str) -> None:
        """Gives it up, where it is ours."""
        holder = storable_text(holder)
        await self._written(lambda connection: postgres_rows.give_up_lease(connection, name, holder))

    async def now_s(self) -> float:
        """The server's clock."""
        async with self._connected() as connection:
            return float(await connection.fetchval(f"SELECT {NOW}"))

    async def entries(
        self, *, subject: str | None = None, before_seq: int | None = None, limit: int = 200
    ) -> tuple[Entry, ...]:
        """Newest first."""
        async with self._connected() as connection:
            return await postgres_rows.newest_entries(connection, subject, before_seq, limit)

    async def chain(self, *, after_seq: int = 0, limit: int = 10_000) -> tuple[Entry, ...]:
        """Oldest first, as stored."""
        async with self._connected() as connection:
            return await postgres_rows.chain_after(connection, after_seq, limit)

    async def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry, kept beside the log."""
        async with self._connected() as connection:
            return await postgres_rows.newest(connection)

    async def aclose(self) -> None:
        """Says goodbye to the server, if it is there to hear it."""
        self._is_closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                async with asyncio.timeout(self._deadline_s), self._one:
                    await connection.close()
            except Exception:  # noqa: BLE001 - whatever it was, the connection ends here
                connection.terminate()

    # --- inside ------------------------------------------------------------------------------------------------

    async def _written(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._connected() as connection, transaction(connection, self._deadline_s):
            return await work(connection)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        """The one connection, for one call at a time. What is cut short in it leaves none behind."""
        try:
            async with asyncio.timeout(self._deadline_s), self._one:
                with self._ended_unless_whole():
                    yield await self._opened()
        except (Overtaken, LeaseLost):
            raise
        except Exception as error:
            raise told(error, self._where, self._deadline_s) from error

    @contextmanager
    def _ended_unless_whole(self) -> Iterator[None]:
        try:
            yield
        except (Overtaken, LeaseLost):
            raise  # the transaction was undone in order
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _opened(self) -> Connection:
        if self._is_closed:
            raise StoreUnavailable(f"{self._where} is closed")
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        address = await self._looked_up()
        self.url = address.shown
        connection = await _connect(address, self._deadline_s)
        self._connection = connection  # from here on it is ended with whatever fails
        await postgres_schema.prepare(connection, self._where)
        return connection

    async def _looked_up(self) -> PostgresAddress:
        if not callable(self._dsn):
            return postgres_address(self._dsn)
        try:
            return postgres_address((await self._dsn()).strip())
        except SecretMissing as missing:
            raise StoreUnusable(f"store.url: {missing.message}") from missing

    @property
    def _where(self) -> str:
        return f"the store {self.url}"


async def _connect(address: PostgresAddress, deadline_s: float) -> Connection:
    try:
        import asyncpg  # noqa: PLC0415 - an extra that may not be there
    except ImportError as error:
        raise StoreUnusable(MISSING) from error
    # Over a network nobody is believed without a certificate, unless the address says what else is to be done.
    context = None if address.is_local or address.says_how_to_encrypt else ssl.create_default_context()
    return await asyncpg.connect(
        address.dsn,
        timeout=deadline_s,
        ssl=context,
        server_settings={"application_name": "opsdash"},
        target_session_attrs="read-write",
    )
