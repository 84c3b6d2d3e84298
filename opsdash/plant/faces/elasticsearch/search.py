"""_search and _count: a request's body read, and answered from the ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch import sort
from opsdash.plant.faces.elasticsearch.aggregations.reading import parse_aggregations
from opsdash.plant.faces.elasticsearch.aggregations.tree import Group, Run, Tree, check_all, evaluate
from opsdash.plant.faces.elasticsearch.dates import time_value_ms
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Json,
    Refused,
    bad_number,
    illegal,
    invalid,
    not_kept,
    parsing,
    shard_illegal,
)
from opsdash.plant.faces.elasticsearch.field_match import number
from opsdash.plant.faces.elasticsearch.hits import Shown, hit, parse_fields, parse_source
from opsdash.plant.faces.elasticsearch.query import MATCH_ALL, Query, parse_query, token_of

MOST_HITS = 10_000
"""`from` and `size` together."""
COUNTED = 10_000
"""Hits that are counted unless more is asked for."""
_TAKEN = ("stats", "preference", "track_scores", "indices_boost", "profile")
"""Keys that change nothing here."""
_NOT_KEPT = ("highlight", "suggest", "rescore", "collapse", "script_fields", "runtime_mappings", "knn", "explain",
             "slice", "retriever", "rank", "ext", "sub_searches")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """What a search says of its point in time."""

    id: str
    keep_alive_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A body of _search."""

    query: Query = MATCH_ALL
    post_filter: Query | None = None
    size: int = 10
    skip: int = 0
    keys: tuple[sort.SortKey, ...] = ()
    after: Any = None
    shown: Shown = field(default_factory=Shown)
    aggregations: Tree | None = None
    count_to: int = COUNTED
    """0 for no count at all."""
    terminate_after: int = 0
    min_score: float | None = None
    point_in_time: PointInTime | None = None


def parse_search(body: Any) -> Search:  # noqa: C901, PLR0912 - a key in a row
    """The body. Raises Refused."""
    if not isinstance(body, dict):
        raise parsing(f"Expected [START_OBJECT] but found [{token_of(body)}]")
    given: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for key, value in body.items():
        match key:
            case "query":
                given["query"] = parse_query(value)
            case "post_filter":
                given["post_filter"] = parse_query(value, key)
            case "size":
                given["size"] = _whole(value, "size")
            case "from":
                given["skip"] = _whole(value, "from")
            case "sort":
                given["keys"] = sort.parse_sort(value)
            case "search_after":
                given["after"] = value
            case "aggs" | "aggregations":
                given["aggregations"] = parse_aggregations(value, key)
            case "track_total_hits":
                given["count_to"] = _count_to(value)
            case "timeout":
                time_value_ms(value if isinstance(value, str) else str(value), "timeout")
            case "terminate_after":
                given["terminate_after"] = _whole(value, "terminate_after")
            case "min_score":
                given["min_score"] = number(value)
            case "pit":
                given["point_in_time"] = _point_in_time(value)
            case _:
                _parse_shown(key, value, shown)
    search = Search(**given, shown=Shown(**shown))
    if search.after is not None and search.skip:
        raise invalid("[from] parameter must be set to 0 when [search_after] is used")
    return search


def _parse_shown(key: str, value: Any, shown: dict[str, Any]) -> None:
    """A key that says what hits show, or changes nothing. Raises Refused for any other."""
    match key:
        case "_source":
            shown["source"], shown["includes"], shown["excludes"] = parse_source(value)
        case "fields" | "docvalue_fields":
            shown["fields" if key == "fields" else "docvalues"] = parse_fields(value, key)
        case "stored_fields":
            names = value if isinstance(value, list) else [value]
            shown["source"] = shown.get("source", False) or "_source" in names
        case "version":
            shown["version"] = value in (True, "true")
        case "seq_no_primary_term":
            shown["seq_no"] = value in (True, "true")
        case _ if key in _NOT_KEPT and value:
            raise not_kept(f"[{key}] of a search")
        case _ if key not in _TAKEN and key not in _NOT_KEPT:
            raise parsing(f"Unknown key for a {token_of(value)} in [{key}].")


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise parsing(f"Unknown key for a {token_of(value)} in [{name}].")
    try:
        count = int(value)
    except (ValueError, OverflowError):
        raise bad_number(value) from None
    if count >= 2**31:
        raise Refused(
            "x_content_parse_exception", f"Numeric value ({count}) out of range of int (-2147483648 - 2147483647)"
        )
    if count < 0:
        if name == "from":
            raise illegal(f"[from] parameter cannot be negative but was [{count}]")
        raise illegal(f"[{name}] parameter cannot be negative, found [{count}]")
    return count


def _count_to(value: Any) -> int:
    if value in (True, "true"):
        return 2**62
    if value in (False, "false"):
        return 0
    count = int(number(value))
    if count < -1:
        raise illegal(f"[track_total_hits] parameter must be positive or equals to -1, got {count}")
    return 2**62 if count == -1 else count


def _point_in_time(value: Any) -> PointInTime:
    if not isinstance(value, dict):
        raise parsing(f"Unknown key for a {token_of(value)} in [pit].")
    if value.get("id") is None:
        raise illegal("point in time id is not provided")
    for key in value:
        if key not in ("id", "keep_alive"):
            raise Refused("x_content_parse_exception", f"[pit] unknown field [{key}]")
    alive = value.get("keep_alive")
    return PointInTime(
        id=str(value["id"]), keep_alive_ms=None if alive is None else time_value_ms(str(alive), "keep_alive")
    )


# -- answers -----------------------------------------------------------------------------------------------------------


def searched(docs: Docs, search: Search) -> Json:
    """The answer, without how long it took. Raises ShardRefused or ReduceRefused."""
    keys = search.keys
    _check(search)
    sort.check(docs, keys)
    check_all(search.aggregations or {}, docs)
    found = docs.visible(search.query.ask(docs))
    if search.min_score is not None and search.query.score < search.min_score:
        found = found[:0]
    hits = found
    if search.post_filter is not None:
        hits = found[search.post_filter.ask(docs)[found]]
    if search.point_in_time is not None and (keys or search.after is not None) and keys[-1:] != _TIE:
        keys = (*keys, *_TIE)
    answer: Json = {"timed_out": False, "_shards": shards()}
    if search.terminate_after:
        answer["terminated_early"] = False
    answer["hits"] = _hits(docs, search, hits, keys)
    if search.aggregations:
        answer["aggregations"] = aggregated(docs, search.aggregations, found)
    return answer


_TIE = (sort.SortKey(field="_shard_doc"),)


def shards() -> Json:
    """All of the one."""
    return {"total": 1, "successful": 1, "skipped": 0, "failed": 0}


def nothing() -> Json:
    """The answer where no index was named that is there."""
    return {
        "timed_out": False,
        "_shards": {"total": 0, "successful": 0, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": 0, "relation": "eq"}, "max_score": 0.0, "hits": []},
    }


def _check(search: Search) -> None:
    if search.size + search.skip > MOST_HITS:
        raise shard_illegal(
            f"Result window is too large, from + size must be less than or equal to: [{MOST_HITS}] but was"
            f" [{search.size + search.skip}]. See the scroll api for a more efficient way to request large data sets."
            " This limit can be set by changing the [index.max_result_window] index level setting."
        )


def _hits(docs: Docs, search: Search, found: Any, keys: tuple[sort.SortKey, ...]) -> Json:
    told: Json = {}
    if search.count_to:
        most = search.count_to
        total = int(found.size)
        told["total"] = {"value": min(total, most), "relation": "eq" if total <= most else "gte"}
    rest = found if search.after is None else sort.after(docs, keys, found, search.after)
    top = search.size + search.skip
    by_score = not keys or keys[0].field == "_score"
    first = sort.in_order(docs, keys, rest, top)[search.skip :] if search.size else rest[:0]
    score = search.query.score if by_score else None
    shown_keys = () if [key.field for key in keys] == ["_score"] else keys
    told["max_score"] = score if first.size else None
    told["hits"] = [hit(docs, place, search.shown, score=score, keys=shown_keys) for place in first.tolist()]
    return told


def aggregated(docs: Docs, tree: Tree, found: Any) -> Json:
    """The aggregations of the documents."""
    run = Run(docs, docs.visible(docs.all()))
    return evaluate(tree, run, Group(found, np.zeros(found.size, dtype=np.int64), 1))[0]


def parse_count(body: Any) -> Query:
    """The query of a _count. Raises Refused."""
    if not isinstance(body, dict):
        raise parsing(f"Expected [START_OBJECT] but found [{token_of(body)}]")
    for key in body:
        if key != "query":
            raise parsing(f"request does not support [{key}]")
    return parse_query(body["query"]) if "query" in body else MATCH_ALL


def counted(docs: Docs, query: Query) -> Json:
    """The answer of a _count."""
    return {"count": int(docs.visible(query.ask(docs)).size), "_shards": shards()}


def from_parameters(  # noqa: C901 - a parameter in a row
    body: Mapping[str, Any], parameters: Mapping[str, str]
) -> Json:
    """The body with what the URL says; there it wins."""
    made: Json = dict(body)
    for key in ("size", "from", "timeout", "terminate_after"):
        if key in parameters:
            made[key] = parameters[key] if key == "timeout" else _parameter(parameters[key], key)
    if "track_total_hits" in parameters:
        made["track_total_hits"] = parameters["track_total_hits"] or "true"
    if "sort" in parameters:
        made["sort"] = parameters["sort"].split(",")
    if "q" in parameters:
        made["query"] = {"query_string": string_query(parameters)}
    source: Json = {}
    for name, key in (("_source_includes", "includes"), ("_source_excludes", "excludes")):
        if name in parameters:
            source[key] = parameters[name].split(",")
    if "_source" in parameters:
        made["_source"] = parameters["_source"]
    if source:
        made["_source"] = source
    for key in ("version", "seq_no_primary_term"):
        if key in parameters:
            made[key] = parameters[key] or "true"
    if "docvalue_fields" in parameters:
        made["docvalue_fields"] = parameters["docvalue_fields"].split(",")
    return made


def string_query(parameters: Mapping[str, str]) -> Json:
    """The query of the parameter `q`."""
    asked: Json = {"query": parameters["q"]}
    for name, key in (("df", "default_field"), ("default_operator", "default_operator"), ("lenient", "lenient"),
                      ("analyze_wildcard", "analyze_wildcard")):  # fmt: skip
        if name in parameters:
            asked[key] = parameters[name]
    return asked


def _parameter(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise illegal(f"Failed to parse int parameter [{name}] with value [{text}]", cause=bad_number(text)) from None
