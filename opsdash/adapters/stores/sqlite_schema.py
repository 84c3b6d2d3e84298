"""The tables of the SQLite store, and how a file is told apart that is not one of ours, or is newer."""

from __future__ import annotations

import sqlite3

from opsdash.core.errors import StoreUnusable

APPLICATION_ID = 0x6F707364
"""`opsd`: what a file of ours has in its header."""
VERSION = 1

_TABLES = """
CREATE TABLE document (
    kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body TEXT,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX document_by_version ON document (version);
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, at_s REAL NOT NULL,
    text TEXT NOT NULL, data TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX entry_by_subject ON entry (subject, seq);
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL
);
INSERT INTO head VALUES (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE done (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, at_s REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX done_by_time ON done (at_s);
CREATE TABLE lease (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, term INTEGER NOT NULL, until_s REAL NOT NULL, boot TEXT NOT NULL
) WITHOUT ROWID;
"""


def prepare(connection: sqlite3.Connection, url: str) -> None:
    """Makes the tables of an empty file; refuses what is newer or somebody else's, without touching it."""
    found, version = _header(connection)
    if found == 0 and version == 0 and not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        _make(connection)
        found, version = _header(connection)
    if found != APPLICATION_ID:
        raise StoreUnusable(f"the store {url} is a database of another program; it is left as it is")
    if version > VERSION:
        raise StoreUnusable(f"the store {url} is of a newer opsdash (form {version}, this one knows {VERSION})")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    found = int(connection.execute("PRAGMA application_id").fetchone()[0])
    return found, int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    """Several processes may start at once: the first makes the tables, the others find them."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _header(connection) == (0, 0):
            for statement in _statements():
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements() -> list[str]:
    found, text = [], ""
    for line in _TABLES.strip().splitlines():
        text += line + "\n"
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found
