"""A store that goes away when a test says so."""

from __future__ import annotations

from opsdash.adapters.stores.memory import MemoryStore
from opsdash.core.documents import Changes, Commit, Lease
from opsdash.core.errors import StoreUnavailable
from opsdash.ports import Clock


class FailingStore(MemoryStore):
    """In memory; `is_gone` makes every call fail, `loses_answers` lets commits through and fails all the same."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.is_gone = False
        self.loses_answers = False

    async def changes(self, after: int) -> Changes:
        self._check()
        return await super().changes(after)

    async def commit(self, commit: Commit) -> int:
        self._check()
        revision = await super().commit(commit)
        if self.loses_answers:
            raise StoreUnavailable("the store did not answer in 3 s")
        return revision

    async def lease(self, name: str, holder: str, ttl_s: float) -> Lease:
        self._check()
        return await super().lease(name, holder, ttl_s)

    def _check(self) -> None:
        if self.is_gone:
            raise StoreUnavailable("the store is gone")
