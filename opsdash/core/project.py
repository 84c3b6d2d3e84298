"""project(state) → Snapshot: what the screen shows of the state. Pure; both clocks are arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from opsdash.core.metrics.freshness import Freshness, freshness
from opsdash.core.metrics.labels import Labels, legend
from opsdash.core.metrics.queries import Query
from opsdash.core.sources import SourceSpec
from opsdash.core.state import QueryRecord, SourceRecord, State
from opsdash.core.view.panels import PanelQuery
from opsdash.core.view.snapshot import PanelView, QueryView, Snapshot, SourceView
from opsdash.core.view.timerange import step_for
from opsdash.core.wanted import WantedPanel

ASKED_GRACE_S = 1.0
"""What was asked at the start has failed or been answered this long after the source's time is over."""
_WORST = (Freshness.ERROR, Freshness.STALE, Freshness.LATE, Freshness.NO_DATA, Freshness.FRESH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, on both clocks. Ages are counted on the one that cannot jump."""

    now_s: float
    monotonic_s: float


def project(
    state: State, panels: Mapping[str, WantedPanel], *, moment: Moment, current: int = 0, revision: int = 0
) -> Snapshot:
    """The snapshot of these panels."""
    start, end = state.time_range.bounds(moment.now_s if state.paused_at_s is None else state.paused_at_s)
    views = {name: _panel(state, panel, moment, (start, end)) for name, panel in panels.items()}
    return Snapshot(
        at_s=moment.now_s,
        title=state.board.title,
        environment=state.board.environment,
        dashboards=tuple(dashboard.title for dashboard in state.board.dashboards),
        current=current,
        time_range=state.time_range,
        start_s=start,
        end_s=end,
        step_s=step_for(state.time_range.length_s),
        refresh_s=state.board.refresh_s,
        panels=views,
        sources=tuple(_source(spec, state, panels, moment) for spec in state.board.sources),
        bindings=tuple(state.bindings[spec.name] for spec in state.board.variables),
        paused_at_s=state.paused_at_s,
        compare_s=state.compare_s,
        config_problem=state.config_problem,
        config_problems=state.config_problems,
        real_period_s=_real_period(state, panels),
        revision=revision,
        dashboard_of={panel.id: dashboard.title for dashboard in state.board.dashboards for panel in dashboard.panels},
    )


def _panel(state: State, panel: WantedPanel, moment: Moment, bounds: tuple[float, float]) -> PanelView:
    queries = tuple(
        _query(state, shown, earlier, moment) for shown, earlier in zip(panel.queries, panel.compares, strict=True)
    )
    records = [state.queries.get(shown.query, QueryRecord()) for shown in panel.queries]
    waiting = any(record.succeeded_at_s is None and record.failure is None for record in records)
    successes = [record.succeeded_at_s for record in records]
    known = [at for at in successes if at is not None]
    worst = _worst(tuple(view.state for view in queries))
    return PanelView(
        spec=panel.spec,
        state=worst,
        queries=queries,
        start_s=bounds[0],
        end_s=bounds[1],
        step_s=step_for(state.time_range.length_s),
        age_s=moment.monotonic_s - min(known) if known and len(known) == len(successes) else None,
        message=_panel_message(panel, queries, records, worst),
        notes=tuple(dict.fromkeys(note for record in records for note in _notes(record))),
        waiting=waiting and bool(records),
        compare_s=state.compare_s,
    )


def _query(state: State, shown: PanelQuery, earlier: Query | None, moment: Moment) -> QueryView:
    record = state.queries.get(shown.query, QueryRecord())
    compared = state.queries.get(earlier) if earlier is not None else None
    return QueryView(
        spec=shown,
        window=record.window,
        legends=tuple(_legend(shown.legend or _own_name(shown, record), labels) for labels in record.window.labels),
        answer=record.answer,
        state=_freshness(state, shown.query, record, moment),
        message=_query_message(record, moment),
        compare=compared.window if compared is not None and compared.window.labels else None,
    )


def _own_name(shown: PanelQuery, record: QueryRecord) -> str:
    """A single series without labels is called by its query's name, if it has one."""
    return shown.name if record.window.labels == ((),) and len(shown.name) > 1 else ""


@lru_cache(maxsize=16384)
def _legend(template: str, labels: Labels) -> str:
    return legend(template, labels)


def _freshness(state: State, query: Query, record: QueryRecord, moment: Moment) -> Freshness:
    if record.succeeded_at_s is None and record.failure is None:
        return Freshness.NO_DATA  # just asked: the panel says that it waits
    answer = record.answer
    spec = _spec(state, query.source)
    still = not state.time_range.is_live or state.paused_at_s is not None
    return freshness(
        now_s=record.succeeded_at_s or 0.0 if still and record.failure is None else moment.monotonic_s,
        period_s=state.board.refresh_s,
        timeout_s=spec.timeout_s if spec is not None else 0.0,
        succeeded_at_s=record.succeeded_at_s,
        has_data=not record.window.is_empty or (answer is not None and bool(answer.table or answer.rows)),
        refused=record.failure is not None and not record.failure.healing,
    )


def _spec(state: State, name: str) -> SourceSpec | None:
    return next((spec for spec in state.board.sources if spec.name == name), None)


def _query_message(record: QueryRecord, moment: Moment) -> str | None:
    failure = record.failure
    if failure is None:
        return None
    if failure.retry_at_s is None:
        return failure.message
    left = failure.retry_at_s - moment.monotonic_s
    # The countdown stands still inside each five seconds: a message must not flicker.
    return (
        f"{failure.message}; next try in {max(5, 5 * round(left / 5))} s"
        if left > 1
        else f"{failure.message}; trying again"
    )


def _panel_message(
    panel: WantedPanel, queries: tuple[QueryView, ...], records: list[QueryRecord], worst: Freshness
) -> str | None:
    if panel.waits_for is not None:
        return f"waiting for the values of ${panel.waits_for}"
    for view in queries:
        if view.message is not None:
            return view.message
    if worst is Freshness.NO_DATA and queries and all(view.answer is not None for view in queries):
        explained = next((record.explanation for record in records if record.explanation), None)
        return f"no data: {explained or 'the source answered, and there is nothing in this time'}"
    return None


def _notes(record: QueryRecord) -> tuple[str, ...]:
    if record.answer is None:
        return ()
    return (*record.answer.cut, *record.answer.warnings)


def _worst(states: tuple[Freshness, ...]) -> Freshness:
    """The worst of the queries; a query without data does not hide another's data."""
    if not states:
        return Freshness.FRESH
    if Freshness.FRESH in states and set(states) <= {Freshness.FRESH, Freshness.NO_DATA}:
        return Freshness.FRESH
    return next(state for state in _WORST if state in states)


def _source(spec: SourceSpec, state: State, panels: Mapping[str, WantedPanel], moment: Moment) -> SourceView:
    record = state.sources.get(spec.name, SourceRecord())
    refused = _refuses_everything(spec, state, panels, moment)
    failure = (record.refusal if refused else None) or record.failure
    age = None if record.succeeded_at_s is None else moment.monotonic_s - record.succeeded_at_s
    return SourceView(
        name=spec.name,
        kind=spec.kind,
        url=shown_url(spec.url),
        state=Freshness.ERROR if refused else _source_state(state, record, spec, moment),
        age_s=age,
        rtt_s=record.rtt_s,
        errors=record.errors,
        polls=record.polls,
        bytes=record.bytes,
        message=failure.message if failure is not None else None,
        insecure=spec.tls.insecure_skip_verify,
        product=record.product,
        skew_s=record.skew_s,
    )


def _refuses_everything(spec: SourceSpec, state: State, panels: Mapping[str, WantedPanel], moment: Moment) -> bool:
    """Whether nothing was ever answered and each question failed by itself: then it is not only the questions.

    One bad question may be the first to come back: the others are waited for, but no longer than they may take.
    """
    record = state.sources.get(spec.name, SourceRecord())
    if record.refusal is None:
        return False
    since_s = record.refused_since_s
    if since_s is not None and moment.monotonic_s - since_s > spec.timeout_s + ASKED_GRACE_S:
        return True
    asked = (query for panel in panels.values() for query in panel.asked() if query.source == spec.name)
    return all(query in state.queries and state.queries[query].failure is not None for query in asked)


def _source_state(state: State, record: SourceRecord, spec: SourceSpec, moment: Moment) -> Freshness:
    if record.failure is not None and (record.succeeded_at_s is None or not record.failure.healing):
        return Freshness.ERROR
    if record.succeeded_at_s is None:
        return Freshness.NO_DATA
    if record.failure is None and (not state.time_range.is_live or state.paused_at_s is not None):
        return Freshness.FRESH
    return freshness(
        now_s=moment.monotonic_s,
        period_s=state.board.refresh_s,
        timeout_s=spec.timeout_s,
        succeeded_at_s=record.succeeded_at_s,
        has_data=True,
        refused=False,
    )


def shown_url(url: str) -> str:
    """An address without user name, password and query string."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _real_period(state: State, panels: Mapping[str, WantedPanel]) -> float | None:
    """The longest time between two good answers, where it is clearly longer than what was asked for."""
    if not state.time_range.is_live or state.paused_at_s is not None:
        return None
    periods = []
    for panel in panels.values():
        for shown in panel.queries:
            record = state.queries.get(shown.query)
            if (
                record
                and record.succeeded_at_s is not None
                and record.previous_success_s is not None
                and not record.failure
            ):
                periods.append(record.succeeded_at_s - record.previous_success_s)
    longest = max(periods, default=0.0)
    return longest if longest > 1.2 * state.board.refresh_s + 0.2 else None
