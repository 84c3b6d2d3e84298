"""What the tests of a store's faults have in common."""

from __future__ import annotations

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.stores.spool import FileSpool
from opsdash.core.alerting.deed import Deed
from opsdash.core.audit import NewEntry
from opsdash.core.documents import MUST_BE_NEW, Commit, Write
from opsdash.engine.alerts.ledger import Ledger
from opsdash.ports import StateStore


def commit(name: str, *, expects: int | None = None) -> Commit:
    """One document and one entry."""
    return Commit(id=name, writes=(Write(kind="x", key=name, body="{}", expects=expects),), entries=(entry(name),))


def entry(text: str) -> NewEntry:
    """That somebody did something."""
    return NewEntry(kind="mark.acknowledged", subject="f1", actor="mina", at_s=1.5, text=text)


def deed(name: str) -> Deed:
    """What an operator decides."""
    write = Write(kind="x", key=name, body="{}", expects=MUST_BE_NEW)
    return Deed(writes=(write,), entries=(entry(name),), told="done")


def ledger_on(store: StateStore, spool: FileSpool | None = None) -> Ledger:
    """One that a test moves."""
    return Ledger(store, SystemClock(), lambda: None, spool)


async def texts(store: StateStore) -> list[str]:
    """What the log says, oldest first."""
    return [each.entry.text for each in await store.chain()]
