"""Which queries the panels on screen need, with their variables replaced."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from opsdash.core.metrics.fetching import aligned
from opsdash.core.metrics.queries import EsQuery, LogQuery, PromQuery, Query, Span
from opsdash.core.state import State
from opsdash.core.substitution.substitute import references, resolve_query
from opsdash.core.variables import ALL, Binding
from opsdash.core.view.panels import PanelQuery, PanelSpec
from opsdash.core.view.timerange import TimeRange, step_for


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPanel:
    """A panel whose queries can be asked."""

    spec: PanelSpec
    queries: tuple[PanelQuery, ...]
    compares: tuple[Query | None, ...]
    """The same questions of the earlier period, one for each query; None where there is none."""
    waits_for: str | None = None
    """The variable whose values are not known yet; nothing is asked before they are."""

    def asked(self) -> tuple[Query, ...]:
        """Every query to poll for it."""
        if self.waits_for is not None:
            return ()
        return (*(shown.query for shown in self.queries), *(query for query in self.compares if query is not None))


def step_of(query: Query, time_range: TimeRange) -> float:
    """The step (or bucket) of a query in seconds: its own, or what suits the range."""
    match query:
        case PromQuery(step_s=float(own)) | EsQuery(interval_s=float(own)):
            return own
        case _:
            return step_for(time_range.length_s)


def span_of(query: Query, time_range: TimeRange, now_s: float) -> Span:
    """The aligned span that a query has to cover now."""
    start, end = time_range.bounds(now_s)
    return aligned(start, end, step_of(query, time_range))


def wanted_panels(state: State, panels: Collection[PanelSpec], now_s: float) -> Mapping[str, WantedPanel]:
    """By panel id; the same query of two panels is equal, so that it is asked once."""
    return {spec.id: _wanted(state, spec, now_s) for spec in panels}


def _wanted(state: State, spec: PanelSpec, now_s: float) -> WantedPanel:
    shown = [query for query in spec.queries if not query.hidden]
    if spec.requests is not None:
        shown.append(PanelQuery(query=spec.requests, name="requests"))
    queries = tuple(replace(query, query=resolved(state, query.query, now_s)) for query in shown)
    return WantedPanel(
        spec=spec,
        queries=queries,
        compares=tuple(_earlier(query.query, state.compare_s) for query in queries),
        waits_for=_unknown_variable(state, [query.query for query in shown]),
    )


def resolved(state: State, query: Query, now_s: float) -> Query:
    """The query with the chosen values, the step and the range put in for its variables."""
    span = span_of(query, state.time_range, now_s)
    scrape = next((source.scrape_interval_s for source in state.board.sources if source.name == query.source), 15.0)
    return resolve_query(
        query,
        state.bindings,
        step_s=span.step_s,
        start_s=span.end_s - state.time_range.length_s,
        end_s=span.end_s,
        scrape_interval_s=scrape,
    )


def _earlier(query: Query, offset_s: float) -> Query | None:
    """The question of the earlier period; rows and single values have none."""
    if offset_s <= 0 or not isinstance(query, PromQuery | EsQuery) or query.instant:
        return None
    return replace(query, offset_s=offset_s)


def _unknown_variable(state: State, queries: list[Query]) -> str | None:
    for query in queries:
        for name in sorted(references(text_with_variables(query))):
            binding = state.bindings.get(name)
            if binding is not None and is_unknown(binding):
                return name
    return None


def is_unknown(binding: Binding) -> bool:
    """Whether what the variable stands for can only be said when its options are known."""
    if binding.options or binding.error is not None or binding.spec.all_value:
        return False
    return binding.selected in ((), (ALL,))


def text_with_variables(query: Query) -> str:
    """All of the query's text that variables can stand in."""
    match query:
        case PromQuery():
            return query.expr
        case EsQuery():
            return "\n".join((query.query, query.index, *query.group_by, *(value for _, value in query.filters)))
        case LogQuery():
            return "\n".join((query.query, query.index, *(value for _, value in query.filters)))
        case _:
            return query.esql
