"""_bulk: documents that somebody sends, put into the ring beside those of the plant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.bodies import read_json
from opsdash.plant.faces.elasticsearch.dates import instant
from opsdash.plant.faces.elasticsearch.errors import Json, Refused, bad_number, illegal, invalid
from opsdash.plant.faces.elasticsearch.field_match import address_of
from opsdash.plant.faces.elasticsearch.query import token_of
from opsdash.plant.log_columns import Measured
from opsdash.plant.log_fields import FIELDS, NUMBERS, Kind
from opsdash.plant.log_ring import Batch, LogRing

LONGEST_DOCUMENT = 64 * 1024
LONGEST_TERM = 32_766
_ACTIONS = ("index", "create", "delete", "update")
_IDENTITY = (
    "_index",
    "_id",
    "routing",
    "_routing",
    "pipeline",
    "require_alias",
    "version",
    "version_type",
    "if_seq_no",
    "if_primary_term",
    "dynamic_templates",
    "list_executed_pipelines",
    "require_data_stream",
    "retry_on_conflict",
)
_OBJECTS = frozenset(name.rpartition(".")[0] for name in FIELDS if "." in name)


@dataclass(frozen=True, slots=True)
class _Operation:
    action: str
    index: str | None
    id: str | None
    source: bytes = b""


def bulk(ring: LogRing, body: bytes, *, index: str, default: str | None, now_ms: int) -> Json:
    """The answer: an item for each operation. Raises Refused where the lines cannot be told apart."""
    return {"errors": False, **_Writing(ring, index, now_ms).all(_operations(body, default))}


# -- lines -------------------------------------------------------------------------------------------------------------


def _operations(body: bytes, default: str | None) -> list[_Operation]:
    if not body:
        raise Refused("parse_exception", "request body is required")
    if not body.strip():
        raise invalid("no requests added")
    if not body.endswith(b"\n"):
        raise illegal("The bulk request must be terminated by a newline [\\n]")
    return list(_read(body.split(b"\n")[:-1], default))


def _read(lines: list[bytes], default: str | None) -> Iterator[_Operation]:
    rest = iter(enumerate(lines, start=1))
    for number, line in rest:
        if not line.strip():
            continue
        action, identity = _action(line, number)
        named = identity.get("_id")
        operation = _Operation(action, identity.get("_index", default), None if named is None else str(named))
        if operation.index is None:
            raise Refused("action_request_validation_exception", "Validation Failed: 1: index is missing;")
        if action != "delete":
            _, source = next(rest, (0, b""))
            if not source.strip():
                raise illegal(f"Malformed action/metadata line [{number}], no document follows it")
            operation = _Operation(action, operation.index, operation.id, source)
        yield operation


def _action(line: bytes, number: int) -> tuple[str, Mapping[str, Any]]:
    given = read_json(line)
    if not isinstance(given, dict):
        raise illegal(f"Malformed action/metadata line [{number}], expected START_OBJECT but found [{token_of(given)}]")
    if len(given) != 1:
        raise illegal(f"Malformed action/metadata line [{number}], expected FIELD_NAME but found [END_OBJECT]")
    action, identity = next(iter(given.items()))
    if action not in _ACTIONS:
        expected = "expected field [create], [delete], [index] or [update] but found"
        raise illegal(f"Malformed action/metadata line [{number}], {expected} [{action}]")
    if not isinstance(identity, dict):
        found = token_of(identity)
        raise illegal(
            f"Malformed action/metadata line [{number}], expected START_OBJECT or END_OBJECT but found [{found}]"
        )
    for key in identity:
        if key not in _IDENTITY:
            raise illegal(f"Action/metadata line [{number}] contains an unknown parameter [{key}]")
    return action, identity


# -- documents ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Pending:
    """Documents that are read and not in the ring yet."""

    values: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    sources: list[bytes] = field(default_factory=list)
    documents: list[Json] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class _Writing:
    ring: LogRing
    index: str
    now_ms: int
    pending: _Pending = field(default_factory=_Pending)

    def all(self, operations: list[_Operation]) -> Json:
        items = []
        for each in operations:
            try:
                told = self._one(each)
            except Refused as error:
                told = {"_index": each.index, "_id": each.id, "status": error.status, "error": error.told()}
            items.append({each.action: told})
        self._flush()
        return {"errors": any("error" in told for item in items for told in item.values()), "items": items}

    def _one(self, operation: _Operation) -> Json:
        if operation.index != self.index:
            more = {"resource.type": "index_or_alias", "resource.id": operation.index, "index_uuid": "_na_",
                    "index": operation.index}  # fmt: skip
            reason = f"no such index [{operation.index}] and [action.auto_create_index] is [false]"
            raise Refused("index_not_found_exception", reason, status=404, more=more)
        if operation.action == "update":
            raise illegal("update is not part of the demo's Elasticsearch")
        if operation.id is not None and (operation.id in self.pending.ids or operation.action == "delete"):
            self._flush()
        if operation.action == "delete":
            return self._delete(operation)
        return self._index(operation)

    def _index(self, operation: _Operation) -> Json:
        document = self._document(operation)
        values = read_values(document, now_ms=self.now_ms, name=operation.id)
        if operation.id is not None and len(operation.id.encode()) > 512:
            raise illegal(
                f"id [{operation.id[:40]}…] is too long, must be no longer than 512 bytes but was:"
                f" {len(operation.id.encode())}"
            )
        version = 1
        if operation.id is not None and self.ring.place_of(operation.id) is not None:
            if operation.action == "create":
                raise self._conflict(operation.id)
            version = self.ring.replaced(operation.id)
        told: Json = {
            "_index": self.index,
            "_id": operation.id,
            "_version": version,
            "result": "created" if version == 1 else "updated",
            "_shards": {"total": 1, "successful": 1, "failed": 0},
            "_seq_no": 0,
            "_primary_term": 1,
            "status": 201 if version == 1 else 200,
        }
        pending = self.pending
        pending.values.append(values)
        pending.ids.append(operation.id)
        pending.sources.append(operation.source)
        pending.documents.append(document)
        pending.items.append(told)
        if len(pending.items) >= min(5_000, self.ring.capacity):
            self._flush()
        return told

    def _document(self, operation: _Operation) -> Json:
        if len(operation.source) > LONGEST_DOCUMENT:
            raise illegal(f"a document of the demo has at most {LONGEST_DOCUMENT} bytes")
        try:
            document = read_json(operation.source)
        except Refused as error:
            raise Refused("document_parsing_exception", "failed to parse", cause=error) from error
        if not isinstance(document, dict):
            cause = Refused("not_x_content_exception", "Compressor detection can only be called on some xcontent bytes")
            raise Refused("document_parsing_exception", "failed to parse", cause=cause)
        return document

    def _delete(self, operation: _Operation) -> Json:
        place = None if operation.id is None else self.ring.place_of(operation.id)
        told: Json = {"_index": self.index, "_id": operation.id, "_version": 1, "result": "not_found",
                      "_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": self.ring.next_number,
                      "_primary_term": 1, "status": 404}  # fmt: skip
        if place is None or not self.ring.is_alive(place):
            return told
        version = self.ring.version_of(place) + 1
        self.ring.remove(place)
        return {**told, "_version": version, "result": "deleted", "status": 200}

    def _conflict(self, name: str) -> Refused:
        reason = f"[{name}]: version conflict, document already exists (current version [1])"
        return Refused("version_conflict_engine_exception", reason, status=409)

    def _flush(self) -> None:
        pending = self.pending
        if not pending.items:
            return
        first = self.ring.append(_batch(pending.values, pending.ids, pending.sources))
        self.ring.forget_sources(first, pending.documents)
        for number, told in enumerate(pending.items, start=first):
            told["_seq_no"] = number
            if told["_id"] is None:
                told["_id"] = self.ring.id_of(number - self.ring.first) if number >= self.ring.first else "gone"
        self.pending = _Pending()


def _batch(values: list[dict[str, Any]], ids: list[str | None], sources: list[bytes]) -> Batch:
    columns: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        column = [each.get(name) for each in values]
        if kind in NUMBERS or kind is Kind.DATE:
            present = np.array([each is not None for each in column], dtype=np.bool_)
            columns[name] = Measured([0 if each is None else each for each in column], present)
        else:
            columns[name] = column
    return Batch(len(values), columns, ids, sources)


# -- values ------------------------------------------------------------------------------------------------------------


def read_values(document: Json, *, now_ms: int, name: str | None) -> dict[str, Any]:
    """The values of the mapped fields. Raises Refused for one that its field cannot have."""
    found: dict[str, Any] = {}
    for path, value in _leaves(document, ""):
        kind = FIELDS.get(path)
        if kind is None:
            if path in _OBJECTS and value is not None:
                raise _unfit(
                    path, "object", name, value, illegal("tried to parse field as object, but found a concrete value")
                )
            continue
        if isinstance(value, list):
            values = [each for each in value if each is not None]
            if len(values) > 1:
                raise _unfit(path, kind, name, value, illegal("a field of the demo has one value at most"))
            value = values[0] if values else None  # noqa: PLW2901 - an array of one is its value
        if value is None:
            continue
        try:
            found[path] = _READERS[kind](value, now_ms)
        except Refused as error:
            raise _unfit(path, kind, name, value, error) from error
    return found


def _leaves(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        name = f"{path}{key}"
        if isinstance(each, dict) and name not in FIELDS:
            yield from _leaves(each, f"{name}.")
        else:
            yield name, each


def _unfit(path: str, kind: str, name: str | None, value: Any, cause: Refused) -> Refused:
    shown = json.dumps(value) if isinstance(value, dict | list) else str(value)
    reason = (
        f"failed to parse field [{path}] of type [{kind}] in document with id '{name}'."
        f" Preview of field's value: '{shown[:100]}'"
    )
    return Refused("document_parsing_exception", reason, cause=cause)


def _whole(most: int, java: str) -> Callable[[Any, int], int]:
    def read(value: Any, _now_ms: int) -> int:
        parsed = _fraction(value, _now_ms)
        if not -most <= parsed < most:
            raise illegal(f"Value [{value}] is out of range for {java}")
        return int(value) if isinstance(value, int) else int(parsed)

    return read


def _fraction(value: Any, _now_ms: int) -> float:
    if isinstance(value, dict | list | bool):
        raise illegal(f"{token_of(value)} is no number")
    text = str(value)
    if not re.fullmatch(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*", text, re.ASCII) or len(text) > 100:
        raise bad_number(text)
    return float(text)


def _float(value: Any, now_ms: int) -> float:
    parsed = np.float32(0)
    with np.errstate(over="ignore"):
        parsed = np.float32(_fraction(value, now_ms))
    if not np.isfinite(parsed):
        raise illegal(f"[float] supports only finite values, but got [{value}]")
    return float(parsed)


def _date(value: Any, now_ms: int) -> int:
    if isinstance(value, float):
        value = str(int(value))
    if isinstance(value, str) and value.startswith("now"):
        raise illegal(f"failed to parse date field [{value}] with format [strict_date_optional_time||epoch_millis]")
    return instant(value, now_ms=now_ms, up=False)


def _word(value: Any, _now_ms: int) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, dict):
        raise illegal("Can't get text on a START_OBJECT")
    if len(text.encode(errors="replace")) > LONGEST_TERM:
        raise illegal(
            f"Document contains at least one immense term (whose UTF8 encoding is longer than {LONGEST_TERM})"
        )
    return text


def _text(value: Any, _now_ms: int) -> str:
    if isinstance(value, dict):
        raise illegal("Can't get text on a START_OBJECT")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _address(value: Any, _now_ms: int) -> str:
    try:
        address_of(str(value))
    except ValueError:
        raise illegal(f"'{value}' is not an IP string literal.") from None
    return str(value)


_READERS: Mapping[str, Callable[[Any, int], Any]] = {
    Kind.DATE: _date,
    Kind.KEYWORD: _word,
    Kind.TEXT: _text,
    Kind.FLOAT: _float,
    Kind.INTEGER: _whole(2**31, "an integer"),
    Kind.LONG: _whole(2**63, "a long"),
    Kind.IP: _address,
}
