"""What every state store promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.memory import MemoryStore
from opsdash.adapters.stores.sqlite import SqliteStore
from opsdash.core.audit import NewEntry, first_break
from opsdash.core.documents import MUST_BE_NEW, Commit, Fence, Write
from opsdash.core.errors import LeaseLost, Overtaken
from opsdash.ports import StateStore

KINDS: dict[str, Callable[[Path], StateStore]] = {
    "memory": lambda _: MemoryStore(SystemClock()),
    "sqlite": lambda folder: SqliteStore(folder / "state.db", SystemClock()),
}


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StateStore]:
    """An open, empty store of each kind."""
    made = KINDS[request.param](tmp_path)
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
