"""The tables of the PostgreSQL store: a schema of its own, made once, whoever comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.core.errors import StoreUnusable

if TYPE_CHECKING:
    from asyncpg import Connection

VERSION = 1
_MAKING = 0x6F707364
"""The advisory lock under which the tables are made: ten processes may start at once."""

_TABLES = """
CREATE SCHEMA opsdash;
CREATE TABLE opsdash.document (
    kind text NOT NULL, key text NOT NULL, version bigint NOT NULL, body text, PRIMARY KEY (kind, key)
);
CREATE INDEX document_by_version ON opsdash.document (version);
CREATE TABLE opsdash.entry (
    seq bigint PRIMARY KEY, kind text NOT NULL, subject text NOT NULL, actor text NOT NULL,
    at_s double precision NOT NULL, text text NOT NULL, data text NOT NULL, previous text NOT NULL, hash text NOT NULL
);
CREATE INDEX entry_by_subject ON opsdash.entry (subject, seq);
CREATE FUNCTION opsdash.entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''entries are never changed and never deleted''; END';
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE ON opsdash.entry
    FOR EACH ROW EXECUTE FUNCTION opsdash.entry_is_kept();
CREATE TRIGGER entries_are_never_emptied BEFORE TRUNCATE ON opsdash.entry
    FOR EACH STATEMENT EXECUTE FUNCTION opsdash.entry_is_kept();
CREATE TABLE opsdash.head (
    one integer PRIMARY KEY CHECK (one = 1), form integer NOT NULL,
    revision bigint NOT NULL, seq bigint NOT NULL, hash text NOT NULL
);
INSERT INTO opsdash.head VALUES (1, {version}, 0, 0, repeat('0', 64));
CREATE TABLE opsdash.done (id text PRIMARY KEY, revision bigint NOT NULL, at_s double precision NOT NULL);
CREATE INDEX done_by_time ON opsdash.done (at_s);
CREATE TABLE opsdash.lease (
    name text PRIMARY KEY, holder text NOT NULL, term bigint NOT NULL,
    until_s double precision NOT NULL, ttl_s double precision NOT NULL
);
"""


async def prepare(connection: Connection, where: str) -> None:
    """Makes the tables where there are none; refuses a newer form, and a database that cannot keep every letter."""
    encoding = await connection.fetchval("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise StoreUnusable(f"{where} keeps its texts as {encoding}: it needs a database with ENCODING 'UTF8'")
    if not await _is_there(connection):
        await _make(connection)
    form = await _form(connection, where)
    if form > VERSION:
        raise StoreUnusable(f"{where} is of a newer opsdash (form {form}, this one knows {VERSION})")


async def _is_there(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'opsdash')"))


async def _make(connection: Connection) -> None:
    await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_MAKING})")
    try:
        if not await _is_there(connection):
            await connection.execute(_TABLES.format(version=VERSION))
    except Exception:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


async def _form(connection: Connection, where: str) -> int:
    has_head = await connection.fetchval("SELECT to_regclass('opsdash.head') IS NOT NULL")
    if not has_head:
        raise StoreUnusable(f"{where} has a schema opsdash that is of another program; it is left as it is")
    form = await connection.fetchval("SELECT form FROM opsdash.head")
    if form is None:
        raise StoreUnusable(f"{where} is damaged: opsdash.head is empty; it is left as it is: restore it")
    return int(form)
