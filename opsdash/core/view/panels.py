"""What a dashboard is made of, as the configuration describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.queries import Query


class PanelKind(StrEnum):
    """The kinds of the contract."""

    TIMESERIES = "timeseries"
    STAT = "stat"
    GAUGE = "gauge"
    BARGAUGE = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    STATUS = "status"
    LOGS = "logs"
    ALERTS = "alerts"
    TEXT = "text"
    TOPLIST = "toplist"
    COST = "cost"
    SLO = "slo"


Calc = Literal["last", "min", "max", "avg", "sum", "count", "first", "delta"]
DrawStyle = Literal["lines", "points", "bars", "area"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Place and size on a grid of 24 columns; a row is one Grafana unit."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where a value starts to worry; `below` means that smaller is worse."""

    warning: float | None = None
    critical: float | None = None
    below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A value, or a range of them, shown as a word."""

    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: Literal["ok", "warning", "critical", "none"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a label, a log field, or the value of the query of that name."""

    name: str
    title: str = ""
    unit: str = ""
    decimals: int | None = None
    width: int | None = None
    thresholds: Thresholds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuery:
    """A query as a panel shows it. Variables are still in its text until `resolve` has replaced them."""

    query: Query
    name: str = ""
    """The column title in a table; `A`, `B`, … where the configuration gives none."""
    legend: str = ""
    unit: str = ""
    """Overrides the panel's unit."""
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """One panel."""

    id: str
    """Stable over a reload that does not touch it: `Golden signals/p99 latency`, with `#2` for a second one."""
    title: str
    kind: PanelKind
    source: str = ""
    description: str = ""
    unit: str = ""
    decimals: int | None = None
    grid: Grid | None = None
    queries: tuple[PanelQuery, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    draw: DrawStyle = "lines"
    stacked: bool = False
    legend: tuple[Calc, ...] | None = ("last", "min", "max", "avg")
    """Which numbers the legend shows, as far as they fit; None hides it."""
    calc: Calc = "last"
    """How a stat, gauge, bar gauge, toplist or cost panel makes one number of a series."""
    minimum: float | None = None
    maximum: float | None = None
    text: str = ""
    """For `text`: shown as it is, never as markup."""
    columns: tuple[Column, ...] = ()
    sort: str = ""
    """Column a table starts sorted by; `-name` for descending."""
    limit: int = 10
    """Rows of a toplist."""
    mappings: tuple[Mapping, ...] = ()
    per: Literal["hour", "day", "month"] = "hour"
    """What period the values of a `cost` panel are for."""
    requests: Query | None = None
    """For `cost`: requests per second, to show the cost of 1,000 of them."""
    max_series: int | None = None
    """Overrides the source's limit."""
    matchers: Matchers = ()
    """For `alerts`: only those that match."""
    severity: Severity = Severity.INFO
    """For `alerts`: only from this severity on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A tab."""

    title: str
    panels: tuple[PanelSpec, ...]
    description: str = ""
