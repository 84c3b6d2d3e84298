"""Rows of the SQLite store to core values and back. Each function runs inside of a transaction of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opsdash.adapters.stores.entry_rows import chained_rows, entry_of
from opsdash.core.audit import Entry, NewEntry
from opsdash.core.documents import Changes, Commit, Document, Fence, Lease, Write
from opsdash.core.errors import LeaseLost, Overtaken

COMMITS_KEPT_S = 86_400.0
"""So long a commit may be sent again and is known."""


def changes_after(connection: sqlite3.Connection, after: int) -> Changes:
    """The documents after a revision, and the newest revision, as of one moment."""
    connection.execute("BEGIN")
    try:
        revision = _revision(connection)
        known = after <= revision
        rows = connection.execute(
            "SELECT kind, key, version, body FROM document WHERE version > ? ORDER BY version", (after if known else 0,)
        ).fetchall()
    finally:
        connection.execute("COMMIT")
    documents = tuple(Document(kind=kind, key=key, version=version, body=body) for kind, key, version, body in rows)
    return Changes(revision=revision, documents=documents, is_all=after == 0 or not known)


def revision_of_commit(connection: sqlite3.Connection, commit_id: str) -> int | None:
    """The revision that a commit of this id made, if it was made."""
    row = connection.execute("SELECT revision FROM done WHERE id = ?", (commit_id,)).fetchone()
    return None if row is None else int(row[0])


def put_documents(connection: sqlite3.Connection, commit: Commit, now_s: float) -> int:
    """Writes the documents under a new revision. Raises Overtaken."""
    revision = _revision(connection) + 1
    for write in commit.writes:
        _check_expected(connection, write)
    connection.executemany(
        "INSERT INTO document VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body",
        [(write.kind, write.key, revision, write.body) for write in commit.writes],
    )
    connection.execute("UPDATE head SET revision = ?", (revision,))
    connection.execute("INSERT INTO done VALUES (?, ?, ?)", (commit.id, revision, now_s))
    connection.execute("DELETE FROM done WHERE at_s < ?", (now_s - COMMITS_KEPT_S,))
    return revision


def append_entries(connection: sqlite3.Connection, entries: Sequence[NewEntry]) -> None:
    """Adds entries to the chain."""
    if not entries:
        return
    seq, digest = connection.execute("SELECT seq, hash FROM head").fetchone()
    rows, seq, digest = chained_rows(seq, digest, entries)
    connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("UPDATE head SET seq = ?, hash = ?", (seq, digest))


def newest_entries(
    connection: sqlite3.Connection, subject: str | None, before_seq: int | None, limit: int
) -> tuple[Entry, ...]:
    """Newest first."""
    wanted, values = ["seq < ?"], [2**62 if before_seq is None else before_seq]
    if subject is not None:
        wanted, values = ["subject = ?", *wanted], [subject, *values]  # type: ignore[list-item]  # values of two types
    query = f"SELECT * FROM entry WHERE {' AND '.join(wanted)} ORDER BY seq DESC LIMIT ?"  # noqa: S608  # fixed words
    return tuple(entry_of(row) for row in connection.execute(query, (*values, limit)))


def chain_after(connection: sqlite3.Connection, after_seq: int, limit: int) -> tuple[Entry, ...]:
    """Oldest first."""
    rows = connection.execute("SELECT * FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit))
    return tuple(entry_of(row) for row in rows)


def taken_lease(connection: sqlite3.Connection, asked: tuple[str, str, float], uptime_s: float, boot: str) -> Lease:
    """Takes the lease where it is free, over, ours, or of before the host was started anew."""
    name, holder, ttl_s = asked
    row = connection.execute("SELECT holder, term, until_s, boot FROM lease WHERE name = ?", (name,)).fetchone()
    owner, term, until_s, its_boot = row or ("", 0, 0.0, boot)
    is_over = until_s <= uptime_s or its_boot != boot
    if is_over or owner == holder:
        term += is_over or owner != holder
        owner, until_s = holder, uptime_s + ttl_s
        connection.execute(
            "INSERT INTO lease VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET holder = excluded.holder,"
            " term = excluded.term, until_s = excluded.until_s, boot = excluded.boot",
            (name, owner, term, until_s, boot),
        )
    return Lease(name=name, holder=owner, term=term, left_s=until_s - uptime_s, is_ours=owner == holder)


def check_fence(connection: sqlite3.Connection, fence: Fence, uptime_s: float, boot: str) -> None:
    """Raises LeaseLost where another term has begun, or the time of this one is over."""
    row = connection.execute("SELECT holder, term, until_s, boot FROM lease WHERE name = ?", (fence.lease,)).fetchone()
    if row is None or row[1] != fence.term:
        raise LeaseLost(f"{row[0] if row else 'nobody'} leads now")
    if row[2] <= uptime_s or row[3] != boot:
        raise LeaseLost("the time of the lease is over")


def _revision(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT revision FROM head").fetchone()[0])


def _check_expected(connection: sqlite3.Connection, write: Write) -> None:
    if write.expects is None:
        return
    query = "SELECT version FROM document WHERE kind = ? AND key = ? AND body IS NOT NULL"
    row = connection.execute(query, (write.kind, write.key)).fetchone()
    if (row[0] if row else 0) != write.expects:
        raise Overtaken(f"{write.kind} {write.key} was changed meanwhile", kind=write.kind, key=write.key)
