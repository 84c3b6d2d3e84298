"""Entries to the nine columns in which a database keeps them, and back, with nothing lost on the way."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opsdash.core.audit import Entry, NewEntry, chained

COLUMNS = 9
Row = tuple[int, str, str, str, float, str, str, str, str]
"""seq, kind, subject, actor, at_s, text, data (JSON), previous, hash."""


def chained_rows(seq: int, digest: str, entries: Sequence[NewEntry]) -> tuple[list[Row], int, str]:
    """The rows that follow the entry of this number and hash, and the number and hash of the last of them."""
    rows: list[Row] = []
    for new in entries:
        entry = chained(digest, seq + 1, new)
        seq, digest = entry.seq, entry.hash
        data = json.dumps(dict(new.data), sort_keys=True, ensure_ascii=False, allow_nan=False)
        rows.append((seq, new.kind, new.subject, new.actor, new.at_s, new.text, data, entry.previous, entry.hash))
    return rows, seq, digest


def entry_of(row: Sequence[object]) -> Entry:
    """The entry as it is stored. Where it was changed into what is no entry any longer, its hash says so."""
    seq, kind, subject, actor, at_s, text, data, previous, digest = row
    try:
        values = json.loads(data)  # type: ignore[arg-type]  # whatever stands there
    except (ValueError, TypeError, RecursionError):
        values = None
    if not isinstance(values, dict):
        values = {"damaged": str(data)}
    new = NewEntry(
        kind=str(kind), subject=str(subject), actor=str(actor), at_s=_number(at_s), text=str(text), data=values
    )
    return Entry(seq=int(str(seq)), entry=new, previous=str(previous), hash=str(digest))


def _number(stored: object) -> float:
    return stored if isinstance(stored, float) else float("nan")
