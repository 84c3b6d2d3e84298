"""The ledger: this process's copy of what the store has, kept up, and what waits to be written to it.

While the store does not answer, the copy goes on by itself: what operators decide is shown at once, said to be
unwritten, kept in its order, and committed under the same id when the store is back. Nothing is written twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.overtaking import overtaken_by
from opsdash.core.alerting.picture import StoreView
from opsdash.core.documents import Changes, Commit, Document, Fence, Write
from opsdash.core.errors import OpsdashError, Overtaken, StoreUnavailable, StoreUnusable
from opsdash.core.metrics.freshness import Freshness
from opsdash.ports import Clock, Spool, StateStore

logger = logging.getLogger(__name__)

POLL_S = 0.3
"""What one operator does is on every other screen within a second."""
TRY_AGAIN_S = 2.0
CLOCK_EVERY_S = 30.0
TOLD_FOR_S = 60.0
"""How long it stands on the screen that a deed which waited was overtaken."""
MOST_UNWRITTEN = 10_000
NOT_WRITTEN = "; not written yet: the store does not answer"


class Ledger:
    """One store, one copy. Everything runs in one event loop."""

    def __init__(
        self, store: StateStore, clock: Clock, changed: Callable[[], None], spool: Spool | None = None
    ) -> None:
        """`changed` is called whenever another picture may be due; `spool` keeps what waits, else memory does."""
        self._spool = spool
        self._left: set[str] = set()
        """What an earlier process decided and could not write."""
        self._not_kept = "" if spool is not None else "no file is there for it"
        """Why what waits is in memory only."""
        self._store = store
        self._clock = clock
        self._changed = changed
        self._book = Book()
        self._read = Book()
        """What the store said, without what waits."""
        self._waiting: deque[Commit] = deque()
        self._shown: dict[tuple[str, str], Write] = {}
        """What was evaluated while the store did not answer, until it is written or another one tells."""
        self._beside: dict[tuple[str, str], Write] = {}
        self._poke = asyncio.Event()
        self._trouble: OpsdashError | None = None
        self._is_open = False
        self._has_read = False
        self._offset_s = 0.0
        self._offset_at_s = float("-inf")
        self._news: tuple[str, float] = ("", float("-inf"))
        """What became of what waited, where that has to be told, and since when (monotonic) it is."""

    @property
    def book(self) -> Book:
        """All that is known now."""
        return self._book

    @property
    def store(self) -> StateStore:
        """For leases and the history."""
        return self._store

    @property
    def is_reachable(self) -> bool:
        """Whether the store answered last time."""
        return self._is_open and self._trouble is None

    @property
    def has_read(self) -> bool:
        """Whether the copy was ever read from the store; else only what was begun without it is known."""
        return self._has_read

    def now_s(self) -> float:
        """UTC seconds of the store's clock: what expiries are judged by."""
        return self._clock.now_s() + self._offset_s

    def view(self) -> StoreView:
        """How the store does, for the screen."""
        trouble = self._trouble
        if trouble is None:
            news, at_s = self._news
            if self._clock.monotonic_s() - at_s < TOLD_FOR_S:
                return StoreView(url=self._store.url, state=Freshness.FRESH, message=news, unwritten=len(self._waiting))
            state = Freshness.FRESH if self._is_open else Freshness.NO_DATA
            return StoreView(url=self._store.url, state=state, unwritten=len(self._waiting))
        kept = "on this host's disk" if not self._not_kept else f"in memory only ({self._not_kept})"
        doing = f"alerts are evaluated in memory; what you do is kept {kept} and written when it can be"
        message = f"{trouble.message}; {doing}"
        return StoreView(url=self._store.url, state=Freshness.ERROR, message=message, unwritten=len(self._waiting))

    async def run(self) -> None:
        """Keeps the copy up until cancelled, then closes the store."""
        await self._take_over()
        try:
            while True:
                await self.keep_up()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._poke.wait(), POLL_S if self._trouble is None else TRY_AGAIN_S)
                self._poke.clear()
        finally:
            await asyncio.shield(self._close())

    async def keep_up(self) -> None:
        """One look at the store: writes what waits, reads what is new. Raises nothing."""
        try:
            if not self._is_open:
                await self._store.open()
                self._is_open = True
            await self._write_waiting()
            if self._beside:
                beside, self._beside = tuple(self._beside.values()), {}
                await self._store.commit(Commit(id=uuid4().hex, writes=beside))
            await self._look_at_clock()
            self._take(await self._store.changes(self._read.revision))
        except (StoreUnavailable, StoreUnusable) as error:
            self._troubled(error)
        else:
            if self._trouble is not None:
                logger.info("the store answers again")
                self._trouble = None
                self._changed()
                await self._take_over()

    async def commit(self, deed: Deed, *, actor_seen: Write | None = None) -> str:
        """Commits what an operator decided; what they are told. Raises Overtaken where somebody else was first: the
        copy knows by then who that was."""
        writes = (*deed.writes, actor_seen) if actor_seen is not None else deed.writes
        commit = Commit(id=uuid4().hex, writes=writes, entries=deed.entries)
        if not self._waiting:
            try:
                await asyncio.shield(self._store.commit(commit))
            except Overtaken:
                await self.keep_up()
                raise
            except (StoreUnavailable, StoreUnusable) as error:
                self._troubled(error)
            else:
                await self.keep_up()
                return deed.told
        await self._keep(commit)
        return deed.told + NOT_WRITTEN + (f"; kept in memory only: {self._not_kept}" if self._not_kept else "")

    async def commit_as_leader(self, deed: Deed, fence: Fence) -> None:
        """Commits what the leader found. Raises LeaseLost, Overtaken, StoreUnavailable, StoreUnusable."""
        await self._store.commit(Commit(id=uuid4().hex, writes=deed.writes, entries=deed.entries, fence=fence))
        self._poke.set()

    def write_beside(self, write: Write) -> None:
        """Written at the next look, if the store is there then: what is no loss if it never is."""
        self._beside[(write.kind, write.key)] = write

    def show(self, writes: tuple[Write, ...]) -> None:
        """Takes these into the copy alone: what was evaluated while the store does not answer."""
        self._shown.update(((write.kind, write.key), write) for write in writes)
        self._book = book_after(self._book, _as_changes(self._book, writes))
        self._changed()

    def settle(self) -> None:
        """What was shown is written, or somebody else knows better: only the store counts again."""
        if self._shown:
            self._shown.clear()
            self._lay_over()

    def troubled(self, error: OpsdashError) -> None:
        """Somebody else met the trouble first."""
        self._troubled(error)

    # --- inside ------------------------------------------------------------------------------------------------

    def _take(self, changes: Changes) -> None:
        self._has_read = True
        if changes.documents or changes.is_all or changes.revision != self._read.revision:
            self._read = book_after(Book() if changes.is_all else self._read, changes)
            self._lay_over()

    def _lay_over(self) -> None:
        """The copy: what the store says, and above it what it does not have yet."""
        writes = (*self._shown.values(), *(write for commit in self._waiting for write in commit.writes))
        self._book = book_after(self._read, _as_changes(self._read, writes)) if writes else self._read
        self._changed()

    async def _keep(self, commit: Commit) -> None:
        if len(self._waiting) >= MOST_UNWRITTEN:
            raise StoreUnavailable(f"{MOST_UNWRITTEN:,} changes wait for the store already; nothing was changed")
        known = {(write.kind, write.key) for waiting in self._waiting for write in waiting.writes}
        writes = tuple(
            replace(write, expects=None) if (write.kind, write.key) in known else write for write in commit.writes
        )
        waiting = replace(commit, writes=writes)
        self._waiting.append(waiting)
        self._lay_over()
        if self._spool is not None:
            try:
                await asyncio.shield(self._spool.keep(waiting))
            except StoreUnavailable as error:
                self._not_kept = error.message
                logger.warning("what waits for the store is in memory only: %s", error.message)
            else:
                self._not_kept = ""

    async def _take_over(self) -> None:
        """What was decided by a process that is gone is older than all that waits here."""
        if self._spool is None:
            return
        known = {commit.id for commit in self._waiting}
        left = [commit for commit in await self._spool.left() if commit.id not in known]
        if left:
            logger.info("%d changes of an earlier process wait for the store", len(left))
            self._left |= {commit.id for commit in left}
            self._waiting.extendleft(reversed(left))
            self._lay_over()
            self._poke.set()

    async def _close(self) -> None:
        await self._store.aclose()
        if self._spool is not None:
            await self._spool.aclose()

    async def _write_waiting(self) -> None:
        while self._waiting:
            commit = self._waiting[0]
            try:
                await self._store.commit(commit)
            except Overtaken as overtaken:
                self._take(await self._store.changes(self._read.revision))
                words = overtaken_by(self._read, overtaken.kind, overtaken.key)
                self._tell(f"not written after all: {words}")
                logger.warning("a change that waited for the store was overtaken: %s %s", overtaken.kind, overtaken.key)
            else:
                if commit.id in self._left:
                    self._tell("what was decided here before and had not reached the store is written now")
            await self._done(commit)

    async def _done(self, commit: Commit) -> None:
        """Two may be at it at once; each change leaves once."""
        if self._waiting and self._waiting[0] is commit:
            self._waiting.popleft()
            self._left.discard(commit.id)
            self._changed()
            if self._spool is not None:
                await self._spool.drop(commit.id)

    def _tell(self, news: str) -> None:
        self._news = (news, self._clock.monotonic_s())

    async def _look_at_clock(self) -> None:
        at_s = self._clock.monotonic_s()
        if at_s - self._offset_at_s >= CLOCK_EVERY_S:
            self._offset_s = await self._store.now_s() - self._clock.now_s()
            self._offset_at_s = at_s

    def _troubled(self, error: OpsdashError) -> None:
        if self._trouble is None or self._trouble.message != error.message:
            logger.warning("the store: %s", error.message)
            self._trouble = error
            self._changed()


def _as_changes(book: Book, writes: tuple[Write, ...]) -> Changes:
    """Writes as if they were read: under the versions that are known, since the store has none for them yet."""
    documents = tuple(
        Document(kind=write.kind, key=write.key, version=book.versions.get((write.kind, write.key), 0), body=write.body)
        for write in writes
    )
    return Changes(revision=book.revision, documents=documents)
