"""The audit log: entries that are only ever added, each holding the hash of the one before it.

The hash is SHA-256 over the previous hash and the canonical JSON of the entry (RFC 8785 in spirit: sorted keys, no
spaces, UTF-8), so that one changed byte breaks the chain at its entry and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

GENESIS = "0" * 64
"""What the first entry follows."""

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """Something that happened, not yet in the log."""

    kind: str
    """`alert.firing`, `mark.acknowledged`, `silence.created`, `notify.sent`, …: what, then what happened to it."""
    subject: str
    """What it is about: an alert's fingerprint, a silence's id."""
    actor: str
    """The operator, or `opsdash` where nobody was asked."""
    at_s: float
    """UTC seconds of the host that it happened on."""
    text: str
    """One clean line for a person."""
    data: Mapping[str, JsonScalar] = field(default_factory=dict)
    """For machines; values are finite numbers, strings, booleans or null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry in the log."""

    seq: int
    """1, 2, 3, … without a gap."""
    entry: NewEntry
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first entry at which the chain does not hold."""

    seq: int
    why: str


def canonical(seq: int, entry: NewEntry) -> str:
    """The text that is hashed. Raises ValueError for a number that is not finite."""
    whole = {
        "seq": seq,
        "kind": entry.kind,
        "subject": entry.subject,
        "actor": entry.actor,
        "at": round(entry.at_s, 3),
        "text": entry.text,
        "data": dict(entry.data),
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def chained(previous: str, seq: int, entry: NewEntry) -> Entry:
    """The entry as it follows the one whose hash is `previous`."""
    digest = hashlib.sha256(f"{previous}\n{canonical(seq, entry)}".encode()).hexdigest()
    return Entry(seq=seq, entry=entry, previous=previous, hash=digest)


def first_break(entries: Iterable[Entry], *, previous: str = GENESIS, after_seq: int = 0) -> Break | None:
    """The first entry that was changed, left out or put in; None where the chain holds. Reads them once."""
    expected = after_seq + 1
    for entry in entries:
        if entry.seq != expected:
            return Break(seq=expected, why=f"entry {expected} is missing; entry {entry.seq} comes next")
        if entry.previous != previous:
            return Break(seq=entry.seq, why="it does not follow the entry before it")
        try:
            intact = chained(previous, entry.seq, entry.entry).hash == entry.hash
        except (ValueError, TypeError):
            intact = False
        if not intact:
            return Break(seq=entry.seq, why="its text is not what was written")
        previous, expected = entry.hash, expected + 1
    return None
