"""Variables: what `$service` stands for, and how it is put into a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ALL = "$__all"
"""The selection that means every value."""

Selection = tuple[str, ...]
"""The chosen values; `(ALL,)` for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValues:
    """The values of a Prometheus label, of one metric or of all."""

    label: str
    metric: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValues:
    """The values of an Elasticsearch field, most frequent first."""

    field: str
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """The values of a label in what a PromQL query gives."""

    expr: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedValues:
    """Written in the configuration."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """Typed by the operator."""


ValuesFrom = LabelValues | FieldValues | QueryResult | FixedValues | FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableSpec:
    """One entry of `variables:`."""

    name: str
    values_from: ValuesFrom
    source: str = ""
    label: str = ""
    """What the header and the picker call it; the name where empty."""
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    """What "All" becomes instead of an alternation of every value, e.g. `.*`."""
    default: Selection = ()
    regex: str = ""
    """Keeps only the values that match; its first group, if any, is the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A variable with its known options and what is selected of them."""

    spec: VariableSpec
    options: tuple[str, ...] = ()
    selected: Selection = ()
    error: str | None = None
    """Why the options could not be had, if so."""


Bindings = Mapping[str, Binding]
Dialect = Literal["promql", "lucene", "esql", "plain"]
