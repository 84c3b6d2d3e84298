"""histogram and date_histogram: a bucket for each step, by fixed width or by the calendar of a time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from math import isnan
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.aggregations.tree import (
    MOST_BUCKETS,
    Group,
    Run,
    Tree,
    check_all,
    check_measurable,
    evaluate,
    field_name,
    only,
)
from opsdash.plant.faces.elasticsearch.dates import (
    CALENDAR,
    floor_to,
    instant,
    next_after,
    time_value_ms,
    utc,
    written,
    zone_of,
)
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Json,
    Refused,
    content,
    failed_field,
    illegal,
    not_kept,
    shard_illegal,
    too_many_buckets,
    unknown_field,
)
from opsdash.plant.faces.elasticsearch.field_match import java_number, number
from opsdash.plant.faces.elasticsearch.query import token_of
from opsdash.plant.log_columns import Ints
from opsdash.plant.log_fields import Kind

_DATE_OPTIONS = ("field", "fixed_interval", "calendar_interval", "offset", "min_doc_count", "extended_bounds",
                 "time_zone", "format", "keyed", "order", "missing")  # fmt: skip
_ZONE_SLOT_MS = 900_000
"""Offsets of time zones change at quarters of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Both; dates are milliseconds."""

    name: str
    field: str
    subs: Tree
    is_dates: bool
    width: float = 0
    unit: str = ""
    """Of the calendar; then the width is 0."""
    offset: float = 0
    least: int = 0
    bounds: tuple[Any, Any] | None = None
    zone: tzinfo = UTC
    form: str | None = None
    keyed: bool = False
    is_down: bool = False
    by_count: bool = False
    missing: Any = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """Only numbers and dates have steps, and steps have a width."""
        check_measurable(docs, self.field, "date_histogram" if self.is_dates else "histogram")
        if self.is_dates and not self.unit and not self.width > 0:
            raise shard_illegal(_NO_INTERVAL if isnan(self.width) else "Zero or negative time interval not supported")
        if not self.is_dates and self.width <= 0:
            raise shard_illegal(f"interval must be positive, got: {float(self.width)}")
        check_all(self.subs, docs, parent="histogram")

    def results(self, run: Run, group: Group) -> list[Json]:
        """The buckets, empty ones between where they are wanted."""
        keys, present = run.docs.keys(self.field)
        kept = present[group.places]
        values, places, owner = keys[group.places], group.places, group.owner
        if self.missing is not None:
            stand_in = (
                instant(self.missing, now_ms=run.docs.now_ms, up=False) if self.is_dates else number(self.missing)
            )
            values = np.where(kept, values, stand_in)
        else:
            values, places, owner = values[kept], places[kept], owner[kept]
        starts = self._starts(values)
        steps, edges = self._steps(run, starts)
        if self.least > 0:
            bucket, owners, number_of = self._full(owner, steps, max(edges.size, 1))
        else:
            bucket, owners, number_of = self._filled(run, group, owner, steps, edges)
        run.take(owners.size)
        children = evaluate(self.subs, run, Group(places, bucket, owners.size))
        counts = np.bincount(bucket, minlength=owners.size)
        return self._told(run, group, owners, edges[number_of], counts, children)

    # -- where buckets begin ---------------------------------------------------------------------------------------

    def _starts(self, values: Any) -> Any:
        """The beginning of each value's bucket."""
        if not self.is_dates:
            with np.errstate(over="ignore", invalid="ignore"):
                starts = np.floor((values - self.offset) / self.width) * self.width + self.offset
            if not np.isfinite(starts).all():
                raise too_many_buckets(MOST_BUCKETS)
            return starts
        width, shift = round(self.width), round(self.offset)
        if not self.unit and self.zone is UTC:
            return (values - shift) // width * width + shift
        slots, place = np.unique((values - shift) // _ZONE_SLOT_MS, return_inverse=True)
        if self.unit and self.unit not in "smh":
            floors = np.array([self._floor(slot * _ZONE_SLOT_MS) for slot in slots.tolist()], dtype=np.int64)
            return floors[place] + shift
        local = np.array([self._local_offset(slot * _ZONE_SLOT_MS) for slot in slots.tolist()], dtype=np.int64)[place]
        width = width or {"s": 1_000, "m": 60_000, "h": 3_600_000}[self.unit]
        return (values - shift + local) // width * width - local + shift

    def _floor(self, at_ms: int) -> int:
        return floor_to(at_ms, self.unit, self.zone)

    def _local_offset(self, at_ms: int) -> int:
        offset = utc(at_ms).astimezone(self.zone).utcoffset()
        return round(offset.total_seconds() * 1000) if offset else 0

    def _steps(self, run: Run, starts: Any) -> tuple[Ints, Any]:
        """For each value the number of its bucket, and where buckets begin; without gaps if empty ones are wanted."""
        if self.least > 0:
            edges, steps = np.unique(starts, return_inverse=True)
            return steps, edges
        low, high = (starts.min(), starts.max()) if starts.size else (None, None)
        if self.bounds is not None:
            below, above = (self._bound(run, each) for each in self.bounds)
            low = below if low is None else low if below is None else min(low, below)
            high = above if high is None else high if above is None else max(high, above)
        if low is None or high is None or high < low:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        edges = self._edges(low, high)
        return np.searchsorted(edges, starts, side="right") - 1, edges

    def _bound(self, run: Run, given: Any) -> Any:
        if given is None:
            return None
        at: float = number(given) if not self.is_dates else instant(
            given, now_ms=run.docs.now_ms, up=False, form=self.form, zone=self.zone)  # fmt: skip
        return self._starts(np.array([at]))[0]

    def _edges(self, low: Any, high: Any) -> Any:
        if not self.unit:
            count = float(high - low) / self.width + 1.5
            if count > MOST_BUCKETS:
                raise too_many_buckets(MOST_BUCKETS)
            if self.is_dates:
                return int(low) + np.arange(int(count)) * round(self.width)
            return low + np.arange(int(count)) * self.width
        edges = [int(low)]
        while edges[-1] < high:
            shift = round(self.offset)
            edges.append(next_after(edges[-1] - shift, self.unit, self.zone) + shift)
            if len(edges) > MOST_BUCKETS:
                raise too_many_buckets(MOST_BUCKETS)
        return np.array(edges, dtype=np.int64)

    # -- buckets of every owner ------------------------------------------------------------------------------------

    @staticmethod
    def _full(owner: Ints, steps: Ints, width: int) -> tuple[Ints, Ints, Ints]:
        """Only buckets with documents: of each document its bucket, of each bucket its owner and its step."""
        pairs, bucket = np.unique(owner * width + steps, return_inverse=True)
        return bucket, pairs // width, pairs % width

    def _filled(self, run: Run, group: Group, owner: Ints, steps: Ints, edges: Any) -> tuple[Ints, Ints, Ints]:
        """Every bucket from the first to the last of each owner, and over the bounds."""
        first = np.full(group.count, edges.size, dtype=np.int64)
        last = np.full(group.count, -1, dtype=np.int64)
        np.minimum.at(first, owner, steps)
        np.maximum.at(last, owner, steps)
        if self.bounds is not None and edges.size:
            below, above = (self._bound(run, each) for each in self.bounds)
            if below is not None:
                first = np.minimum(first, np.searchsorted(edges, below, side="right") - 1)
            if above is not None:
                last = np.maximum(last, np.searchsorted(edges, above, side="right") - 1)
        lengths = np.maximum(last - first + 1, 0)
        if lengths.sum() + run.buckets > MOST_BUCKETS:
            raise too_many_buckets(MOST_BUCKETS)
        begins = np.cumsum(lengths) - lengths
        owners = np.repeat(np.arange(group.count), lengths)
        numbers = np.arange(owners.size) - begins[owners] + first[owners]
        return begins[owner] + steps - first[owner], owners, numbers

    # -- words -----------------------------------------------------------------------------------------------------

    def _told(  # noqa: PLR0913, PLR0917 - columns of one table
        self, run: Run, group: Group, owners: Ints, starts: Any, counts: Ints, children: list[Json]
    ) -> list[Json]:
        with_text = self.is_dates and run.docs.kind(self.field) in (Kind.DATE, None)
        buckets: list[list[Json]] = [[] for _ in range(group.count)]
        rows = zip(owners.tolist(), starts.tolist(), counts.tolist(), children, strict=True)
        texts: dict[int, str] = {}
        for owner, start, count, child in rows:
            if count < self.least:
                continue
            bucket: Json = {"key": start, "doc_count": count, **child}
            if with_text:
                if start not in texts:
                    texts[start] = written(start, form=self.form, zone=self.zone)
                bucket = {"key_as_string": texts[start], **bucket}
            buckets[owner].append(bucket)
        return [{"buckets": self._ordered(each)} for each in buckets]

    def _ordered(self, buckets: list[Json]) -> Any:
        if self.by_count:
            buckets.sort(key=lambda each: -each["doc_count"] if self.is_down else each["doc_count"])
        elif self.is_down:
            buckets.reverse()
        if not self.keyed:
            return buckets
        return {each.get("key_as_string") or java_number(each["key"]): each for each in buckets}


_NO_INTERVAL = "Invalid interval specified, must be non-null and non-empty"


# -- reading -----------------------------------------------------------------------------------------------------------


def _check_date_options(kind: str, body: Mapping[str, Any]) -> None:
    for key in body:
        if key == "interval":
            raise content(f"[{kind}] unknown field [interval] did you mean [fixed_interval]?")
        if key in ("hard_bounds", "params", "script"):
            raise not_kept(f"[{key}] of a date_histogram")
        if key not in _DATE_OPTIONS:
            raise unknown_field(kind, key)
    for key in ("fixed_interval", "calendar_interval"):
        if key in body and not isinstance(body[key], str):
            raise content(f"[{kind}] {key} doesn't support values of type: {token_of(body[key])}")
    if "fixed_interval" in body and "calendar_interval" in body:
        first, second = [key for key in body if key.endswith("_interval")]
        cause = illegal(f"Cannot use [{second}] with [{first}] configuration option.")
        raise failed_field(kind, second, cause)


def read_date_histogram(name: str, body: Mapping[str, Any], subs: Tree) -> Histogram:
    """date_histogram. Raises Refused."""
    kind = "date_histogram"
    _check_date_options(kind, body)
    given: dict[str, Any] = {"width": float("nan")}
    if "fixed_interval" in body:
        given["width"] = _within(kind, "fixed_interval", lambda: _fixed(body["fixed_interval"]))
    if "calendar_interval" in body:
        given["unit"] = _within(kind, "calendar_interval", lambda: _calendar(body["calendar_interval"]))
        given["width"] = 0
    if "time_zone" in body:
        given["zone"] = _within(kind, "time_zone", lambda: zone_of(str(body["time_zone"])))
    if "offset" in body:
        given["offset"] = _within(kind, "offset", lambda: _shift(body["offset"]))
    return _made(name, body, subs, is_dates=True, **given)


def _within(kind: str, key: str, read: Any) -> Any:
    try:
        return read()
    except Refused as error:
        raise failed_field(kind, key, error) from error


def _fixed(text: str) -> int:
    if text.strip().endswith("M"):
        raise illegal(
            f"failed to parse setting [date_histogram.fixedInterval] with value [{text}] as a time value:"
            " unit is missing or unrecognized"
        )
    return time_value_ms(text, "date_histogram.fixedInterval")


def _calendar(text: str) -> str:
    unit = CALENDAR.get(text)
    if unit is None:
        raise illegal(f"The supplied interval [{text}] could not be parsed as a calendar interval.")
    return unit


def _shift(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    text = str(given)
    sign = -1 if text.startswith("-") else 1
    return sign * time_value_ms(text.lstrip("+-"), "date_histogram.offset")


def read_histogram(name: str, body: Mapping[str, Any], subs: Tree) -> Histogram:
    """histogram. Raises Refused."""
    only(
        "histogram",
        body,
        "field",
        "interval",
        "offset",
        "min_doc_count",
        "extended_bounds",
        "keyed",
        "order",
        "missing",
        "format",
    )
    width = _within("histogram", "interval", lambda: number(body.get("interval", 0)))
    if "interval" in body and width <= 0:
        cause = illegal(f"[interval] must be >0 for histogram aggregation [{name}]")
        raise failed_field("histogram", "interval", cause)
    offset = _within("histogram", "offset", lambda: number(body.get("offset", 0)))
    return _made(name, body, subs, is_dates=False, width=width, offset=offset % width if width else 0)


def _made(name: str, body: Mapping[str, Any], subs: Tree, *, is_dates: bool, **given: Any) -> Histogram:
    kind = "date_histogram" if is_dates else "histogram"
    least = _within(kind, "min_doc_count", lambda: int(number(body.get("min_doc_count", 0))))
    if least < 0:
        cause = illegal(f"[minDocCount] must be greater than or equal to 0. Found [{least}] in [{name}]")
        raise failed_field(kind, "min_doc_count", cause)
    bounds = body.get("extended_bounds")
    if bounds is not None and not isinstance(bounds, dict):
        raise content(f"[{kind}] extended_bounds doesn't support values of type: {token_of(bounds)}")
    order = body.get("order", {"_key": "asc"})
    order = order[0] if isinstance(order, list) and order else order
    path, direction = next(iter(order.items())) if isinstance(order, dict) and order else ("_key", "asc")
    if path not in ("_key", "_count") or str(direction).lower() not in ("asc", "desc"):
        raise not_kept(f"the order [{path}] of a {kind}")
    return Histogram(
        name=name,
        field=field_name(body),
        subs=subs,
        is_dates=is_dates,
        least=least,
        bounds=None if bounds is None else (bounds.get("min"), bounds.get("max")),
        form=body.get("format") if is_dates else None,
        keyed=body.get("keyed") in (True, "true"),
        is_down=str(direction).lower() == "desc",
        by_count=path == "_count",
        missing=body.get("missing"),
        **given,
    )
