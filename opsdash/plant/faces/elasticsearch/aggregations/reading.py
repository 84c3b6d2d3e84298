"""The aggregations of a request, read into a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from opsdash.plant.faces.elasticsearch.aggregations.filters import (
    read_filter,
    read_filters,
    read_global,
    read_missing,
    read_ranges,
)
from opsdash.plant.faces.elasticsearch.aggregations.histograms import read_date_histogram, read_histogram
from opsdash.plant.faces.elasticsearch.aggregations.metrics import read_count, read_measure, read_percentiles
from opsdash.plant.faces.elasticsearch.aggregations.terms import read_terms
from opsdash.plant.faces.elasticsearch.aggregations.top_hits import read_top_hits
from opsdash.plant.faces.elasticsearch.aggregations.tree import Aggregation, Tree, WithMeta
from opsdash.plant.faces.elasticsearch.errors import Refused, illegal, parsing
from opsdash.plant.faces.elasticsearch.query import token_of

DEEPEST = 20
MOST = 500
"""Aggregations of one request."""
_NAME = re.compile(r"[^\[\]>]+")
_SUBS = ("aggs", "aggregations")

_METRICS: Mapping[str, Callable[[str, Mapping[str, Any]], Aggregation]] = {
    **{kind: read_measure(kind) for kind in ("avg", "sum", "min", "max", "stats", "extended_stats")},
    **{kind: read_count(kind) for kind in ("value_count", "cardinality")},
    "percentiles": read_percentiles,
    "top_hits": read_top_hits,
}
_BUCKETS: Mapping[str, Callable[[str, Mapping[str, Any], Tree], Aggregation]] = {
    "terms": read_terms,
    "date_histogram": read_date_histogram,
    "histogram": read_histogram,
    "filter": read_filter,
    "filters": read_filters,
    "missing": read_missing,
    "global": read_global,
    "range": partial(read_ranges, "range"),
    "date_range": partial(read_ranges, "date_range"),
}


def parse_aggregations(given: Any, key: str = "aggs") -> Tree:
    """The tree. Raises Refused."""
    if not isinstance(given, dict):
        raise parsing(f"Unknown key for a {token_of(given)} in [{key}].")
    return _tree(given, 0, [0])


def _tree(given: Mapping[str, Any], depth: int, read: list[int]) -> Tree:
    if depth > DEEPEST:
        raise illegal(f"aggregations are nested deeper than [{DEEPEST}]")
    tree: dict[str, Aggregation] = {}
    for name, body in given.items():
        read[0] += 1
        if read[0] > MOST:
            raise illegal(f"more than [{MOST}] aggregations in one request")
        if not _NAME.fullmatch(name):
            allowed = "Aggregation names can contain any character except '[', ']', and '>'"
            reason = f"Invalid aggregation name [{name}]. {allowed}"
            raise parsing(reason)
        tree[name] = _aggregation(name, body, depth, read)
    return tree


def _aggregation(name: str, body: Any, depth: int, read: list[int]) -> Aggregation:
    if not isinstance(body, dict):
        raise parsing(
            f"Aggregation definition for [{name}] starts with a [{token_of(body)}], expected a [START_OBJECT]."
        )
    kind: str | None = None
    subs: Mapping[str, Any] = {}
    for key, value in body.items():
        if key == "meta":
            continue
        if not isinstance(value, dict):
            raise parsing(f"Expected [START_OBJECT] under [{key}], but got a [{token_of(value)}] in [{name}]")
        if key in _SUBS:
            subs = value
        elif kind is not None:
            raise parsing(f"Found two aggregation type definitions in [{name}]: [{kind}] and [{key}]")
        else:
            kind = key
            if key not in _METRICS and key not in _BUCKETS:
                cause = Refused("named_object_not_found_exception", f"unknown field [{key}]")
                raise parsing(f"Unknown aggregation type [{key}]", cause=cause)
    if kind is None:
        raise parsing(f"Missing definition for aggregation [{name}]")
    made = _made(name, kind, body[kind], subs, depth, read)
    return WithMeta(made, body["meta"]) if isinstance(body.get("meta"), dict) else made


def _made(  # noqa: PLR0913, PLR0917 - one definition
    name: str, kind: str, options: Mapping[str, Any], subs: Mapping[str, Any], depth: int, read: list[int]
) -> Aggregation:
    if kind in _METRICS:
        made = _METRICS[kind](name, options)
        if subs:
            raise illegal(f"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations")
        return made
    return _BUCKETS[kind](name, options, _tree(subs, depth + 1, read))
