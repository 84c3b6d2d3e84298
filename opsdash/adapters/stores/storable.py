"""A commit as every store can keep it and give it back as it was: so that none is refused for what it says.

What waits for a store is sent again until it is taken. One that could never be taken would hold up all that follow.
"""

from __future__ import annotations

import math
from dataclasses import replace

from opsdash.core.audit import JsonScalar, NewEntry
from opsdash.core.documents import Commit, Write

_NUL = "\N{SYMBOL FOR NULL}"


def storable(commit: Commit) -> Commit:
    """Texts without NUL and half characters, numbers that JSON has. Nearly always the same commit."""
    return replace(
        commit,
        id=storable_text(commit.id),
        writes=tuple(_write(each) for each in commit.writes),
        entries=tuple(_entry(each) for each in commit.entries),
    )


def storable_text(text: str) -> str:
    """PostgreSQL keeps no NUL, and UTF-8 has no half of a pair."""
    if "\0" in text:
        text = text.replace("\0", _NUL)
    if text.isascii():
        return text
    return text.encode(errors="replace").decode()


def _write(write: Write) -> Write:
    body = None if write.body is None else storable_text(write.body)
    return replace(write, kind=storable_text(write.kind), key=storable_text(write.key), body=body)


def _entry(entry: NewEntry) -> NewEntry:
    return NewEntry(
        kind=storable_text(entry.kind),
        subject=storable_text(entry.subject),
        actor=storable_text(entry.actor),
        at_s=float(entry.at_s) if math.isfinite(entry.at_s) else 0.0,
        text=storable_text(entry.text),
        data={storable_text(key): _scalar(value) for key, value in entry.data.items()},
    )


def _scalar(value: JsonScalar) -> JsonScalar:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return value
