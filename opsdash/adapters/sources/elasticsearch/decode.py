"""What Elasticsearch answers to a metric query, made into a Window: pure, values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from opsdash.adapters.sources.elasticsearch.request import Grid, Keys
from opsdash.core.errors import AnswerUnusable
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import EsMetric
from opsdash.core.metrics.window import Window

Json = Mapping[str, Any]

_ZERO_WITHOUT_DOCUMENTS = frozenset({"count", "rate", "sum", "cardinality"})
OUTGROWS = 2
"""A group that was not among the largest joins them when it has this many times the documents of their median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The groups of one answer: which, how large, and what was left out."""

    kept: tuple[Keys, ...]
    left_out_documents: int
    uncertain_documents: int = 0
    """So many may be missing in a group: each shard names only its own largest."""


@dataclass(slots=True)
class _Found:
    """One group as it was answered: its bucket tree and its documents."""

    keys: Keys
    time: Json
    documents: int


@dataclass(slots=True)
class _Columns:
    """The samples of one series while they are collected."""

    labels: Labels
    values: list[float | None] = field(default_factory=list)


def decode_window(  # noqa: PLR0913 - pure function of everything that was asked
    aggregations: Json,
    *,
    metric: EsMetric,
    group_by: Sequence[str],
    grid: Grid,
    times: Sequence[float],
    most_series: int,
    known: Sequence[Keys] = (),
    groups: int = 0,
) -> tuple[Window, Groups, int]:
    """The window, its groups, and how many series there were before the limit; `times` are the grid's instants."""
    try:
        found, left_out = _groups(aggregations, len(group_by), known, groups)
        per_group = max(1, len(metric.percents)) if metric.function == "percentiles" else 1
        series = len(found) * per_group
        found = found[: max(1, most_series // per_group)]
        columns = [column for each in found for column in _series(each, metric, group_by, grid)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise AnswerUnusable(f"the aggregations are not what was asked for ({type(error).__name__})") from error
    kept = Groups(
        kept=tuple(each.keys for each in found),
        left_out_documents=left_out,
        uncertain_documents=_uncertain(aggregations),
    )
    return _window(times, columns), kept, series


def _window(times: Sequence[float], columns: Sequence[_Columns]) -> Window:
    instants = np.asarray(times, dtype=np.float64)
    values = np.full((len(columns), instants.size), np.nan)
    for row, column in enumerate(columns):
        values[row] = [np.nan if value is None else value for value in column.values]
    present = ~np.isnan(values)
    return Window(times=instants, labels=tuple(column.labels for column in columns), values=values, present=present)


def _groups(aggregations: Json, depth: int, known: Sequence[Keys], size: int) -> tuple[list[_Found], int]:
    if not depth:
        time = aggregations["time"]
        return [_Found((), time, 0)], 0
    if not known:
        left_out = [0]
        return list(_walk(aggregations["group"], depth, (), left_out)), left_out[0]
    named = [
        _Found(keys, bucket["time"], int(bucket["doc_count"]))
        for keys, bucket in zip(known, aggregations["known"]["buckets"], strict=True)
    ]
    left_out = [0]
    others = list(_walk(aggregations["other"]["group"], depth, (), left_out)) if _has_groups(aggregations) else []
    joined = _newcomers(named, others, size**depth)
    left_out[0] += sum(each.documents for each in others) - sum(each.documents for each in joined)
    return [*named, *joined], left_out[0]


def _uncertain(aggregations: Json) -> int:
    """The server's own bound of the error, of the outermost groups."""
    group = aggregations.get("group")
    bound = group.get("doc_count_error_upper_bound") if isinstance(group, Mapping) else None
    return max(0, bound) if isinstance(bound, int) else 0


def _has_groups(aggregations: Json) -> bool:
    return "group" in aggregations["other"]


def _walk(level: Json, depth: int, keys: Keys, left_out: list[int]) -> Iterator[_Found]:
    """Every combination of the nested terms, in the order of the answer."""
    left_out[0] += max(0, int(level.get("sum_other_doc_count", 0)))
    for bucket in level["buckets"]:
        inner = (*keys, key_text(bucket))
        if depth > 1:
            yield from _walk(bucket["group"], depth - 1, inner, left_out)
        else:
            yield _Found(inner, bucket["time"], int(bucket["doc_count"]))


def _newcomers(named: Sequence[_Found], others: Sequence[_Found], capacity: int) -> list[_Found]:
    """Groups that are not known yet and are shown: where there is room, or where they outgrow what is shown."""
    others = sorted(others, key=lambda each: -each.documents)
    room = max(0, capacity - len(named))
    joined, rest = list(others[:room]), others[room : room + capacity]
    usual = median(each.documents for each in named) if named else 0
    return joined + [each for each in rest if each.documents > OUTGROWS * max(usual, 1)]


def key_text(bucket: Json) -> str:
    """A bucket's key as people write it: `true`, `404`, `10.0.0.1`, an ISO date."""
    key = bucket["key_as_string"] if "key_as_string" in bucket else bucket["key"]
    if not isinstance(key, str | int | float):
        raise TypeError(key)
    return str(key)


def _series(found: _Found, metric: EsMetric, group_by: Sequence[str], grid: Grid) -> Iterator[_Columns]:
    labels = dict(zip(group_by, found.keys, strict=True))
    buckets = list(_by_column(found.time, grid))
    if metric.function == "percentiles":
        yield from _percentiles(labels, metric.percents, buckets, grid)
        return
    empty = 0.0 if metric.function in _ZERO_WITHOUT_DOCUMENTS else None
    column = _Columns(labels_of(labels), [empty] * grid.buckets)
    scale = metric.per_s * 1000 / grid.step_ms if metric.function == "rate" else 1.0
    for at, bucket in buckets:
        raw = bucket["doc_count"] if "metric" not in bucket else bucket["metric"]["value"]
        value = number(raw)
        column.values[at] = None if value is None else value * scale
    yield column


def _percentiles(
    labels: Mapping[str, str], percents: Sequence[float], buckets: Sequence[tuple[int, Json]], grid: Grid
) -> Iterator[_Columns]:
    """A series for each percent, in the order they were asked for; the server has its own."""
    names: dict[float, str] = {}
    for _, bucket in buckets[:1]:
        names = {float(name): name for name in bucket["metric"]["values"] if not name.endswith("_as_string")}
    answered = [(at, bucket["metric"]["values"]) for at, bucket in buckets]
    for percent in dict.fromkeys(percents):
        column = _Columns(labels_of({**labels, "percentile": f"{percent:g}"}), [None] * grid.buckets)
        for at, values in answered:
            column.values[at] = number(values[names[float(percent)]])
        yield column


def _by_column(time: Json, grid: Grid) -> Iterator[tuple[int, Json]]:
    """Each bucket with its place on the grid; one that is not on it was not asked for."""
    if "buckets" not in time:
        yield 0, time
        return
    for bucket in time["buckets"]:
        place, off = divmod(int(bucket["key"]) - grid.start_ms, grid.step_ms)
        if off == 0 and 0 <= place < grid.buckets:
            yield place, bucket


def number(value: Any) -> float | None:
    """A metric's value; None for null and NaN, which is what Elasticsearch says where there is nothing to measure."""
    if value is None:
        return None
    parsed = float(value)
    return None if parsed != parsed else parsed  # noqa: PLR0124 - NaN is the one that is not itself
