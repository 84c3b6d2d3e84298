"""What can be asked of a source. A query that is equal to another is asked once, whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time on a grid: `start_s`, `start_s + step_s`, … up to `end_s`. UTC seconds."""

    start_s: float
    end_s: float
    step_s: float

    @property
    def points(self) -> int:
        """How many instants the grid has."""
        return int((self.end_s - self.start_s) // self.step_s) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PromQuery:
    """A PromQL expression, for a Prometheus-compatible source."""

    source: str
    expr: str
    instant: bool = False
    """Only the value now is wanted (stat without sparkline, table, gauge); no range is fetched."""
    step_s: float | None = None
    """A step fixed by the configuration; None lets the range decide."""
    offset_s: float = 0.0
    """How much earlier than the range it is asked for (compare with an earlier period)."""


EsFunction = Literal["count", "avg", "sum", "min", "max", "cardinality", "percentiles", "rate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EsMetric:
    """What is computed in each bucket of a date_histogram."""

    function: EsFunction
    field: str = ""
    """Empty only for `count` and `rate` of documents."""
    percents: tuple[float, ...] = ()
    """For `percentiles`; each percent is a series of its own, labelled `percentile`."""
    per_s: float = 1.0
    """For `rate`: documents (or the field's sum) per this many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EsQuery:
    """A query_string counted or measured over time, for an Elasticsearch source."""

    source: str
    query: str
    """Lucene query_string; empty means everything."""
    metric: EsMetric
    group_by: tuple[str, ...] = ()
    """Terms fields; each combination of values is a series."""
    groups: int = 10
    """How many values of each `group_by` field are kept, largest count first."""
    filters: tuple[tuple[str, str], ...] = ()
    """Exact `term` filters beside the query."""
    index: str = ""
    """Overrides the source's index pattern."""
    interval_s: float | None = None
    """Width of a bucket; None lets the range decide."""
    instant: bool = False
    """One bucket over the whole range, no history."""
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EsqlQuery:
    """An ES|QL pipe whose result is a table, or a series where it has a date column."""

    source: str
    esql: str
    time_column: str = ""
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Raw log rows, newest first."""

    source: str
    query: str
    filters: tuple[tuple[str, str], ...] = ()
    index: str = ""
    limit: int = 200
    fields: tuple[str, ...] = ()
    """Columns shown beside time and message; empty lets the panel choose."""


MetricQuery = PromQuery | EsQuery | EsqlQuery
Query = PromQuery | EsQuery | EsqlQuery | LogQuery
