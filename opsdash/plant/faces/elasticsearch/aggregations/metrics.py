"""Metrics: one number, or a few, for each bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from opsdash.plant.faces.elasticsearch.aggregations.tree import (
    Aggregation,
    Group,
    Run,
    check_measurable,
    field_name,
    only,
)
from opsdash.plant.faces.elasticsearch.dates import written
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Json, Refused, content, failed_field, illegal
from opsdash.plant.faces.elasticsearch.field_match import java_number, number
from opsdash.plant.log_columns import Ints
from opsdash.plant.log_fields import Kind

Floats = npt.NDArray[np.float64]
DEFAULT_PERCENTS = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class _Values:
    """The numbers in each bucket."""

    values: Floats
    owner: Ints
    count: int
    is_date: bool

    def counts(self) -> Ints:
        return np.bincount(self.owner, minlength=self.count)

    def sums(self) -> Floats:
        return np.asarray(np.bincount(self.owner, weights=self.values, minlength=self.count), dtype=np.float64)

    def extremes(self) -> tuple[Floats, Floats]:
        low, high = np.full(self.count, np.inf), np.full(self.count, -np.inf)
        np.minimum.at(low, self.owner, self.values)
        np.maximum.at(high, self.owner, self.values)
        return low, high


def _values(run: Run, group: Group, name: str, missing: float | None) -> _Values:
    keys, present = run.docs.keys(name)
    is_there = present[group.places]
    values = keys[group.places].astype(np.float64)
    is_date = run.docs.kind(name) is Kind.DATE
    if missing is not None:
        return _Values(np.where(is_there, values, missing), group.owner, group.count, is_date)
    return _Values(values[is_there], group.owner[is_there], group.count, is_date)


@dataclass(frozen=True, slots=True)
class Measure:
    """avg, sum, min, max, stats and extended_stats."""

    kind: str
    field: str
    missing: float | None = None
    sigma: float = 2.0

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """Only numbers and dates can be measured."""
        check_measurable(docs, self.field, self.kind)

    def results(self, run: Run, group: Group) -> list[Json]:
        """`value`, or the statistics by name; null where there is nothing to measure."""
        found = _values(run, group, self.field, self.missing)
        counts, sums = found.counts().tolist(), found.sums().tolist()
        low, high = (each.tolist() for each in found.extremes())
        squares = np.bincount(found.owner, weights=found.values**2, minlength=found.count).tolist()
        make = self._one if self.kind in ("avg", "sum", "min", "max") else self._stats
        rows = zip(counts, sums, low, high, squares, strict=True)
        return [make(found.is_date, *row) for row in rows]

    def _one(self, is_date: bool, count: int, total: float, low: float, high: float, _squares: float) -> Json:
        value = {"avg": total / count if count else None, "sum": total, "min": low, "max": high}[self.kind]
        if count == 0 and self.kind != "sum":
            return {"value": None}
        told: Json = {"value": value}
        if is_date and value is not None:
            told["value_as_string"] = written(int(value))
        return told

    def _stats(  # noqa: PLR0913, PLR0917 - a row of sums
        self, is_date: bool, count: int, total: float, low: float, high: float, squares: float
    ) -> Json:
        told: Json = {"count": count, "min": None, "max": None, "avg": None, "sum": total}
        if count:
            told |= {"min": low, "max": high, "avg": total / count}
        if is_date and count:
            told |= {f"{name}_as_string": written(int(told[name])) for name in ("min", "max", "avg", "sum")
                     if abs(told[name]) < 2.5e14}  # fmt: skip
        return told if self.kind == "stats" else {**told, **self._spread(count, total, squares)}

    def _spread(self, count: int, total: float, squares: float) -> Json:
        mean = total / count if count else 0.0
        deviations = squares - total * mean
        population = max(deviations / count, 0.0) if count else None
        sampling = max(deviations / (count - 1), 0.0) if count > 1 else None
        spread: dict[str, float | None] = {
            "population": None if population is None else population**0.5,
            "sampling": None if sampling is None else sampling**0.5,
        }
        bounds: dict[str, Any] = {}
        for suffix, of in (("", "population"), ("_population", "population"), ("_sampling", "sampling")):
            wide = spread[of]
            for name, sign in (("upper", 1), ("lower", -1)):
                bounds[name + suffix] = None if wide is None else mean + sign * self.sigma * wide
        as_nan = "NaN" if count == 1 else None
        if count == 1:
            bounds |= {"upper_sampling": as_nan, "lower_sampling": as_nan}
        return {
            "sum_of_squares": squares if count else None,
            "variance": population,
            "variance_population": population,
            "variance_sampling": as_nan if sampling is None else sampling,
            "std_deviation": spread["population"],
            "std_deviation_population": spread["population"],
            "std_deviation_sampling": as_nan if sampling is None else spread["sampling"],
            "std_deviation_bounds": bounds,
        }


@dataclass(frozen=True, slots=True)
class Count:
    """value_count and cardinality, which take any field but a text."""

    kind: str
    field: str
    missing: Any = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """A text has no values to count."""
        docs.keys(self.field)

    def results(self, run: Run, group: Group) -> list[Json]:
        """`value`; the number of different values is exact, not an estimate."""
        keys, present = run.docs.keys(self.field)
        is_there = present[group.places]
        owner = group.owner[is_there]
        if self.kind == "value_count":
            counts = group.counts() if self.missing is not None else np.bincount(owner, minlength=group.count)
            return [{"value": count} for count in counts.tolist()]
        values = np.unique(keys[group.places][is_there], return_inverse=True)[1]
        width = int(values.max(initial=0)) + 1
        different = np.unique(owner * width + values) // width
        counts = np.bincount(different, minlength=group.count)
        if self.missing is not None:
            counts += np.bincount(group.owner[~is_there], minlength=group.count) > 0
        return [{"value": count} for count in counts.tolist()]


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles, exact: between two neighbours as far as the percent says."""

    field: str
    percents: tuple[float, ...]
    keyed: bool = True
    missing: float | None = None

    def check(self, docs: Docs, *, is_top: bool) -> None:  # noqa: ARG002 - as every aggregation
        """Only numbers and dates can be measured."""
        check_measurable(docs, self.field, "percentiles")

    def results(self, run: Run, group: Group) -> list[Json]:
        """`values` by percent."""
        found = _values(run, group, self.field, self.missing)
        order = np.lexsort((found.values, found.owner))
        values = np.append(found.values[order], np.nan)
        counts = found.counts()
        starts = np.cumsum(counts) - counts
        columns = []
        for percent in self.percents:
            place = percent / 100 * np.maximum(counts - 1, 0)
            below = np.floor(place).astype(np.int64)
            low = values[starts + below]
            high = values[starts + np.minimum(below + 1, np.maximum(counts - 1, 0))]
            columns.append(np.where(counts > 0, low + (high - low) * (place - below), np.nan).tolist())
        return [self._told(row, found.is_date) for row in zip(*columns, strict=True)]

    def _told(self, row: tuple[float, ...], is_date: bool) -> Json:
        shown = [(percent, None if isnan(value) else value) for percent, value in zip(self.percents, row, strict=True)]
        if not self.keyed:
            return {"values": [{"key": percent, "value": value, **_dated("value", value, is_date)}
                               for percent, value in shown]}  # fmt: skip
        values: Json = {}
        for percent, value in shown:
            values |= {java_number(percent): value, **_dated(java_number(percent), value, is_date)}
        return {"values": values}


def _dated(name: str, value: float | None, is_date: bool) -> Json:
    return {f"{name}_as_string": written(int(value))} if is_date and value is not None else {}


# -- reading -----------------------------------------------------------------------------------------------------------


def _missing(body: Mapping[str, Any]) -> float | None:
    return None if body.get("missing") is None else number(body["missing"])


def read_measure(kind: str) -> Callable[[str, Mapping[str, Any]], Aggregation]:
    """A reader of one of the measures."""

    def read(_name: str, body: Mapping[str, Any]) -> Aggregation:
        more = ("sigma",) if kind == "extended_stats" else ()
        only(kind, body, "field", "missing", "format", "value_type", *more)
        return Measure(kind, field_name(body), _missing(body), float(body.get("sigma", 2.0)))

    return read


def read_count(kind: str) -> Callable[[str, Mapping[str, Any]], Aggregation]:
    """A reader of one of the counts."""

    def read(_name: str, body: Mapping[str, Any]) -> Aggregation:
        more = ("precision_threshold", "execution_hint", "rehash") if kind == "cardinality" else ()
        only(kind, body, "field", "missing", "format", "value_type", *more)
        return Count(kind, field_name(body), body.get("missing"))

    return read


def read_percentiles(name: str, body: Mapping[str, Any]) -> Aggregation:
    """percentiles; the options of the sketches are taken and do nothing, since the answer is exact."""
    only("percentiles", body, "field", "missing", "percents", "keyed", "format", "tdigest", "hdr", "value_type")
    given = body.get("percents", DEFAULT_PERCENTS)
    if not isinstance(given, list | tuple):
        given = [given]
    try:
        percents = tuple(sorted(number(each) for each in given))
    except Refused as error:
        raise failed_field("percentiles", "percents", error) from error
    wrong = next((each for each in percents if not 0 <= each <= 100), None)
    problem = None
    if not percents:
        problem = f"[percents] must not be empty: [{name}]"
    elif wrong is not None:
        problem = f"percent must be in [0,100], got [{wrong}]: [{name}]"
    if problem is not None:
        cause = illegal(problem)
        reason = "Failed to build [percentiles] after last required field arrived"
        raise content(reason, cause=cause)
    return Percentiles(field_name(body), percents, bool(body.get("keyed", True)), _missing(body))
