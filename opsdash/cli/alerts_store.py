"""The store as a command uses it: read once, decide, commit, and say who won where two were at it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from uuid import uuid4

from opsdash.adapters.operator import Operator
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after, seen_operator
from opsdash.core.alerting.deed import Deed, signed
from opsdash.core.alerting.maintenance import ZoneOf
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.overtaking import overtaken_by
from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.alerting.pictured import pictured
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.documents import Commit
from opsdash.core.errors import Overtaken, Refused, StoreUnavailable
from opsdash.ports import StateStore

_TRIES = 3
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a command knows: the book as it was read, the configuration, and who sits here."""

    book: Book
    spec: AlertingSpec
    operator: Operator
    now_s: float
    """UTC seconds of the store's clock."""
    zone: tzinfo
    zone_of: ZoneOf
    foreign: tuple[Alert, ...] = ()
    """The alerts of Alertmanagers."""
    held: tuple[Silence, ...] = ()
    """The silences of Alertmanagers."""

    def picture(self) -> AlertsPicture:
        """Everything as the screens show it."""
        return pictured(
            self.book,
            self.spec,
            now_s=self.now_s,
            operator=self.operator.name,
            foreign=self.foreign,
            foreign_silences=self.held,
            zone_of=self.zone_of,
        )


async def read_book(store: StateStore) -> tuple[Book, float]:
    """All that the store has, and its time. Raises StoreUnavailable, StoreUnusable."""
    return book_after(Book(), await store.changes(0)), await store.now_s()


async def commit_deed(store: StateStore, desk: Desk, decide: Callable[[Desk], Deed]) -> Deed:
    """Commits what is decided; the deed. Sent again with the same id where the answer was lost: it happens once.

    Raises Refused where somebody else was first, and says who; StoreUnavailable where nothing is known after several
    tries.
    """
    deed = signed(decide(desk), desk.operator.login)
    commit = Commit(
        id=uuid4().hex,
        writes=(*deed.writes, seen_operator(desk.operator.name, desk.now_s)),
        entries=deed.entries,
    )
    for left in range(_TRIES - 1, -1, -1):
        try:
            await store.commit(commit)
        except Overtaken as overtaken:
            after, _ = await read_book(store)
            raise Refused(overtaken_by(after, overtaken.kind, overtaken.key)) from overtaken
        except StoreUnavailable:
            if left == 0:
                raise
            await asyncio.sleep(_PAUSE_S)
        else:
            break
    return deed
