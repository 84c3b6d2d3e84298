"""filter, filters, missing, global, range and date_range: buckets by what is asked of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.aggregations.tree import (
    Group,
    Run,
    Tree,
    check_all,
    evaluate,
    field_name,
    only,
    unsupported,
)
from opsdash.plant.faces.elasticsearch.dates import instant, written
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Json, Refused, content, failed_field, illegal, shard_illegal
from opsdash.plant.faces.elasticsearch.field_match import java_number, number
from opsdash.plant.faces.elasticsearch.query import Query, parse_query
from opsdash.plant.log_columns import Mask
from opsdash.plant.log_fields import NUMBERS, Kind


def _buckets(run: Run, group: Group, masks: list[Mask], subs: Tree) -> list[list[Json]]:
    """For each bucket of the group and each mask the documents that are in both, and what is asked of them."""
    width = len(masks)
    run.take(group.count * width)
    places, owners = [], []
    for number_of, mask in enumerate(masks):
        kept = mask[group.places]
        places.append(group.places[kept])
        owners.append(group.owner[kept] * width + number_of)
    inner = Group(np.concatenate(places), np.concatenate(owners), group.count * width)
    counts = inner.counts().tolist()
    children = evaluate(subs, run, inner)
    told = [{"doc_count": count, **child} for count, child in zip(counts, children, strict=True)]
    return [told[at : at + width] for at in range(0, len(told), width)]


@dataclass(frozen=True, slots=True)
class Filter:
    """filter and missing: one bucket."""

    subs: Tree
    query: Query | None = None
    missing: str | None = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """The field of `missing` has values; the query fits."""
        if self.missing is not None:
            docs.keys(self.missing)
        if self.query is not None:
            self.query.ask(docs)
        check_all(self.subs, docs, parent="filter")

    def results(self, run: Run, group: Group) -> list[Json]:
        """`doc_count` and what is below."""
        mask = self.query.ask(run.docs) if self.query is not None else ~run.docs.exists(self.missing or "")
        return [each[0] for each in _buckets(run, group, [mask], self.subs)]


@dataclass(frozen=True, slots=True)
class Filters:
    """A bucket for each query, by name or in a row, and one for the rest."""

    queries: tuple[Query, ...]
    names: tuple[str, ...] | None
    other: str | None
    subs: Tree

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """The queries fit."""
        for each in self.queries:
            each.ask(docs)
        check_all(self.subs, docs, parent="filters")

    def results(self, run: Run, group: Group) -> list[Json]:
        """`buckets`."""
        masks = [each.ask(run.docs) for each in self.queries]
        if self.other is not None:
            masks.append(~np.logical_or.reduce(masks))
        rows = _buckets(run, group, masks, self.subs)
        if self.names is None:
            return [{"buckets": row} for row in rows]
        names = [*self.names, *([self.other] if self.other is not None else [])]
        return [{"buckets": dict(zip(names, row, strict=True))} for row in rows]


@dataclass(frozen=True, slots=True)
class Global:
    """Every document, whatever the query."""

    name: str
    subs: Tree

    def check(self, docs: Docs, *, is_top: bool) -> None:
        """Only at the top."""
        if not is_top:
            raise shard_illegal(
                f"Aggregation [{self.name}] cannot have a global sub-aggregation [{self.name}]. Global aggregations can"
                " only be defined as top level aggregations"
            )
        check_all(self.subs, docs, parent="global")

    def results(self, run: Run, group: Group) -> list[Json]:
        """One bucket."""
        run.take(1)
        inner = Group(run.everything, np.zeros(run.everything.size, dtype=np.int64), 1)
        return [
            {"doc_count": int(run.everything.size), **evaluate(self.subs, run, inner)[0]} for _ in range(group.count)
        ]


@dataclass(frozen=True, slots=True)
class _Span:
    key: str | None
    low: Any
    high: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """range and date_range: from with, to without."""

    name: str
    kind: str
    field: str
    spans: tuple[_Span, ...]
    subs: Tree
    keyed: bool = False
    form: str | None = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """Numbers or dates, and at least one range."""
        docs.keys(self.field)
        found = docs.kind(self.field)
        if found is not None and found not in NUMBERS and found is not Kind.DATE:
            raise unsupported(self.field, found, self.kind)
        if not self.spans:
            raise shard_illegal(f"No [ranges] specified for the [{self.name}] aggregation")
        check_all(self.subs, docs, parent="range")

    def results(self, run: Run, group: Group) -> list[Json]:
        """`buckets` by where they begin and end."""
        values, present = run.docs.keys(self.field)
        is_float = run.docs.kind(self.field) is Kind.FLOAT
        read = [(span, *self._bounds(run, span)) for span in self.spans]
        read.sort(key=lambda each: (-np.inf if each[1] is None else each[1], np.inf if each[2] is None else each[2]))
        masks = []
        for _, low, high in read:
            edges = [float(np.float32(each)) if is_float and each is not None else each for each in (low, high)]
            mask = present
            mask = mask if edges[0] is None else mask & (values >= edges[0])
            masks.append(mask if edges[1] is None else mask & (values < edges[1]))
        rows = _buckets(run, group, masks, self.subs)
        heads = [self._head(span, low, high) for span, low, high in read]
        return [{"buckets": self._told(heads, row)} for row in rows]

    def _bounds(self, run: Run, span: _Span) -> tuple[float | None, float | None]:
        if self.kind == "range":
            return tuple(None if each is None else number(each) for each in (span.low, span.high))  # type: ignore[return-value]
        now = run.docs.now_ms
        return tuple(
            None if each is None else float(instant(each, now_ms=now, up=False, form=self.form))
            for each in (span.low, span.high)
        )  # type: ignore[return-value]

    def _head(self, span: _Span, low: float | None, high: float | None) -> Json:
        head: Json = {}
        shown = []
        for name, edge in (("from", low), ("to", high)):
            text = "*" if edge is None else java_number(float(edge))
            if edge is not None:
                head[name] = float(edge)
                if self.kind == "date_range":
                    text = head[f"{name}_as_string"] = written(int(edge), form=self.form)
            shown.append(text)
        return {"key": span.key if span.key is not None else "-".join(shown), **head}

    def _told(self, heads: list[Json], row: list[Json]) -> Any:
        buckets = [{**head, **each} for head, each in zip(heads, row, strict=True)]
        if not self.keyed:
            return buckets
        return {each["key"]: {name: value for name, value in each.items() if name != "key"} for each in buckets}


# -- reading -----------------------------------------------------------------------------------------------------------


def read_filter(_name: str, body: Mapping[str, Any], subs: Tree) -> Filter:
    """filter. Raises Refused."""
    return Filter(subs, query=parse_query(dict(body)))


def read_missing(_name: str, body: Mapping[str, Any], subs: Tree) -> Filter:
    """missing. Raises Refused."""
    only("missing", body, "field", "missing")
    return Filter(subs, missing=field_name(body))


def read_global(name: str, body: Mapping[str, Any], subs: Tree) -> Global:
    """global. Raises Refused."""
    only("global", body)
    return Global(name, subs)


def read_filters(_name: str, body: Mapping[str, Any], subs: Tree) -> Filters:
    """filters. Raises Refused."""
    only("filters", body, "filters", "other_bucket", "other_bucket_key", "keyed")
    given = body.get("filters")
    if not given:
        raise illegal("[filters] cannot be empty.")
    if not isinstance(given, dict | list):
        raise illegal("[filters] must be an object or an array")
    other = body.get("other_bucket_key")
    if other is None and body.get("other_bucket") in (True, "true"):
        other = "_other_"
    if isinstance(given, list):
        return Filters(tuple(parse_query(each) for each in given), None, other, subs)
    ordered = sorted(given)
    return Filters(tuple(parse_query(given[name]) for name in ordered), tuple(ordered), other, subs)


def read_ranges(kind: str, name: str, body: Mapping[str, Any], subs: Tree) -> Ranges:
    """range or date_range. Raises Refused."""
    only(kind, body, "field", "ranges", "keyed", "format", "missing", "time_zone")
    given = body.get("ranges", [])
    if not isinstance(given, list) or any(not isinstance(each, dict) for each in given):
        raise content(f"[{kind}] ranges doesn't support values of type: VALUE_STRING")
    spans = []
    for each in given:
        try:
            only(kind, each, "key", "from", "to")
        except Refused as error:
            raise failed_field(kind, "ranges", error) from error
        key = each.get("key")
        spans.append(_Span(None if key is None else str(key), each.get("from"), each.get("to")))
    return Ranges(
        name=name,
        kind=kind,
        field=field_name(body),
        spans=tuple(spans),
        subs=subs,
        keyed=body.get("keyed") in (True, "true"),
        form=body.get("format"),
    )
