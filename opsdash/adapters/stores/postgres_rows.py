"""What the PostgreSQL store asks and writes. Everything that writes runs inside of `transaction`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from opsdash.adapters.stores.entry_rows import COLUMNS, chained_rows, entry_of
from opsdash.core.audit import Entry
from opsdash.core.documents import Changes, Commit, Document, Fence, Lease, Write
from opsdash.core.errors import LeaseLost, Overtaken, StoreUnusable

if TYPE_CHECKING:
    from asyncpg import Connection

COMMITS_KEPT_S = 86_400.0
"""So long a commit may be sent again and is known."""
NOW = "extract(epoch FROM clock_timestamp())::float8"

_CHANGES = """
SELECT head.revision, d.kind, d.key, d.version, d.body FROM opsdash.head
LEFT JOIN opsdash.document d ON d.version > CASE WHEN $1::bigint <= head.revision THEN $1::bigint ELSE 0 END
ORDER BY d.version
"""
_STATE = """
SELECT revision, seq, hash, (SELECT revision FROM opsdash.done WHERE id = $1) FROM opsdash.head
"""
_VERSIONS = """
SELECT wanted.kind, wanted.key, coalesce(d.version, 0)
FROM unnest($1::text[], $2::text[]) AS wanted (kind, key)
LEFT JOIN opsdash.document d ON d.kind = wanted.kind AND d.key = wanted.key AND d.body IS NOT NULL
"""
_WRITE = f"""
WITH documents AS (
    INSERT INTO opsdash.document (kind, key, version, body)
    SELECT kind, key, $2::bigint, body FROM unnest($5::text[], $6::text[], $7::text[]) AS new (kind, key, body)
    ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, body = excluded.body
), entries AS (
    INSERT INTO opsdash.entry
    SELECT * FROM unnest($8::bigint[], $9::text[], $10::text[], $11::text[], $12::float8[], $13::text[], $14::text[],
                         $15::text[], $16::text[])
), forgotten AS (
    DELETE FROM opsdash.done WHERE at_s < {NOW} - {COMMITS_KEPT_S}
), kept AS (
    INSERT INTO opsdash.done VALUES ($1::text, $2::bigint, {NOW})
)
UPDATE opsdash.head SET revision = $2::bigint, seq = $3::bigint, hash = $4::text
"""  # noqa: S608 - constants of this file
_LEASE = f"""
INSERT INTO opsdash.lease AS old (name, holder, term, until_s, ttl_s)
SELECT $1::text, $2::text, 1, clock.now_s + $3::float8, $3::float8
FROM (SELECT {NOW} AS now_s OFFSET 0) AS clock
ON CONFLICT (name) DO UPDATE SET
    holder = CASE WHEN old.until_s <= excluded.until_s - excluded.ttl_s THEN excluded.holder ELSE old.holder END,
    term = old.term + CASE WHEN old.until_s <= excluded.until_s - excluded.ttl_s THEN 1 ELSE 0 END,
    ttl_s = CASE WHEN old.until_s <= excluded.until_s - excluded.ttl_s OR old.holder = excluded.holder
                 THEN excluded.ttl_s ELSE old.ttl_s END,
    until_s = CASE WHEN old.until_s <= excluded.until_s - excluded.ttl_s OR old.holder = excluded.holder
                   THEN excluded.until_s
                   ELSE least(old.until_s, excluded.until_s - excluded.ttl_s + old.ttl_s) END
RETURNING holder, term, until_s - {NOW}
"""  # noqa: S608 - constants of this file
# Where the clock of the server was set back, a lease is over after its time all the same: it is never longer than that.


@asynccontextmanager
async def transaction(connection: Connection, longest_s: float) -> AsyncIterator[None]:
    """One that the server undoes by itself when whoever began it stops: a frozen client holds nobody up for long."""
    longest_ms = int(longest_s * 1000)
    try:
        await connection.execute(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
            f" SET LOCAL statement_timeout = {longest_ms}; SET LOCAL lock_timeout = {longest_ms};"
            f" SET LOCAL idle_in_transaction_session_timeout = {longest_ms};"
            " SELECT set_config('synchronous_commit', 'on', true)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        yield
    except Exception:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


async def changes_after(connection: Connection, after: int) -> Changes:
    """The documents after a revision, and the newest revision, as of one moment: one question."""
    rows = await connection.fetch(_CHANGES, after)
    if not rows:
        raise _without_head()
    revision = int(rows[0][0])
    documents = tuple(
        Document(kind=kind, key=key, version=version, body=body)
        for _, kind, key, version, body in rows
        if kind is not None
    )
    return Changes(revision=revision, documents=documents, is_all=after == 0 or after > revision)


async def put(connection: Connection, commit: Commit) -> int:
    """The whole commit. The one row of `head` is locked first: commits come one after the other, as revisions do."""
    await connection.execute("SELECT 1 FROM opsdash.head FOR UPDATE")
    row = await connection.fetchrow(_STATE, commit.id)
    if row is None:
        raise _without_head()
    revision, seq, digest, known = row
    if known is not None:
        return int(known)
    if commit.fence is not None:
        await _check_fence(connection, commit.fence)
    await _check_expected(connection, commit.writes)
    rows, seq, digest = chained_rows(int(seq), digest, commit.entries)
    newest = {(write.kind, write.key): write.body for write in commit.writes}
    documents = [(kind, key, body) for (kind, key), body in newest.items()]
    await connection.execute(
        _WRITE, commit.id, revision + 1, seq, digest, *_columns(documents, 3), *_columns(rows, COLUMNS)
    )
    return int(revision) + 1


async def newest_entries(
    connection: Connection, subject: str | None, before_seq: int | None, limit: int
) -> tuple[Entry, ...]:
    """Newest first."""
    values: list[object] = [2**62 if before_seq is None else before_seq, limit]
    also = ""
    if subject is not None:
        values, also = [*values, subject], "AND subject = $3"
    query = f"SELECT * FROM opsdash.entry WHERE seq < $1 {also} ORDER BY seq DESC LIMIT $2"  # noqa: S608 - fixed words
    return tuple(entry_of(tuple(row)) for row in await connection.fetch(query, *values))


async def newest(connection: Connection) -> tuple[int, str]:
    """Number and hash of the newest entry."""
    row = await connection.fetchrow("SELECT seq, hash FROM opsdash.head")
    if row is None:
        raise _without_head()
    return int(row[0]), str(row[1])


async def chain_after(connection: Connection, after_seq: int, limit: int) -> tuple[Entry, ...]:
    """Oldest first."""
    query = "SELECT * FROM opsdash.entry WHERE seq > $1 ORDER BY seq LIMIT $2"
    return tuple(entry_of(tuple(row)) for row in await connection.fetch(query, after_seq, limit))


async def taken_lease(connection: Connection, name: str, holder: str, ttl_s: float) -> Lease:
    """Takes the lease where it is free or over, keeps it where it is ours."""
    owner, term, left_s = await connection.fetchrow(_LEASE, name, holder, ttl_s)
    return Lease(name=name, holder=owner, term=int(term), left_s=float(left_s), is_ours=owner == holder)


async def give_up_lease(connection: Connection, name: str, holder: str) -> None:
    """Ends it, where it is ours."""
    await connection.execute("UPDATE opsdash.lease SET until_s = 0 WHERE name = $1 AND holder = $2", name, holder)


async def _check_fence(connection: Connection, fence: Fence) -> None:
    """Raises LeaseLost. The lease's row stays locked until the commit is done: nobody takes it over in between."""
    query = f"SELECT holder, term, until_s > {NOW} FROM opsdash.lease WHERE name = $1 FOR SHARE"  # noqa: S608 - constants
    row = await connection.fetchrow(query, fence.lease)
    if row is None or row[1] != fence.term:
        raise LeaseLost(f"{row[0] if row else 'nobody'} leads now")
    if not row[2]:
        raise LeaseLost("the time of the lease is over")


async def _check_expected(connection: Connection, writes: Sequence[Write]) -> None:
    expecting = [write for write in writes if write.expects is not None]
    if not expecting:
        return
    rows = await connection.fetch(_VERSIONS, [write.kind for write in expecting], [write.key for write in expecting])
    found = {(kind, key): version for kind, key, version in rows}
    for write in expecting:
        if found[(write.kind, write.key)] != write.expects:
            raise Overtaken(f"{write.kind} {write.key} was changed meanwhile", kind=write.kind, key=write.key)


def _without_head() -> StoreUnusable:
    return StoreUnusable("the store in PostgreSQL is damaged: opsdash.head is empty; it is left as it is: restore it")


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as columns, also where there is none."""
    return [[row[place] for row in rows] for place in range(width)]
