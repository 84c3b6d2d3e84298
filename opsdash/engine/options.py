"""Finds the values that variables can take, in the order in which they depend on each other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from opsdash.core.errors import OpsdashError
from opsdash.core.events import OptionsFound
from opsdash.core.regex import pick
from opsdash.core.state import State, apply
from opsdash.core.substitute import substitute
from opsdash.core.variables import (
    FieldValues,
    FixedValues,
    FreeText,
    LabelValues,
    QueryResult,
    ValuesFrom,
    VariableSpec,
)
from opsdash.ports import Source

OPTIONS_DEADLINE_S = 10.0
MOST_OPTIONS = 5_000


async def find_options(state: State, sources: Mapping[str, Source], now_s: float) -> list[OptionsFound]:
    """An event for each variable; a variable sees the choice of those before it."""
    events = []
    for spec in state.board.variables:
        event = await _find(spec, state, sources, now_s)
        events.append(event)
        state = apply(state, event)
    return events


async def _find(spec: VariableSpec, state: State, sources: Mapping[str, Source], now_s: float) -> OptionsFound:
    match spec.values_from:
        case FixedValues(values=values):
            return OptionsFound(variable=spec.name, options=_kept(spec, values))
        case FreeText():
            return OptionsFound(variable=spec.name, options=spec.default)
        case _:
            return await _ask(spec, spec.values_from, state, sources, now_s)


async def _ask(
    spec: VariableSpec, wanted: ValuesFrom, state: State, sources: Mapping[str, Source], now_s: float
) -> OptionsFound:
    source = sources.get(spec.source)
    if source is None:
        return OptionsFound(variable=spec.name, options=(), error=f"there is no source {spec.source}")
    start, end = state.time_range.bounds(now_s)
    try:
        async with asyncio.timeout(OPTIONS_DEADLINE_S):
            found = await source.values(_resolved(wanted, state), start, end)
    except OpsdashError as error:
        return OptionsFound(variable=spec.name, options=(), error=error.message)
    except TimeoutError:
        message = f"{spec.source} did not give the values of ${spec.name} in {OPTIONS_DEADLINE_S:g} s"
        return OptionsFound(variable=spec.name, options=(), error=message)
    return OptionsFound(variable=spec.name, options=_kept(spec, found))


def _resolved(wanted: ValuesFrom, state: State) -> ValuesFrom:
    """The question with the variables before this one put in."""
    match wanted:
        case LabelValues():
            return replace(wanted, metric=substitute(wanted.metric, state.bindings, {}, "promql"))
        case QueryResult():
            return replace(wanted, expr=substitute(wanted.expr, state.bindings, {}, "promql"))
        case FieldValues():
            return replace(wanted, query=substitute(wanted.query, state.bindings, {}, "lucene"))
        case FixedValues() | FreeText():
            return wanted
        case _:
            assert_never(wanted)


def _kept(spec: VariableSpec, values: tuple[str, ...]) -> tuple[str, ...]:
    """What passes the variable's regex, its first group if it has one, each value once."""
    if not spec.regex:
        return tuple(dict.fromkeys(values))[:MOST_OPTIONS]
    found = (pick(spec.regex, value) for value in values)
    return tuple(dict.fromkeys(value for value in found if value is not None))[:MOST_OPTIONS]
