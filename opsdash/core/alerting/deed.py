"""A deed: what somebody, or the leader, decided, before the store has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from opsdash.core.alerting.book import Book
from opsdash.core.audit import NewEntry
from opsdash.core.documents import MUST_BE_NEW, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """All of it is committed, or nothing: the documents, what the history says of it, and what the person is told."""

    writes: tuple[Write, ...] = ()
    entries: tuple[NewEntry, ...] = ()
    told: str = ""
    """One clean line."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to commit."""
        return not self.writes and not self.entries


def joined(deeds: Iterable[Deed], *, told: str = "") -> Deed:
    """Several deeds as one; without words of its own it says those of all."""
    parts = tuple(deeds)
    return Deed(
        writes=tuple(write for deed in parts for write in deed.writes),
        entries=tuple(entry for deed in parts for entry in deed.entries),
        told=told or "; ".join(deed.told for deed in parts if deed.told),
    )


def unless_changed(write: Write, book: Book) -> Write:
    """The write, refused by the store where the document is no longer what this book says."""
    return replace(write, expects=book.versions.get((write.kind, write.key), MUST_BE_NEW))


def signed(deed: Deed, login: str) -> Deed:
    """The deed with who logged in, where that is another than who acts: the history has both."""
    return replace(
        deed,
        entries=tuple(
            entry if entry.actor == login else replace(entry, data={**entry.data, "login": login})
            for entry in deed.entries
        ),
    )
