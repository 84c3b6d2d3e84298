"""What is asked of Elasticsearch: request bodies, as plain values. Nothing here is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsdash.core.metrics.answers import Scalar
from opsdash.core.metrics.queries import EsMetric, EsQuery, LogQuery, Span

Body = dict[str, Any]
"""A JSON object to send."""

Keys = tuple[str, ...]
"""The values of the `group_by` fields, one group."""

MOST_VALUES = 1_000
"""Options of a variable."""
MOST_KNOWN_GROUPS = 500
"""More groups than this are not named one by one in a request."""
ROW_ORDER = "_seq_no"
"""What decides between rows of one instant. It stays what it is while pages are turned, without a point in time to
keep open; where an index has none, time alone decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Buckets in whole milliseconds, Elasticsearch's own unit: `start_ms`, `start_ms + step_ms`, …"""

    start_ms: int
    step_ms: int
    buckets: int

    @property
    def end_ms(self) -> int:
        """Where the last bucket ends; not in it."""
        return self.start_ms + self.step_ms * self.buckets


def grid_of(span: Span) -> Grid:
    """The buckets of a span; the last one begins at or before the span's end and is asked for as a whole."""
    return Grid(start_ms=round(span.start_s * 1000), step_ms=max(1, round(span.step_s * 1000)), buckets=span.points)


def whole(span: Span) -> Grid:
    """One bucket over all of the span."""
    start = round(span.start_s * 1000)
    return Grid(start_ms=start, step_ms=max(1, round(span.end_s * 1000) - start), buckets=1)


def metric_body(  # noqa: PLR0913 - what a question is made of
    query: EsQuery, grid: Grid, *, time_field: str, deadline_ms: int, group_limit: int, known: Sequence[Keys] = ()
) -> Body:
    """Documents counted or measured in each bucket, by group.

    `known` names groups that are asked for whatever their size: when only the newest buckets are asked again, the
    largest groups of these buckets need not be those of the whole range.
    """
    inside = _buckets(query.metric, grid, time_field, query.instant)
    aggs: Body
    if not query.group_by:
        aggs = inside
    elif known:
        named = [_group(query.group_by, keys) for keys in known[:MOST_KNOWN_GROUPS]]
        aggs = {
            "known": {"filters": {"filters": named}, "aggs": inside},
            "other": {"filter": {"bool": {"must_not": named}}, "aggs": _by_terms(query, inside, group_limit)},
        }
    else:
        aggs = _by_terms(query, inside, group_limit)
    return {
        "size": 0,
        "track_total_hits": False,
        "timeout": f"{deadline_ms}ms",
        "query": matching(query.query, query.filters, time_field, start_ms=grid.start_ms, before_ms=grid.end_ms),
        "aggs": aggs,
    }


def matching(query: str, filters: Sequence[tuple[str, str]], time_field: str, *, start_ms: int, before_ms: int) -> Body:
    """The documents that the query string and every filter match, from `start_ms` to before `before_ms`."""
    clauses: list[Body] = [time_filter(time_field, start_ms=start_ms, before_ms=before_ms)]
    clauses += [{"term": {name: {"value": value}}} for name, value in filters]
    if query.strip() not in ("", "*", "*:*"):
        clauses.append({"query_string": {"query": query, "analyze_wildcard": True}})
    return {"bool": {"filter": clauses}}


def time_filter(time_field: str, *, start_ms: int, before_ms: int) -> Body:
    """From `start_ms` to before `before_ms`, whatever format the mapping gives its dates."""
    return {"range": {time_field: {"gte": start_ms, "lt": before_ms, "format": "epoch_millis"}}}


def rows_body(  # noqa: PLR0913 - what a question is made of
    query: LogQuery,
    *,
    time_field: str,
    start_ms: int,
    before_ms: int,
    deadline_ms: int,
    order: str | None,
    both_dates: bool,
    after: Sequence[Scalar] = (),
    limit: int | None = None,
) -> Body:
    """Raw documents, newest first.

    `both_dates`: some indices keep milliseconds and some nanoseconds, which only sort together when all of them
    are read as nanoseconds (a server then cannot skip documents, so it is not done without need).
    """
    by_time: Body = {"order": "desc", "unmapped_type": "date"}
    if both_dates:
        by_time["numeric_type"] = "date_nanos"
    sort: list[Body] = [{time_field: by_time}]
    if order is not None:
        sort.append({order: {"order": "desc"}})
    body: Body = {
        "size": query.limit if limit is None else limit,
        "track_total_hits": False,
        "timeout": f"{deadline_ms}ms",
        "query": matching(query.query, query.filters, time_field, start_ms=start_ms, before_ms=before_ms),
        "sort": sort,
        "_source": True,
    }
    if after:
        body["search_after"] = list(after)
    return body


def values_body(  # noqa: PLR0913 - what a question is made of
    field: str, query: str, *, time_field: str, start_ms: int, before_ms: int, deadline_ms: int
) -> Body:
    """The values of a field, most frequent first."""
    return {
        "size": 0,
        "track_total_hits": False,
        "timeout": f"{deadline_ms}ms",
        "query": matching(query, (), time_field, start_ms=start_ms, before_ms=before_ms),
        "aggs": {"values": {"terms": {"field": field, "size": MOST_VALUES}}},
    }


def esql_body(esql: str, *, time_field: str, start_ms: int, before_ms: int) -> Body:
    """An ES|QL pipe; the range narrows what it reads, as Kibana's time picker does."""
    return {"query": esql, "filter": time_filter(time_field, start_ms=start_ms, before_ms=before_ms)}


def _by_terms(query: EsQuery, inside: Body, group_limit: int) -> Body:
    """A level for each field; the largest groups by documents, which is what Elasticsearch orders by."""
    for depth in range(len(query.group_by) - 1, -1, -1):
        size = max(1, min(query.groups, group_limit))
        terms = {"field": query.group_by[depth], "size": size, "shard_size": 3 * size + 30}
        inside = {"group": {"terms": terms, "aggs": inside}}
    return inside


def _group(fields: Sequence[str], keys: Keys) -> Body:
    return {"bool": {"filter": [{"term": {name: {"value": key}}} for name, key in zip(fields, keys, strict=True)]}}


def _buckets(metric: EsMetric, grid: Grid, time_field: str, instant: bool) -> Body:
    """Empty buckets are not sent: the grid says where they are."""
    over: Body
    if instant:
        over = {"filter": {"match_all": {}}}
    else:
        over = {
            "date_histogram": {
                "field": time_field,
                "fixed_interval": f"{grid.step_ms}ms",
                "offset": f"{grid.start_ms % grid.step_ms}ms",
                "min_doc_count": 1,
            }
        }
    measured = _measured(metric)
    if measured is not None:
        over["aggs"] = {"metric": measured}
    return {"time": over}


def _measured(metric: EsMetric) -> Body | None:
    """The metric's own aggregation; None where the number of documents is all that is wanted."""
    match metric.function:
        case "count" | "rate" if not metric.field:
            return None
        case "count":
            return {"value_count": {"field": metric.field}}
        case "rate":
            return {"sum": {"field": metric.field}}
        case "percentiles":
            return {"percentiles": {"field": metric.field, "percents": list(metric.percents)}}
        case _:
            return {metric.function: {"field": metric.field}}
