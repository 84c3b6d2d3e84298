"""What the store keeps of alerts: values to documents, and documents folded into the book."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, assert_never

from opsdash.core.alerting import decoding
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.decoding import Unreadable, number_text
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence, Unowned
from opsdash.core.alerting.mirror import mirror_read
from opsdash.core.documents import Changes, Document, Write

Kept = Alert | RuleHealth | SloStatus | Ack | Silence | Note | Escalation | Unowned
Json = dict[str, Any]

_FIELDS: Mapping[str, tuple[str, Callable[[Json], object]]] = {
    "alert": ("alerts", decoding.alert),
    "rule": ("health", decoding.health),
    "slo": ("slos", decoding.slo),
    "ack": ("acks", decoding.ack),
    "silence": ("silences", decoding.silence),
    "note": ("notes", decoding.note),
    "escalation": ("escalations", decoding.escalation),
    "unowned": ("unowned", decoding.unowned),
    "operator": ("seen_operators", decoding.operator),
}
"""Kind → field of the book, and what reads it; `hub` is read with its key. Others (`outbox`, …) are others' own."""


def written(value: Kept) -> Write:
    """The document of a value, whatever is there now; `expects` is the caller's to set."""
    kind, key = kind_and_key(value)
    return Write(kind=kind, key=key, body=_text(decoding.encoded(value)))


def seen_operator(name: str, at_s: float) -> Write:
    """The document that says when a key of an operator was last heard."""
    return Write(kind="operator", key=name, body=_text({"at_s": number_text(at_s)}))


def removed(kind: str, key: str) -> Write:
    """The document is deleted."""
    return Write(kind=kind, key=key, body=None)


def kind_and_key(value: Kept) -> tuple[str, str]:  # noqa: PLR0911 - one a kind
    """Under what a value is kept."""
    match value:
        case Alert():
            return "alert", value.fingerprint
        case RuleHealth():
            return "rule", value.rule
        case SloStatus():
            return "slo", value.name
        case Ack():
            return "ack", value.fingerprint
        case Silence():
            return "silence", value.id
        case Note():
            return "note", value.fingerprint
        case Escalation():
            return "escalation", value.fingerprint
        case Unowned():
            return "unowned", value.key
        case _:
            assert_never(value)


def book_after(book: Book, changes: Changes) -> Book:
    """The book with what was written since.

    A document that cannot be read (a newer version's, a damaged one) does no harm: what was known before it stays, and
    `Book.unreadable` has it with the reason. Kinds that nobody here knows leave only their versions.
    """
    if not changes.documents and not changes.is_all and changes.revision == book.revision:
        return book
    fold = _Fold(Book() if changes.is_all else book)
    for document in changes.documents:
        fold.take(document)
    return fold.book(changes.revision)


class _Fold:
    """The mappings of a book, each copied once it changes."""

    def __init__(self, before: Book) -> None:
        self._before = before
        self._changed: dict[str, dict[Any, Any]] = {}

    def take(self, document: Document) -> None:
        """One document."""
        place = (document.kind, document.key)
        versions = self._mutable("versions")
        if document.version < versions.get(place, 0):
            return
        if document.body is None:
            versions.pop(place, None)
        else:
            versions[place] = document.version
        if place in self._before.unreadable or "unreadable" in self._changed:
            self._mutable("unreadable").pop(place, None)
        if document.kind in _FIELDS or document.kind == "hub":
            self._put(document, place)

    def _put(self, document: Document, place: tuple[str, str]) -> None:
        name, read = _FIELDS.get(document.kind) or ("mirrors", partial(mirror_read, document.key))
        if document.body is None:
            self._mutable(name).pop(document.key, None)
            return
        try:
            value = read(decoding.object_of(document.body))
        except Unreadable as problem:
            self._mutable("unreadable")[place] = str(problem)
            return
        self._mutable(name)[document.key] = value

    def _mutable(self, name: str) -> dict[Any, Any]:
        if name not in self._changed:
            self._changed[name] = dict(getattr(self._before, name))
        return self._changed[name]

    def book(self, revision: int) -> Book:
        """The next book."""
        changed = {name: MappingProxyType(mapping) for name, mapping in self._changed.items()}
        return replace(self._before, revision=revision, **changed)


def _text(body: Json) -> str:
    return json.dumps(body, separators=(",", ":"), allow_nan=False)
