"""What a store keeps: documents that are replaced, entries that are only added, and one lease a name.

A document is a JSON object under a kind and a key; a commit replaces some of them and adds entries, all or nothing.
So one small port serves alerts, acknowledgements, silences and, later, the intents of actions.
"""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.audit import NewEntry

MUST_BE_NEW = 0
"""`Write.expects` of a document that must not exist yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document as it stands in the store."""

    kind: str
    """`alert`, `rule`, `ack`, `silence`, … (core/alerting/codec.py has them all)."""
    key: str
    version: int
    """The store's revision at which it was written; grows with each write."""
    body: str | None
    """A JSON object; None: it was deleted, and is told so once more to whoever has an older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A document to be replaced."""

    kind: str
    key: str
    body: str | None
    """None deletes it."""
    expects: int | None = None
    """The version that it must still have (0: it must not exist); None: whatever is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A commit that only the holder of a lease may make: one who lost it meanwhile is refused."""

    lease: str
    term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """All or nothing. A commit whose `id` is in the store already changes nothing: it may be sent twice."""

    id: str
    writes: tuple[Write, ...] = ()
    entries: tuple[NewEntry, ...] = ()
    fence: Fence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was written after a revision."""

    revision: int
    documents: tuple[Document, ...]
    """The newest of each, deleted ones with `body` None; in the order of their versions."""
    is_all: bool = False
    """Whether these are all that there are: what is not among them does not exist (after a restore, or at first)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds a name now. Times are of the store's own clock, so that bastions whose clocks differ agree."""

    name: str
    holder: str
    term: int
    """Grows with each change of holder."""
    left_s: float
    """For how much longer, as of this answer."""
    is_ours: bool
