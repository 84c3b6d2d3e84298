"""A store that ends with its process: for tests, for `once`, and for who writes `store: {url: "memory://"}`."""

from __future__ import annotations

from opsdash.adapters.stores.storable import storable
from opsdash.core.audit import GENESIS, Entry, chained
from opsdash.core.documents import Changes, Commit, Document, Lease, Write
from opsdash.core.errors import LeaseLost, Overtaken
from opsdash.ports import Clock


class MemoryStore:
    """`opsdash.ports.StateStore` without a disk. Several engines of one process may share it."""

    url = "memory://"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._documents: dict[tuple[str, str], Document] = {}
        self._entries: list[Entry] = []
        self._commits: dict[str, int] = {}
        self._leases: dict[str, tuple[str, int, float]] = {}
        """Name → (holder, term, monotonic seconds at which it is over)."""
        self._revision = 0

    async def open(self) -> None:
        """Nothing to do."""

    async def changes(self, after: int) -> Changes:
        """What was written after this revision."""
        after = after if after <= self._revision else 0
        found = sorted(
            (each for each in self._documents.values() if each.version > after), key=lambda each: each.version
        )
        return Changes(revision=self._revision, documents=tuple(found), is_all=after == 0)

    async def commit(self, commit: Commit) -> int:
        """All of it or nothing."""
        commit = storable(commit)
        if commit.id in self._commits:
            return self._commits[commit.id]
        if commit.fence is not None:
            self._check_fence(commit.fence.lease, commit.fence.term)
        for write in commit.writes:
            self._check_expected(write)
        self._revision += 1
        for write in commit.writes:
            key = (write.kind, write.key)
            self._documents[key] = Document(kind=write.kind, key=write.key, version=self._revision, body=write.body)
        for entry in commit.entries:
            previous = self._entries[-1].hash if self._entries else GENESIS
            self._entries.append(chained(previous, len(self._entries) + 1, entry))
        self._commits[commit.id] = self._revision
        return self._revision

    async def lease(self, name: str, holder: str, ttl_s: float) -> Lease:
        """Takes or keeps it, or says who has it."""
        now_s = self._clock.monotonic_s()
        known = self._leases.get(name)
        if known is None or known[2] <= now_s or known[0] == holder:
            term = 1 if known is None else known[1] + (known[0] != holder or known[2] <= now_s)
            known = self._leases[name] = (holder, term, now_s + ttl_s)
        owner, term, until_s = known
        return Lease(name=name, holder=owner, term=term, left_s=until_s - now_s, is_ours=owner == holder)

    async def release(self, name: str, holder: str) -> None:
        """Gives it up."""
        known = self._leases.get(name)
        if known is not None and known[0] == holder:
            self._leases[name] = (known[0], known[1], self._clock.monotonic_s())

    async def now_s(self) -> float:
        """This process's clock."""
        return self._clock.now_s()

    async def entries(
        self, *, subject: str | None = None, before_seq: int | None = None, limit: int = 200
    ) -> tuple[Entry, ...]:
        """Newest first."""
        found = (
            entry
            for entry in reversed(self._entries)
            if (subject is None or entry.entry.subject == subject) and (before_seq is None or entry.seq < before_seq)
        )
        return tuple(entry for _, entry in zip(range(limit), found, strict=False))

    async def chain(self, *, after_seq: int = 0, limit: int = 10_000) -> tuple[Entry, ...]:
        """Oldest first."""
        return tuple(self._entries[after_seq : after_seq + limit])

    async def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry."""
        return len(self._entries), self._entries[-1].hash if self._entries else GENESIS

    async def aclose(self) -> None:
        """It stays as it is, for the others of this process."""

    def _check_fence(self, name: str, term: int) -> None:
        holder, current, until_s = self._leases.get(name, ("nobody", 0, 0.0))
        if current != term or until_s <= self._clock.monotonic_s():
            raise LeaseLost(f"{holder} leads now" if current != term else "the lease is over")

    def _check_expected(self, write: Write) -> None:
        known = self._documents.get((write.kind, write.key))
        version = known.version if known is not None and known.body is not None else 0
        if write.expects is not None and write.expects != version:
            raise Overtaken(f"{write.kind} {write.key} was changed meanwhile", kind=write.kind, key=write.key)
