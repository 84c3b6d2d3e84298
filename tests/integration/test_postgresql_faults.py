"""Row 28 of the faults: a PostgreSQL that is gone, restarted, failed over, slow, newer, or not ours."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from opsdash.adapters.stores.postgres import PostgresStore
from opsdash.adapters.stores.postgres_told import told
from opsdash.adapters.stores.spool import FileSpool
from opsdash.cli.audit import verified
from opsdash.core.audit import Break, first_break
from opsdash.core.documents import Fence
from opsdash.core.errors import LeaseLost, OpsdashError, StoreUnavailable, StoreUnusable
from opsdash.core.metrics.freshness import Freshness
from tests.integration.stored import commit, deed, ledger_on, texts
from tests.servers.postgresql import PostgresServer
from tests.servers.postgresql_fixtures import MakePostgresql

pytestmark = pytest.mark.integration


def database(dsn: str) -> str:
    return dsn.rpartition("/")[2]


async def test_what_was_decided_while_it_was_gone_is_written_once_when_it_is_back(
    make_postgresql: MakePostgresql, tmp_path: Path
) -> None:
    server = make_postgresql()
    store = PostgresStore(server.dsn(), deadline_s=1.0)
    ledger = ledger_on(store, FileSpool(tmp_path, store.url))
    await ledger.keep_up()
    assert await ledger.commit(deed("a")) == "done"

    server.kill()
    assert "not written yet" in await ledger.commit(deed("b"))
    assert "not written yet" in await ledger.commit(deed("c"))
    await ledger.keep_up()
    view = ledger.view()
    assert (view.state, view.unwritten) == (Freshness.ERROR, 2)
    assert "refused the connection" in view.message

    server.start()
    await ledger.keep_up()
    assert (ledger.view().state, ledger.view().unwritten) == (Freshness.FRESH, 0)
    assert await texts(store) == ["a", "b", "c"]
    assert first_break(await store.chain()) is None
    await store.aclose()


async def test_one_that_is_frozen_holds_nobody_up_for_longer_than_the_deadline(make_postgresql: MakePostgresql) -> None:
    server = make_postgresql()
    store = PostgresStore(server.dsn(), deadline_s=0.5)
    await store.commit(commit("a"))
    server.freeze()

    for call in (store.changes(0), store.commit(commit("b")), store.lease("evaluate", "a", 5), store.now_s()):
        with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.5 s"):
            await asyncio.wait_for(call, 10)

    server.thaw()
    await store.commit(commit("b"))
    assert await texts(store) == ["a", "b"]
    await store.aclose()


async def test_a_restart_loses_no_lease_and_no_commit(make_postgresql: MakePostgresql) -> None:
    server = make_postgresql()
    store = PostgresStore(server.dsn())
    lease = await store.lease("evaluate", "a", 600)
    await store.commit(commit("a"))
    server.restart()
    with pytest.raises(StoreUnavailable):
        await store.changes(0)  # the connection of before

    assert (await store.lease("evaluate", "b", 600)).holder == "a"
    assert (await store.lease("evaluate", "a", 600)).term == lease.term
    assert (await store.changes(0)).revision == 1
    await store.aclose()


async def test_a_table_that_another_program_locks_is_said_and_waited_for_no_longer_than_the_deadline(
    postgresql_dsn: str,
) -> None:
    import asyncpg

    store = PostgresStore(postgresql_dsn, deadline_s=0.5)
    await store.open()
    other = await asyncpg.connect(postgresql_dsn)
    await other.execute("BEGIN; LOCK TABLE opsdash.head")
    with pytest.raises(StoreUnavailable, match=r"is locked by another program|did not (finish|answer)"):
        await store.commit(commit("a"))
    await other.execute("ROLLBACK")

    await store.commit(commit("a"))

    assert await other.fetchval("SELECT count(*) FROM pg_locks WHERE relation = 'opsdash.head'::regclass") == 0
    await other.close()
    await store.aclose()


async def test_a_leader_that_is_cancelled_in_the_middle_of_a_commit_leaves_nothing_locked(postgresql_dsn: str) -> None:
    one, two = PostgresStore(postgresql_dsn), PostgresStore(postgresql_dsn)
    await one.open()
    for turns in range(1, 12):
        task = asyncio.ensure_future(one.commit(commit(f"{turns}")))
        for _ in range(turns):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await two.commit(commit(f"two {turns}"))
    assert first_break(await two.chain()) is None
    await one.commit(commit("after"))
    await asyncio.gather(one.aclose(), two.aclose())


async def test_one_that_only_reads_is_not_taken_for_the_one_that_leads(
    postgresql_dsn: str, postgresql_server: PostgresServer
) -> None:
    name = database(postgresql_dsn)
    postgresql_server.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store = PostgresStore(postgresql_dsn)
    with pytest.raises(StoreUnavailable, match="is a standby that only reads"):
        await store.open()

    postgresql_server.sql(f"BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT")

    await store.open()
    await store.aclose()


async def test_a_newer_form_is_refused_and_not_touched(postgresql_dsn: str, postgresql_server: PostgresServer) -> None:
    store = PostgresStore(postgresql_dsn)
    await store.commit(commit("a"))
    await store.aclose()
    postgresql_server.sql("UPDATE opsdash.head SET form = 2", database(postgresql_dsn))

    newer = PostgresStore(postgresql_dsn)
    for _ in range(2):
        with pytest.raises(StoreUnusable, match=r"is of a newer opsdash \(form 2, this one knows 1\)"):
            await newer.commit(commit("b"))

    assert postgresql_server.sql("SELECT revision FROM opsdash.head", database(postgresql_dsn)) == "1"
    await newer.aclose()


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("ops", "has a schema opsdash that is of another program; it is left as it is"),
        ("stranger", "does not give this user the rights: permission denied for schema opsdash"),
    ],
)
async def test_what_is_not_ours_is_said(
    postgresql_dsn: str, postgresql_server: PostgresServer, user: str, said: str
) -> None:
    name = database(postgresql_dsn)
    postgresql_server.sql("CREATE SCHEMA opsdash", name)
    if user != "ops":
        postgresql_server.sql(f"CREATE ROLE {user} LOGIN")
    store = PostgresStore(postgresql_dsn.replace("ops@", f"{user}@"))
    with pytest.raises(StoreUnusable, match=said):
        await store.open()


async def test_a_database_that_is_not_there_or_keeps_another_alphabet_is_said(
    postgresql_server: PostgresServer,
) -> None:
    with pytest.raises(StoreUnusable, match="has no such database"):
        await PostgresStore(postgresql_server.dsn("nowhere")).open()
    postgresql_server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StoreUnusable, match="keeps its texts as LATIN1"):
        await PostgresStore(postgresql_server.dsn("latin")).open()


async def test_entries_cannot_be_changed_and_verify_names_the_one_that_was(
    postgresql_dsn: str, postgresql_server: PostgresServer
) -> None:
    import subprocess

    store, name = PostgresStore(postgresql_dsn), database(postgresql_dsn)
    for word in ("a", "b", "c"):
        await store.commit(commit(word))
    for statement in ("UPDATE opsdash.entry SET text = 'x'", "DELETE FROM opsdash.entry", "TRUNCATE opsdash.entry"):
        with pytest.raises(subprocess.CalledProcessError):
            postgresql_server.sql(statement, name)
    assert isinstance(await verified(store), tuple)

    postgresql_server.sql("ALTER TABLE opsdash.entry DISABLE TRIGGER USER", name)
    postgresql_server.sql("UPDATE opsdash.entry SET text = 'x' WHERE seq = 2", name)

    assert await verified(store) == Break(seq=2, why="its text is not what was written")
    await store.aclose()


async def test_ten_that_start_at_once_make_the_tables_once_and_one_leads(postgresql_dsn: str) -> None:
    stores = [PostgresStore(postgresql_dsn, deadline_s=20.0) for _ in range(10)]
    leases = await asyncio.gather(*(store.lease("evaluate", f"{n}", 60) for n, store in enumerate(stores)))
    assert sum(lease.is_ours for lease in leases) == 1
    fences = [Fence(lease="evaluate", term=lease.term) for lease in leases if lease.is_ours]
    assert len(fences) == 1
    await stores[0].release("evaluate", leases[0].holder)
    with pytest.raises(LeaseLost):
        await stores[1].commit(type(commit("x"))(id="x", fence=fences[0]))
    await asyncio.gather(*(store.aclose() for store in stores))


class Said(Exception):
    """As the server says it."""

    def __init__(self, state: str, words: str = "some words\nDETAIL: more") -> None:
        super().__init__(words)
        self.sqlstate = state


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (Said("53100"), StoreUnavailable, "where cannot be written: its disk is full"),
        (Said("53300"), StoreUnavailable, "where takes no more connections"),
        (Said("25006"), StoreUnavailable, "where is a standby that only reads"),
        (Said("57P03"), StoreUnavailable, "where is starting up"),
        (Said("08006"), StoreUnavailable, "where failed: some words"),
        (Said("28P01"), StoreUnusable, "where refuses the password"),
        (Said("XX001"), StoreUnusable, "where is damaged; it is left as it is: restore it"),
        (Said("42P01", "x\x1b[31m"), StoreUnusable, "where is not as opsdash made it"),
        (Said("22P02"), StoreUnusable, "where refused what it was asked: some words (22P02)"),
        (TimeoutError(), StoreUnavailable, "where did not answer within 3 s"),
        (ConnectionRefusedError(), StoreUnavailable, "where refused the connection"),
        (OSError(113, "No route to host"), StoreUnavailable, "where cannot be reached: No route to host"),
        (ssl.SSLCertVerificationError(), StoreUnusable, "where: its certificate was refused"),
        (RuntimeError("postgresql://u:hunter2@h"), StoreUnavailable, "where broke the connection"),
    ],
)
def test_each_failure_has_its_words(error: Exception, kind: type[OpsdashError], words: str) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "self-signed"
    found = told(error, "where", 3.0)
    assert type(found) is kind
    assert found.message.startswith(words)
    assert "\x1b" not in found.message
