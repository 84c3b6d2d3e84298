"""A commit as a line of a file and back. A line that a crash cut short was never told to be kept: it is passed over."""

from __future__ import annotations

import json
from typing import Any

from opsdash.adapters.stores.storable import storable
from opsdash.core.audit import NewEntry
from opsdash.core.documents import Commit, Write


def commit_line(commit: Commit) -> str:
    """One line. A fence is no part of it: leaders' commits do not wait on the disk."""
    kept = storable(commit)
    whole = {
        "commit": kept.id,
        "writes": [[write.kind, write.key, write.body, write.expects] for write in kept.writes],
        "entries": [[e.kind, e.subject, e.actor, e.at_s, e.text, dict(e.data)] for e in kept.entries],
    }
    return json.dumps(whole, ensure_ascii=True, allow_nan=False) + "\n"


def done_line(commit_id: str) -> str:
    """One line: this one waits no longer."""
    return json.dumps({"done": commit_id}) + "\n"


def commits_of(text: str) -> tuple[Commit, ...]:
    """Those that still wait, in their order."""
    found: dict[str, Commit] = {}
    for line in text.splitlines():
        try:
            document = json.loads(line)
            if "done" in document:
                found.pop(document["done"], None)
            else:
                commit = _commit(document)
                found[commit.id] = commit
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return tuple(found.values())


def _commit(document: dict[str, Any]) -> Commit:
    """Raises ValueError, TypeError, KeyError for what is none."""
    writes = tuple(_write(*fields) for fields in document["writes"])
    entries = tuple(_entry(fields) for fields in document["entries"])
    return storable(Commit(id=_text(document["commit"]), writes=writes, entries=entries))


def _write(kind: object, key: object, body: object, expects: object) -> Write:
    if expects is not None and type(expects) is not int:
        raise TypeError("a version is a whole number")
    return Write(kind=_text(kind), key=_text(key), body=None if body is None else _text(body), expects=expects)


def _entry(fields: object) -> NewEntry:
    if not isinstance(fields, list):
        raise TypeError("not an entry")
    kind, subject, actor, at_s, text, data = fields
    if not isinstance(at_s, float) or not isinstance(data, dict):
        raise TypeError("not an entry")
    if not all(value is None or isinstance(value, str | int | float) for value in data.values()):
        raise TypeError("not the values of an entry")
    return NewEntry(
        kind=_text(kind), subject=_text(subject), actor=_text(actor), at_s=at_s, text=_text(text), data=data
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
