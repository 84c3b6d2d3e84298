"""Checks the queries of a panel: what its kind and its source take."""

from __future__ import annotations

from opsdash.config.build import query_name
from opsdash.config.checks.units import check_unit
from opsdash.config.checks.variables import check_references, find_source
from opsdash.config.models.panel import Panel
from opsdash.config.models.query import PanelQuery
from opsdash.config.parsing import Parsed
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.texts import metric_fields, query_texts
from opsdash.config.union import Union
from opsdash.core.substitution.template import promql_code

_PROMETHEUS_KEYS = ("expr", "step")
_ELASTICSEARCH_KEYS = (
    "query", "esql", "metric", "group_by", "groups", "interval", "filters", "index", "time_column", "limit", "fields",
)  # fmt: skip
_COUNTED_KEYS = ("metric", "group_by", "groups", "interval", "instant", "offset")
_ROW_KEYS = ("limit", "fields")
_WITH_HISTORY = frozenset({"timeseries", "heatmap", "status"})
WITHOUT_QUERIES = frozenset({"text", "alerts", "slo"})


def check_queries(panel: Parsed[Panel], union: Union, report: Report) -> None:
    """Reports what is wrong with them."""
    model, place = panel.model, panel.place
    if model.kind in WITHOUT_QUERIES:
        for key in ("queries", "source"):
            if key in model.model_fields_set:
                report.warning(place / key, f"has no effect on a {model.kind} panel", key=True)
        return
    if not model.queries and panel.whole:
        report.error(place, f"a {model.kind} panel needs queries", key=True)
    kind = find_source(model.source, place / "source", union, report) if model.source is not None else None
    asked = [(query, place / "queries" / index) for index, query in enumerate(model.queries)]
    if model.requests is not None:
        asked.append((model.requests, place / "requests"))
    names: set[str] = set()
    for index, (query, where) in enumerate(asked):
        for path, text in query_texts(query):
            check_references(text, where.at(path), union, report)
        own = find_source(query.source, where / "source", union, report) if query.source is not None else kind
        _query(panel, query, where, own, report)
        check_unit(query.unit, where / "unit", report)
        name = query.name or query_name(index)
        if name in names:
            report.error(where / "name", f'a second query "{shown(name, 60)}"')
        names.add(name)


def _query(panel: Parsed[Panel], query: PanelQuery, place: Place, kind: str | None, report: Report) -> None:
    if query.source is None and panel.model.source is None and panel.whole:
        report.error(panel.place, "source is missing: which of `sources` is asked", key=True)
        return
    if not panel.kind_known:
        return
    if query.instant and panel.model.kind in _WITH_HISTORY:
        report.error(place / "instant", f"a {panel.model.kind} panel shows a history; one instant is not enough")
    if kind == "prometheus":
        _promql(panel, query, place, report)
    elif kind == "elasticsearch":
        _elasticsearch(panel, query, place, report)
    elif kind is not None:
        report.error(panel.place / "source", f"a source of kind {kind} has nothing for a {panel.model.kind} panel")


def _promql(panel: Parsed[Panel], query: PanelQuery, place: Place, report: Report) -> None:
    if panel.model.kind == "logs":
        report.error(panel.place / "kind", "logs come from Elasticsearch; a Prometheus source has none")
        return
    for key in _ELASTICSEARCH_KEYS:
        if key in query.model_fields_set:
            hint = "; did you mean expr?" if key == "query" else ""
            report.error(place / key, f"a Prometheus source takes no {key}{hint}", key=True)
    if query.expr is None and query.query is None and panel.whole:
        report.error(place, "expr is missing: the PromQL to ask")
    if query.expr is not None and (problem := unbalanced(query.expr)):
        report.error(place / "expr", problem)


def _elasticsearch(panel: Parsed[Panel], query: PanelQuery, place: Place, report: Report) -> None:
    for key in _PROMETHEUS_KEYS:
        if key in query.model_fields_set:
            hint = {"expr": "query, or esql", "step": "interval"}[key]
            report.error(place / key, f"an Elasticsearch source takes no {key}; did you mean {hint}?", key=True)
    if query.esql is not None:
        _esql(panel, query, place, report)
        return
    if "time_column" in query.model_fields_set:
        report.error(place / "time_column", "time_column belongs to esql", key=True)
    wrong = _COUNTED_KEYS if panel.model.kind == "logs" else _ROW_KEYS
    for key in wrong:
        if key in query.model_fields_set:
            what = "shows rows; it takes no" if panel.model.kind == "logs" else "counts; it takes no"
            report.error(place / key, f"a {panel.model.kind} panel {what} {key}", key=True)
    if query.query is None and query.metric is None and query.expr is None and panel.whole:
        report.error(place, "query is missing: the Lucene query to ask; empty for every document")
    if query.metric is not None and len(given := list(metric_fields(query.metric))) != 1 and panel.whole:
        listed = " and ".join(name for name, _ in given) or "nothing"
        report.error(place / "metric", f"takes one function; {listed} is given")


def _esql(panel: Parsed[Panel], query: PanelQuery, place: Place, report: Report) -> None:
    for key in _BESIDE_ESQL:
        if key in query.model_fields_set:
            report.error(place / key, f"{key} stands beside esql, which says it all", key=True)
    if panel.model.kind == "logs":
        report.error(place / "esql", "a logs panel takes a query, not esql", key=True)


_BESIDE_ESQL = ("query", "metric", "group_by", "groups", "interval", "filters", "index", *_ROW_KEYS)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def unbalanced(expr: str) -> str | None:
    """The first bracket or quote of a PromQL expression that has no partner; None where all have one."""
    opened: list[tuple[str, int]] = []
    for position, char in promql_code(expr):
        if char in "\"'`":
            return f"the string that begins at character {position + 1} does not end"
        if char in "([{":
            opened.append((char, position))
        elif char in _PAIRS and (not opened or opened.pop()[0] != _PAIRS[char]):
            return f"the {char} at character {position + 1} closes nothing"
    return f"the {opened[-1][0]} at character {opened[-1][1] + 1} is not closed" if opened else None
