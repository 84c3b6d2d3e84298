"""The query DSL: read once into a question that a request's documents answer with a mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch import field_match, patterns
from opsdash.plant.faces.elasticsearch.dates import known_format, zone_of
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Refused,
    content,
    failed_field,
    illegal,
    not_kept,
    parsing,
    shard_illegal,
    unknown_field,
)
from opsdash.plant.faces.elasticsearch.field_match import Between
from opsdash.plant.faces.elasticsearch.query_reading import MATCH_ALL, Query, Read, Reading, least, of_field, token_of
from opsdash.plant.faces.elasticsearch.query_string import expanded
from opsdash.plant.faces.elasticsearch.query_words import (
    read_match,
    read_match_phrase,
    read_multi_match,
    read_query_string,
)
from opsdash.plant.log_columns import Mask

DEEPEST = 30
MOST_CLAUSES = 4_096
MOST_TERMS = 65_536


def parse_query(given: Any, key: str = "query") -> Query:
    """The query of a request. Raises Refused."""
    if not isinstance(given, dict):
        raise parsing(f"Unknown key for a {token_of(given)} in [{key}].")
    return _query(given, 0, Reading())


def _query(given: Any, depth: int, reading: Reading) -> Query:
    if not isinstance(given, dict):
        raise parsing("[_na] query malformed, must start with start_object")
    if not given:
        raise illegal("query malformed, empty clause found")
    if depth >= DEEPEST:
        reason = (
            "The nested depth of the query exceeds the maximum nested depth for queries set in"
            " [indices.query.bool.max_nested_depth]"
        )
        raise illegal(reason)
    name, body = next(iter(given.items()))
    reading.clauses += 1
    if reading.clauses > MOST_CLAUSES:
        raise shard_illegal(f"Query contains too many nested clauses; maxClauseCount is set to {MOST_CLAUSES}")
    read = _READERS.get(name)
    if read is None:
        cause = Refused("named_object_not_found_exception", f"unknown field [{name}]")
        raise parsing(f"unknown query [{name}]", cause=cause)
    if not isinstance(body, dict):
        raise parsing(f"[{name}] query malformed, no start_object after query name")
    query = read(body, depth, reading)
    if len(given) > 1:
        raise parsing(f"[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]")
    return query


# -- queries of queries ------------------------------------------------------------------------------------------------


def _bool(body: dict[str, Any], depth: int, reading: Reading) -> Query:
    parts: dict[str, list[Query]] = {"must": [], "filter": [], "should": [], "must_not": []}
    share: object = None
    for key, value in body.items():
        key = {"mustNot": "must_not"}.get(key, key)  # noqa: PLW2901 - the name that it had once
        if key in parts:
            parts[key] = _listed(key, value, depth, reading)
        elif key == "minimum_should_match":
            share = value
        elif key not in ("boost", "_name", "adjust_pure_negative"):
            raise unknown_field("bool", key)
    scored = bool(parts["must"] or parts["should"])
    optional = len(parts["should"])
    default = 1 if optional and not parts["must"] and not parts["filter"] else 0

    def ask(docs: Docs) -> Mask:
        needed = default if share is None else max(default, least(share, optional))
        mask = docs.all()
        for each in (*parts["must"], *parts["filter"]):
            mask &= each.ask(docs)
        for each in parts["must_not"]:
            mask &= ~each.ask(docs)
        if needed > 0:
            hits = np.zeros(docs.count, dtype=np.int32)
            for each in parts["should"]:
                hits += each.ask(docs)
            mask &= hits >= needed
        return mask

    is_empty = not any(parts.values())
    return Query(ask, 1.0 if scored or is_empty else 0.0)


def _listed(key: str, value: Any, depth: int, reading: Reading) -> list[Query]:
    if not isinstance(value, dict | list):
        raise content(f"[bool] {key} doesn't support values of type: {token_of(value)}")
    try:
        return [_query(each, depth + 1, reading) for each in (value if isinstance(value, list) else [value])]
    except Refused as error:
        raise failed_field("bool", key, error) from error


def _constant_score(body: dict[str, Any], depth: int, reading: Reading) -> Query:
    if "filter" not in body:
        raise parsing("[constant_score] requires a 'filter' element")
    for key in body:
        if key not in ("filter", "boost", "_name"):
            raise parsing(f"[constant_score] query does not support [{key}]")
    inner = _query(body["filter"], depth + 1, reading)
    return Query(inner.ask, field_match.number(body.get("boost", 1.0)))


# -- queries of a field ------------------------------------------------------------------------------------------------


def _term(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    if body and next(iter(body.values())) is None:
        raise illegal("field name is null or empty")
    name, options = of_field("term", body, ("case_insensitive",), "value")
    value = options.get("value")
    if value is None:
        raise illegal("value cannot be null")
    if isinstance(value, list | dict):
        raise parsing("[term] query does not support array of values")
    ignore_case = options.get("case_insensitive") in (True, "true")
    return Query(lambda docs: field_match.term(docs, name, value, ignore_case=ignore_case))


def _terms(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    fields = [(key, value) for key, value in body.items() if key not in ("boost", "_name")]
    for key, value in fields:
        if isinstance(value, dict):
            raise not_kept("a terms lookup")
        if not isinstance(value, list):
            raise parsing(f"[terms] query does not support [{key}]")
    if len(fields) > 1:
        raise parsing("[terms] query does not support multiple fields")
    if not fields:
        raise parsing(
            "[terms] query requires a field name, followed by array of terms or a document lookup specification"
        )
    name, values = fields[0]
    if any(each is None for each in values):
        raise illegal("No value specified for terms query")

    def ask(docs: Docs) -> Mask:
        if len(values) > MOST_TERMS:
            reason = (
                f"The number of terms [{len(values)}] used in the Terms Query request has exceeded the allowed"
                f" maximum of [{MOST_TERMS}]. This maximum can be set by changing the"
                " [index.max_terms_count] index level setting."
            )
            raise shard_illegal(reason)
        mask = docs.none()
        for each in dict.fromkeys(str(value) if not isinstance(value, bool) else value for value in values):
            mask |= field_match.term(docs, name, each)
        return mask

    return Query(ask)


def _range(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    fields = [(key, value) for key, value in body.items() if key not in ("boost", "_name")]
    for key, value in fields:
        if not isinstance(value, dict):
            raise parsing(f"[range] query does not support [{key}]")
    if len(fields) > 1:
        raise parsing(f"[range] query doesn't support multiple fields, found [{fields[0][0]}] and [{fields[1][0]}]")
    if not fields:
        raise illegal("field name is null or empty")
    name, options = fields[0]
    wanted = _bounds(options)
    return Query(
        lambda docs: (
            field_match.between(docs, name, wanted)
            if wanted.low is not None or wanted.high is not None
            else docs.exists(name)
        )
    )


def _bounds(options: Mapping[str, Any]) -> Between:
    given: dict[str, Any] = {}
    for key, value in options.items():
        if key in ("gte", "gt", "from"):
            given |= {"low": value, "with_low": key != "gt"}
        elif key in ("lte", "lt", "to"):
            given |= {"high": value, "with_high": key != "lt"}
        elif key == "format":
            known_format(str(value))
            given["form"] = str(value)
        elif key == "time_zone":
            given["zone"] = zone_of(str(value))
        elif key not in ("boost", "_name", "relation"):
            raise parsing(f"[range] query does not support [{key}]")
    return Between(**given)


def _exists(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    for key in body:
        if key not in ("field", "boost", "_name"):
            raise parsing(f"[exists] query does not support [{key}]")
    if not body.get("field"):
        raise parsing("[exists] must be provided with a [field]")
    name = str(body["field"])

    def ask(docs: Docs) -> Mask:
        if name in ("_id", "_index", "_source", "_seq_no"):
            return docs.all()
        wanted = (name,) if "*" in name else (name, f"{name}.*")
        masks = [docs.exists(each) for each in expanded(wanted)]
        return np.asarray(np.logical_or.reduce(masks)) if masks else docs.none()

    return Query(ask)


def _pattern_query(kind: str) -> Read:
    def read(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
        allowed = {
            "prefix": (),
            "wildcard": ("wildcard",),
            "regexp": ("flags", "flags_value", "max_determinized_states"),
        }
        name, options = of_field(kind, body, (*allowed[kind], "case_insensitive", "rewrite"), "value")
        text = options.get("value", options.get("wildcard"))
        if text is None:
            raise illegal("value cannot be null")
        ignore_case = options.get("case_insensitive") in (True, "true")

        def ask(docs: Docs) -> Mask:
            return field_match.pattern(docs, name, _test(kind, str(text), ignore_case=ignore_case), kind)

        return Query(ask)

    return read


def _test(kind: str, text: str, *, ignore_case: bool) -> patterns.Matches:
    if kind == "wildcard":
        return patterns.wildcard(text, ignore_case=ignore_case)
    if kind == "regexp":
        return patterns.regexp(text, ignore_case=ignore_case)
    lowered = text.lower()
    return (lambda word: word.lower().startswith(lowered)) if ignore_case else lambda word: word.startswith(text)


# -- queries of everything, and all by name --------------------------------------------------------------------------


def _ids(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    for key in body:
        if key not in ("values", "boost", "_name"):
            cause = unknown_field("ids", key)
            raise parsing(cause.reason, cause=cause)
    values = body.get("values", [])
    wanted = tuple(map(str, values if isinstance(values, list) else [values]))
    return Query(lambda docs: field_match.ids(docs, wanted))


def _everything(kind: str) -> Read:
    def read(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
        for key in body:
            if key not in ("boost", "_name"):
                cause = unknown_field(kind, key)
                raise parsing(cause.reason, cause=cause)
        if kind == "match_none":
            return Query(lambda docs: docs.none())
        return Query(lambda docs: docs.all(), field_match.number(body.get("boost", 1.0)))

    return read


_READERS: Mapping[str, Read] = {
    "bool": _bool,
    "constant_score": _constant_score,
    "exists": _exists,
    "ids": _ids,
    "match": read_match,
    "match_all": _everything("match_all"),
    "match_none": _everything("match_none"),
    "match_phrase": read_match_phrase("match_phrase"),
    "match_phrase_prefix": read_match_phrase("match_phrase_prefix"),
    "multi_match": read_multi_match,
    "prefix": _pattern_query("prefix"),
    "query_string": read_query_string,
    "range": _range,
    "regexp": _pattern_query("regexp"),
    "term": _term,
    "terms": _terms,
    "wildcard": _pattern_query("wildcard"),
}


__all__ = ["MATCH_ALL", "Query", "parse_query", "token_of"]
