"""The texts of a query in which variables may stand, each with the key it stands under."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash.config.models.query import Metric, PanelQuery
from opsdash.config.models.variable import Variable
from opsdash.config.problems import KeyPath


def query_texts(query: PanelQuery) -> Iterator[tuple[KeyPath, str]]:
    """Path below the query, and text."""
    for name in ("expr", "query", "esql", "index"):
        text = getattr(query, name)
        if text:
            yield (name,), text
    for field, value in query.filters.items():
        yield ("filters", field), value
    for name in ("group_by", "fields"):
        for text in getattr(query, name):
            yield (name,), text
    if query.metric is not None:
        for function, field_name in metric_fields(query.metric):
            yield ("metric", function), field_name


def metric_fields(metric: Metric) -> Iterator[tuple[str, str]]:
    """The function that is asked for, with its field."""
    for function in Metric.model_fields:
        given = getattr(metric, function)
        if given is not None:
            yield function, getattr(given, "field", "")


def variable_texts(variable: Variable) -> Iterator[tuple[KeyPath, str]]:
    """Path below the variable, and text."""
    if variable.label_values is not None:
        yield ("label_values", "metric"), variable.label_values.metric
    if variable.field_values is not None:
        yield ("field_values", "query"), variable.field_values.query
    if variable.query_result is not None:
        yield ("query_result", "expr"), variable.query_result.expr
