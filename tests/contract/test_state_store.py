"""What every state store promises."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.adapters.stores.postgres import PostgresStore
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.core.audit import NewEntry, first_break
from opsdash.core.documents import MUST_BE_NEW, Commit, Fence, Write
from opsdash.core.errors import LeaseLost, Overtaken
from opsdash.ports import StateStore

KINDS = ("memory", "sqlite", "postgresql")
MakeStore = Callable[[], StateStore]


@pytest.fixture(params=KINDS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    """Another process's look at one store, of each kind. Of memory there is one look only."""
    match request.param:
        case "sqlite":
            return lambda: SqliteStore(tmp_path / "state.db", SystemClock())
        case "postgresql":
            dsn = request.getfixturevalue("postgresql_dsn")
            return lambda: PostgresStore(dsn)
        case _:
            only = MemoryStore(SystemClock())
            return lambda: only


@pytest.fixture
async def store(make_store: MakeStore) -> AsyncIterator[StateStore]:
    """An open, empty store of each kind."""
    made = make_store()
    await made.open()
    yield made
    await made.aclose()


@pytest.fixture
async def other(make_store: MakeStore) -> AsyncIterator[StateStore]:
    """The same store, seen by another process."""
    made = make_store()
    await made.open()
    yield made
    await made.aclose()


def ack(body: str | None, *, expects: int | None = None, key: str = "f1") -> Write:
    return Write(kind="ack", key=key, body=body, expects=expects)


def entry(text: str, subject: str = "f1") -> NewEntry:
    return NewEntry(kind="mark.acknowledged", subject=subject, actor="mina", at_s=1.5, text=text, data={"value": 0.1})


async def test_a_commit_is_seen_by_whoever_asks_what_changed(store: StateStore) -> None:
    revision = await store.commit(Commit(id="1", writes=(ack('{"owner": "mina"}'),)))

    changes = await store.changes(0)

    assert changes.is_all
    assert changes.revision == revision
    assert [(each.kind, each.key, each.body) for each in changes.documents] == [("ack", "f1", '{"owner": "mina"}')]
    assert (await store.changes(revision)).documents == ()


async def test_a_deleted_document_is_told_once_more_without_its_body(store: StateStore) -> None:
    first = await store.commit(Commit(id="1", writes=(ack("{}"),)))
    await store.commit(Commit(id="2", writes=(ack(None),)))

    assert [each.body for each in (await store.changes(first)).documents] == [None]


async def test_of_two_who_expect_the_same_version_the_second_is_told(store: StateStore) -> None:
    await store.commit(Commit(id="1", writes=(ack('{"owner": "mina"}', expects=MUST_BE_NEW),)))

    with pytest.raises(Overtaken) as overtaken:
        await store.commit(Commit(id="2", writes=(ack('{"owner": "jun"}', expects=MUST_BE_NEW),)))

    assert (overtaken.value.kind, overtaken.value.key) == ("ack", "f1")
    assert [each.body for each in (await store.changes(0)).documents] == ['{"owner": "mina"}']


async def test_a_commit_is_all_or_nothing(store: StateStore) -> None:
    await store.commit(Commit(id="1", writes=(ack("{}", key="f2"),)))

    with pytest.raises(Overtaken):
        await store.commit(
            Commit(id="2", writes=(ack("{}"), ack("{}", key="f2", expects=MUST_BE_NEW)), entries=(entry("never"),))
        )

    assert [each.key for each in (await store.changes(0)).documents] == ["f2"]
    assert await store.entries() == ()


async def test_what_was_deleted_may_be_made_anew(store: StateStore) -> None:
    await store.commit(Commit(id="1", writes=(ack("{}"),)))
    await store.commit(Commit(id="2", writes=(ack(None),)))

    await store.commit(Commit(id="3", writes=(ack("{}", expects=MUST_BE_NEW),)))


async def test_a_commit_that_is_sent_twice_is_done_once(store: StateStore) -> None:
    commit = Commit(id="1", writes=(ack("{}", expects=MUST_BE_NEW),), entries=(entry("once"),))

    assert await store.commit(commit) == await store.commit(commit)
    assert len(await store.entries()) == 1


async def test_entries_are_chained_and_come_newest_first(store: StateStore) -> None:
    await store.commit(Commit(id="1", entries=(entry("one"), entry("two", "f2"))))
    await store.commit(Commit(id="2", entries=(entry("drei \u20ac \U0001f600"),)))

    assert first_break(await store.chain()) is None
    assert await store.head() == (3, (await store.entries(limit=1))[0].hash)
    assert [each.entry.text for each in await store.entries()] == ["drei \u20ac \U0001f600", "two", "one"]
    assert [each.entry.text for each in await store.entries(subject="f2")] == ["two"]
    assert [each.seq for each in await store.entries(before_seq=3, limit=1)] == [2]
    assert [each.seq for each in await store.chain(after_seq=1, limit=1)] == [2]


async def test_one_holds_a_lease_until_it_gives_it_up(store: StateStore) -> None:
    assert (await store.lease("evaluate", "a", 60)).is_ours
    assert (await store.lease("evaluate", "a", 60)).term == 1
    other = await store.lease("evaluate", "b", 60)
    assert (other.is_ours, other.holder) == (False, "a")

    await store.release("evaluate", "b")
    assert not (await store.lease("evaluate", "b", 60)).is_ours
    await store.release("evaluate", "a")

    taken = await store.lease("evaluate", "b", 60)
    assert (taken.is_ours, taken.term) == (True, 2)


async def test_a_lease_that_is_over_is_free_and_its_term_is_past(store: StateStore) -> None:
    first = await store.lease("evaluate", "a", 0.0)
    second = await store.lease("evaluate", "b", 60)

    assert second.is_ours
    assert second.term > first.term
    with pytest.raises(LeaseLost):
        await store.commit(Commit(id="1", writes=(ack("{}"),), fence=Fence(lease="evaluate", term=first.term)))
    await store.commit(Commit(id="2", writes=(ack("{}"),), fence=Fence(lease="evaluate", term=second.term)))


async def test_a_leader_whose_time_is_over_writes_nothing_though_nobody_took_it(store: StateStore) -> None:
    lease = await store.lease("evaluate", "a", 0.0)

    with pytest.raises(LeaseLost):
        await store.commit(Commit(id="1", writes=(ack("{}"),), fence=Fence(lease="evaluate", term=lease.term)))


async def test_what_one_writes_another_reads(store: StateStore, other: StateStore) -> None:
    revision = await store.commit(Commit(id="1", writes=(ack('{"owner": "mina"}'),)))
    assert [each.body for each in (await other.changes(0)).documents] == ['{"owner": "mina"}']

    await other.commit(Commit(id="2", writes=(ack('{"owner": "jun"}', expects=revision),)))

    assert [each.body for each in (await store.changes(revision)).documents] == ['{"owner": "jun"}']


async def test_of_many_at_once_each_is_written_once_and_the_chain_holds(store: StateStore, other: StateStore) -> None:
    commits = [Commit(id=str(n), writes=(ack(str(n)),), entries=(entry(str(n)),)) for n in range(20)]

    await asyncio.gather(*(each.commit(commit) for commit in commits for each in (store, other)))

    assert sorted(int(each.entry.text) for each in await store.entries()) == list(range(20))
    assert first_break(await store.chain()) is None
    assert (await other.changes(0)).revision == 20


async def test_of_ten_who_want_the_lease_at_once_one_has_it(store: StateStore, other: StateStore) -> None:
    asked = [each.lease("evaluate", f"{n}", 60) for n, each in enumerate([store, other] * 5)]

    leases = await asyncio.gather(*asked)

    assert sum(lease.is_ours for lease in leases) == 1
    assert len({(lease.holder, lease.term) for lease in leases}) == 1


async def test_what_no_database_can_keep_is_kept_as_something_that_can_be_read(store: StateStore) -> None:
    odd = NewEntry(
        kind="k", subject="a\0b", actor="\ud800", at_s=math.nan, text="x\0\udfff", data={"v": math.inf, "t": "\0"}
    )

    await store.commit(Commit(id="\ud800\0", writes=(ack('{"a": "\ud800"}', key="\0"),), entries=(odd,)))

    assert first_break(await store.chain()) is None
    (kept,) = await store.entries()
    assert kept.entry.data == {"v": "+Inf", "t": "\N{SYMBOL FOR NULL}"}
    assert (await store.changes(0)).documents[0].key == "\N{SYMBOL FOR NULL}"


async def test_whole_numbers_as_times_do_not_break_the_chain(store: StateStore) -> None:
    whole = NewEntry(
        kind="k", subject="s", actor="a", at_s=1_700_000_000, text="t", data={"n": 3, "b": True, "x": None}
    )

    await store.commit(Commit(id="1", entries=(whole,)))

    assert first_break(await store.chain()) is None
    assert (await store.entries())[0].entry.data == {"n": 3, "b": True, "x": None}


async def test_a_revision_that_the_store_never_had_gives_all_that_there_is(store: StateStore) -> None:
    revision = await store.commit(Commit(id="1", writes=(ack("{}"),)))

    changes = await store.changes(revision + 1000)

    assert (changes.is_all, changes.revision, len(changes.documents)) == (True, revision, 1)


async def test_a_lease_is_left_where_its_holder_was_killed_until_it_is_over(
    store: StateStore, other: StateStore
) -> None:
    await store.lease("evaluate", "a", 0.2)
    assert not (await other.lease("evaluate", "b", 60)).is_ours

    await asyncio.sleep(0.3)

    assert (await other.lease("evaluate", "b", 60)).is_ours


async def test_its_clock_is_about_ours(store: StateStore) -> None:
    assert abs(await store.now_s() - SystemClock().now_s()) < 30
