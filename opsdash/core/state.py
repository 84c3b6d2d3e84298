"""The reducer: apply(state, event) → state. Time comes with the event; nothing here waits, reads or sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import assert_never

from opsdash.core.events import (
    BoardLoaded,
    BoardRejected,
    CompareChosen,
    EmptinessExplained,
    Event,
    Failure,
    OlderRowsJoined,
    OptionsFound,
    Paused,
    Polled,
    PollFailed,
    QueryDropped,
    RangeChosen,
    Resumed,
    SourceProbed,
    VariableChosen,
)
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import Query
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.variables import ALL, Binding, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.timerange import TimeRange


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryRecord:
    """What is known of one query."""

    window: Window = field(default_factory=empty_window)
    answer: Answer | None = None
    """The last good answer: its table, rows, warnings and what was cut."""
    succeeded_at_s: float | None = None
    previous_success_s: float | None = None
    """The good answer before the last: their distance is the real period."""
    rtt_s: float | None = None
    failure: Failure | None = None
    """Why the last attempt failed; None when it did not."""
    failed_at_s: float | None = None
    explanation: str | None = None
    """Why it gives nothing, as far as the source can say; only while it gives nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What is known of one source, over all of its queries."""

    succeeded_at_s: float | None = None
    rtt_s: float | None = None
    failure: Failure | None = None
    """Why the source as a whole does not answer; None while it does."""
    refusal: Failure | None = None
    """Why its newest question failed by itself, while none was ever answered."""
    refused_since_s: float | None = None
    """When the first poll failed, while none was ever answered."""
    failing_since_s: float | None = None
    errors: int = 0
    """Failed polls since the start."""
    polls: int = 0
    bytes: int = 0
    """Response bytes since the start."""
    product: str = ""
    """What it says it is, with its version; empty until it was asked."""
    skew_s: float | None = None
    """Its clock minus this host's, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """Everything that the screen is a picture of."""

    board: Board
    time_range: TimeRange
    queries: Mapping[Query, QueryRecord] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, SourceRecord] = field(default_factory=lambda: MappingProxyType({}))
    bindings: Mapping[str, Binding] = field(default_factory=lambda: MappingProxyType({}))
    compare_s: float = 0.0
    paused_at_s: float | None = None
    config_problem: str | None = None
    """Why the newest configuration is not the one that runs: the first of its problems."""
    config_problems: int = 0
    """How many it has."""


def initial(board: Board) -> State:
    """The state before anything was asked."""
    return State(
        board=board,
        time_range=TimeRange(length_s=board.range_s),
        sources={source.name: SourceRecord() for source in board.sources},
        bindings={spec.name: _binding(spec, None) for spec in board.variables},
    )


def apply(state: State, event: Event) -> State:  # noqa: C901, PLR0911, PLR0912  # one case an event, nothing nested
    """The state after the event."""
    match event:
        case Polled():
            return _polled(state, event)
        case PollFailed():
            return _failed(state, event)
        case OlderRowsJoined():
            return _rows_joined(state, event)
        case EmptinessExplained():
            record = replace(state.queries.get(event.query, QueryRecord()), explanation=event.explanation)
            return replace(state, queries={**state.queries, event.query: record})
        case QueryDropped():
            return replace(state, queries={q: r for q, r in state.queries.items() if q != event.query})
        case RangeChosen():
            return replace(state, time_range=event.time_range)
        case Paused():
            return replace(state, paused_at_s=event.at_s)
        case Resumed():
            return replace(state, paused_at_s=None)
        case CompareChosen():
            return replace(state, compare_s=event.offset_s)
        case OptionsFound():
            return _options_found(state, event)
        case VariableChosen():
            binding = replace(state.bindings[event.variable], selected=event.selected)
            return replace(state, bindings={**state.bindings, event.variable: binding})
        case BoardLoaded():
            return _board_loaded(state, event.board)
        case SourceProbed():
            known = state.sources.get(event.source, SourceRecord())
            source = replace(known, product=event.product, skew_s=event.skew_s)
            return replace(state, sources={**state.sources, event.source: source})
        case BoardRejected():
            return replace(state, config_problem=event.problem, config_problems=event.count)
        case _:
            assert_never(event)


def _polled(state: State, event: Polled) -> State:
    before = state.queries.get(event.query, QueryRecord())
    record = QueryRecord(
        window=event.window,
        answer=event.answer,
        succeeded_at_s=event.at_s,
        previous_success_s=before.succeeded_at_s,
        rtt_s=event.rtt_s,
        explanation=before.explanation if event.window.is_empty else None,
    )
    name = event.query.source
    known = state.sources.get(name, SourceRecord())
    source = replace(
        known,
        succeeded_at_s=event.at_s,
        rtt_s=event.rtt_s,
        failure=None,
        failing_since_s=None,
        refusal=None,
        refused_since_s=None,
        polls=known.polls + 1,
        bytes=known.bytes + event.answer.bytes,
    )
    return replace(state, queries={**state.queries, event.query: record}, sources={**state.sources, name: source})


def _failed(state: State, event: PollFailed) -> State:
    before = state.queries.get(event.query, QueryRecord())
    record = replace(before, failure=event.failure, failed_at_s=event.at_s)
    name = event.query.source
    known = state.sources.get(name, SourceRecord())
    source = replace(known, polls=known.polls + 1, errors=known.errors + 1)
    if event.failure.of_source:
        since = event.at_s if known.failing_since_s is None else known.failing_since_s
        source = replace(source, failure=event.failure, failing_since_s=since, refusal=None)
    elif known.succeeded_at_s is None:
        since = event.at_s if known.refused_since_s is None else known.refused_since_s
        source = replace(source, refusal=event.failure, refused_since_s=since)
    return replace(state, queries={**state.queries, event.query: record}, sources={**state.sources, name: source})


def _rows_joined(state: State, event: OlderRowsJoined) -> State:
    """No poll: its age, its period and the source's counts stay what they are."""
    record = state.queries.get(event.query)
    if record is None or record.answer is None:
        return state
    record = replace(record, answer=replace(record.answer, rows=event.rows))
    return replace(state, queries={**state.queries, event.query: record})


def _options_found(state: State, event: OptionsFound) -> State:
    if event.variable not in state.bindings:
        return state
    binding = state.bindings[event.variable]
    if event.error is not None:
        binding = replace(binding, error=event.error)
    else:
        selected = binding.selected or _first_choice(binding.spec, event.options)
        binding = replace(binding, options=event.options, selected=selected, error=None)
    sources = _heard_of(state, binding.spec.source, event)
    return replace(state, bindings={**state.bindings, event.variable: binding}, sources=sources)


def _heard_of(state: State, name: str, event: OptionsFound) -> Mapping[str, SourceRecord]:
    """A source that nothing else is asked of is judged by whether it gives the values."""
    known = state.sources.get(name)
    if known is None or known.polls:
        return state.sources
    return {**state.sources, name: replace(known, refusal=event.failure)}


def _board_loaded(state: State, board: Board) -> State:
    """What did not change keeps its data: queries, health and selections of the same name stay.

    A source that is described otherwise may be another server: nothing that the old one said is said of it.
    """
    length_changed = board.range_s != state.board.range_s
    same = {spec.name for spec in board.sources if spec in state.board.sources}
    return replace(
        state,
        board=board,
        time_range=TimeRange(length_s=board.range_s) if length_changed else state.time_range,
        queries={query: record for query, record in state.queries.items() if query.source in same},
        sources={
            spec.name: state.sources.get(spec.name, SourceRecord()) if spec.name in same else SourceRecord()
            for spec in board.sources
        },
        bindings={spec.name: _binding(spec, state.bindings.get(spec.name)) for spec in board.variables},
        config_problem=None,
        config_problems=0,
    )


def _binding(spec: VariableSpec, before: Binding | None) -> Binding:
    if before is not None and before.spec == spec:
        return before
    if before is not None:
        return Binding(spec=spec, options=before.options, selected=before.selected)
    return Binding(spec=spec, selected=spec.default)


def _first_choice(spec: VariableSpec, options: tuple[str, ...]) -> tuple[str, ...]:
    if spec.include_all:
        return (ALL,)
    return options[:1]
