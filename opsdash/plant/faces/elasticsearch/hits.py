"""Hits: documents as an answer shows them, whole, in part, or by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch import sort
from opsdash.plant.faces.elasticsearch.dates import written
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Json, Refused, parsing, unknown_field
from opsdash.plant.faces.elasticsearch.query import token_of
from opsdash.plant.log_fields import Kind, column_of, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a hit shows of its document."""

    source: bool = True
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    fields: tuple[tuple[str, str | None], ...] = ()
    """Patterns, and the format of dates."""
    docvalues: tuple[tuple[str, str | None], ...] = ()
    version: bool = False
    seq_no: bool = False


def parse_source(given: Any) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """`_source`: whether, what of it, what not. Raises Refused."""
    if isinstance(given, bool):
        return given, (), ()
    if given is None:
        return True, (), ()
    if isinstance(given, str):
        return (given != "false", () if given in ("true", "false") else tuple(given.split(",")), ())
    if isinstance(given, list):
        return True, _texts(given), ()
    if not isinstance(given, dict):
        raise parsing(
            f"Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [{token_of(given)}]"
        )
    for key in given:
        if key not in ("includes", "include", "excludes", "exclude"):
            raise parsing(f"Unknown key for a {token_of(given[key])} in [{key}].")
    includes = given.get("includes", given.get("include", ()))
    excludes = given.get("excludes", given.get("exclude", ()))
    return True, _texts(includes), _texts(excludes)


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in (given if isinstance(given, list | tuple) else [given]))


def parse_fields(given: Any, key: str) -> tuple[tuple[str, str | None], ...]:
    """`fields` or `docvalue_fields`. Raises Refused."""
    if given is None:
        return ()
    if not isinstance(given, list):
        raise parsing(f"Unknown key for a {token_of(given)} in [{key}].")
    found: list[tuple[str, str | None]] = []
    for each in given:
        if isinstance(each, str):
            found.append((each, None))
            continue
        if not isinstance(each, dict) or "field" not in each:
            raise Refused("x_content_parse_exception", "Required [field]")
        for option in each:
            if option not in ("field", "format", "include_unmapped"):
                raise unknown_field("field_and_format" if key == "fields" else "docvalue_field", option)
        form = each.get("format")
        found.append((str(each["field"]), None if form is None else str(form)))
    return tuple(found)


def hit(docs: Docs, place: int, shown: Shown, *, score: float | None, keys: Sequence[sort.SortKey] = ()) -> Json:
    """One document; `keys` is the order that was asked for."""
    made: Json = {"_index": docs.index, "_id": docs.ring.id_of(place)}
    if shown.version:
        made["_version"] = docs.ring.version_of(place)
    if shown.seq_no:
        made |= {"_seq_no": docs.ring.first + place, "_primary_term": 1}
    made["_score"] = score
    if shown.source:
        made["_source"] = picked(docs.ring.source(place), shown.includes, shown.excludes)
    fields = {**_docvalues(docs, place, shown.docvalues), **_fields(docs, place, shown.fields)}
    if fields:
        made["fields"] = fields
    if keys:
        made["sort"] = [sort.shown(docs, key, place) for key in keys]
    return made


def _fields(docs: Docs, place: int, wanted: Sequence[tuple[str, str | None]]) -> Json:
    found: Json = {}
    for pattern, form in wanted:
        for name in (each for each in names() if fnmatchcase(each, pattern)):
            column = column_of(name) or name
            value = docs.ring.value(column, place)
            if value is not None:
                found[name] = [_formatted(docs, place, name, value, form)]
    return found


def _formatted(docs: Docs, place: int, name: str, value: Any, form: str | None) -> Any:
    if form is None or docs.kind(name) is not Kind.DATE:
        return value
    return written(int(docs.number(name)[0][place]), form=form)


def _docvalues(docs: Docs, place: int, wanted: Sequence[tuple[str, str | None]]) -> Json:
    found: Json = {}
    for pattern, form in wanted:
        for name in (each for each in names() if fnmatchcase(each, pattern)):
            docs.keys(name)
            value = docs.ring.value(column_of(name) or name, place)
            if value is None:
                continue
            if docs.kind(name) is Kind.FLOAT:
                value = float(np.float32(value))
            found[name] = [_formatted(docs, place, name, value, form)]
    return found


# -- parts of a document -----------------------------------------------------------------------------------------------


def picked(document: Json, includes: tuple[str, ...], excludes: tuple[str, ...]) -> Json:
    """What a filter of `_source` leaves; a pattern that names an object takes all of it."""
    if not includes and not excludes:
        return document
    return _picked(document, "", includes, excludes, taken=not includes)


def _picked(
    at: Mapping[str, Any], path: str, includes: tuple[str, ...], excludes: tuple[str, ...], *, taken: bool
) -> Json:
    made: Json = {}
    for key, value in at.items():
        name = f"{path}{key}"
        if any(fnmatchcase(name, each) for each in excludes):
            continue
        is_taken = taken or any(fnmatchcase(name, each) for each in includes)
        if isinstance(value, dict):
            inner = _picked(value, f"{name}.", includes, excludes, taken=is_taken)
            if inner or (is_taken and (not value or not includes)):
                made[key] = inner
        elif is_taken:
            made[key] = value
    return made


def filtered(answer: Any, paths: Sequence[str]) -> Any:
    """`filter_path`: only what the paths lead to; `*` is one step, `**` any number, a minus leaves out."""
    wanted = [each.split(".") for each in paths if not each.startswith("-")]
    unwanted = [each[1:].split(".") for each in paths if each.startswith("-")]
    kept = _kept(answer, wanted) if wanted else answer
    kept = _without(kept, unwanted) if unwanted else kept
    return {} if kept is None else kept


def _next(paths: list[list[str]], key: str) -> list[list[str]]:
    following = []
    for path in paths:
        if path and path[0] == "**":
            following.append(path)
            path = path[1:]  # noqa: PLW2901 - what follows may also stand here
        if path and fnmatchcase(key, path[0]):
            following.append(path[1:])
    return following


def _kept(value: Any, paths: list[list[str]]) -> Any:
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        items = [kept for each in value if (kept := _kept(each, paths)) is not None]
        return items or None
    if not isinstance(value, dict) or not paths:
        return None
    made = {key: kept for key, each in value.items() if (kept := _kept(each, _next(paths, key))) is not None}
    return made or None


def _without(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_without(each, paths) for each in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, each in value.items():
        following = _next(paths, key)
        if not any(not path for path in following):
            made[key] = _without(each, following) if following else each
    return made
