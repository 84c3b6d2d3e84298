"""Finds the values that variables can take, in the order in which they depend on each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from opsdash.core.errors import OpsdashError
from opsdash.core.events import Failure, OptionsFound
from opsdash.core.regex import pick
from opsdash.core.state import State, apply
from opsdash.core.substitution.substitute import substitute
from opsdash.core.variables import (
    FieldValues,
    FixedValues,
    FreeText,
    LabelValues,
    QueryResult,
    ValuesFrom,
    VariableSpec,
)
from opsdash.engine.asking import failure_of
from opsdash.engine.current import Current
from opsdash.ports import Source

OPTIONS_EVERY_S = 60.0
OPTIONS_DEADLINE_S = 10.0
MOST_OPTIONS = 5_000
TURN_S = 0.005
"""Values are tried against a regex for this long at a time: keys are heard in between."""
PICKING_S = 2.0
"""A regex that is slow on every one of ten thousand values is given up after this time."""


async def find_options(state: State, sources: Mapping[str, Source], now_s: float) -> list[OptionsFound]:
    """An event for each variable; a variable sees the choice of those before it."""
    events = []
    for spec in state.board.variables:
        event = await _find(spec, state, sources, now_s)
        events.append(event)
        state = apply(state, event)
    return events


async def keep_options(current: Current, anew: asyncio.Event, *, found: Callable[[], None]) -> None:
    """Finds them whenever `anew` is set, and now and then, until cancelled; calls `found` when they are applied."""
    while True:
        anew.clear()
        events = await find_options(current.state, current.sources, current.shown_now_s())
        if anew.is_set():
            continue  # something was chosen, or another configuration came: these answer an old question
        for event in events:
            current.apply(event)
        found()
        try:
            async with asyncio.timeout(OPTIONS_EVERY_S if current.state.bindings else None):
                await anew.wait()
        except TimeoutError:
            continue


async def _find(spec: VariableSpec, state: State, sources: Mapping[str, Source], now_s: float) -> OptionsFound:
    match spec.values_from:
        case FixedValues(values=values):
            return await _picked(spec, values)
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
        return OptionsFound(variable=spec.name, options=(), error=error.message, failure=failure_of(error))
    except TimeoutError:
        message = f"{spec.source} did not give the values of ${spec.name} in {OPTIONS_DEADLINE_S:g} s"
        failure = Failure(message=message, healing=True, of_source=False)
        return OptionsFound(variable=spec.name, options=(), error=message, failure=failure)
    except MemoryError:
        message = f"there is not enough memory to read the values of ${spec.name}"
        return OptionsFound(variable=spec.name, options=(), error=message)
    return await _picked(spec, found)


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


async def _picked(spec: VariableSpec, values: tuple[str, ...]) -> OptionsFound:
    """What passes the variable's regex, its first group if it has one, each value once."""
    if not spec.regex:
        return OptionsFound(variable=spec.name, options=tuple(dict.fromkeys(values))[:MOST_OPTIONS])
    loop = asyncio.get_running_loop()
    started = turn = loop.time()
    found: dict[str, None] = {}
    for number, value in enumerate(values):
        picked = pick(spec.regex, value)
        if picked is not None and len(found) < MOST_OPTIONS:
            found[picked] = None
        if loop.time() - turn > TURN_S:
            await asyncio.sleep(0)
            turn = loop.time()
        if turn - started > PICKING_S:
            tried = f"{number + 1:,} of {len(values):,} values were tried in {PICKING_S:g} s"
            return OptionsFound(variable=spec.name, options=(), error=f"the regex of ${spec.name} is too slow: {tried}")
    return OptionsFound(variable=spec.name, options=tuple(found))
