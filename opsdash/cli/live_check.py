"""Puts every question of a configuration to its source, once: for `opsdash check --live`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from opsdash.core.alerting.rules import Absent, AlertRule, AnySeries
from opsdash.core.errors import OpsdashError
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import EsQuery, LogQuery, PromQuery, Query
from opsdash.core.state import State, apply, initial
from opsdash.core.view.board import Board
from opsdash.core.wanted import resolved, span_of
from opsdash.engine.options import find_options
from opsdash.ports import Clock, ExplainsEmptiness, LogSource, Source

if TYPE_CHECKING:
    from opsdash.cli.check import Finding

LONGEST_S = 15.0
"""A question that has no answer by then is a problem, whatever the source's own timeout is."""
LOOKED_BACK_S = 3600.0
"""Over so much time it is asked which metrics there are."""
NOTHING = "gives no data now"
_AT_ONCE = 8


async def live_findings(board: Board, sources: Mapping[str, Source], clock: Clock) -> Sequence[Finding]:
    """Findings in the order of the configuration: sources, variables, panels, rules.

    Where a source does not let us in, that is said once and its queries are not asked.
    """
    now_s = clock.now_s()
    probes = await _all([_probe(name, source, _patience(board, name)) for name, source in sources.items()])
    lost = {finding[0].removeprefix("source:") for found in probes for finding in found}
    reachable = {name: source for name, source in sources.items() if name not in lost}
    state, options = await _variables(board, reachable, now_s)
    asked: list[Coroutine[None, None, list[Finding]]] = [
        _ask(f"panel:{panel.id}:{index}", shown.query, reachable[shown.query.source], state, now_s)
        for dashboard in board.dashboards
        for panel in dashboard.panels
        for index, shown in enumerate(panel.queries)
        if not shown.hidden and shown.query.source in reachable
    ]
    asked += [
        _ask_rule(f"rule:{rule.id}", rule, reachable, state, now_s)
        for group in board.alerting.groups
        for rule in group.rules
    ]
    answers = await _all(asked)
    return [*(finding for found in probes for finding in found), *options, *(f for found in answers for f in found)]


async def _all(work: Sequence[Coroutine[None, None, list[Finding]]]) -> list[list[Finding]]:
    """All of it, a few at a time, in order."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(job: Coroutine[None, None, list[Finding]]) -> list[Finding]:
        async with places:
            return await job

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(job)) for job in work]
    return [task.result() for task in tasks]


async def _probe(name: str, source: Source, patience_s: float) -> list[Finding]:
    try:
        async with asyncio.timeout(patience_s):
            await source.probe()
    except OpsdashError as error:
        return [(f"source:{name}", "error", error.message)]
    except TimeoutError:
        return [(f"source:{name}", "error", f"{name} did not answer in {patience_s:g} s")]
    return []


async def _variables(board: Board, sources: Mapping[str, Source], now_s: float) -> tuple[State, list[Finding]]:
    state = initial(board)
    findings: list[Finding] = []
    specs = {spec.name: spec for spec in board.variables}
    for event in await find_options(state, sources, now_s):
        state = apply(state, event)
        if specs[event.variable].source and specs[event.variable].source not in sources:
            continue
        if event.error is not None:
            findings.append((f"variable:{event.variable}", "error", event.error))
        elif not event.options and specs[event.variable].source:
            findings.append((f"variable:{event.variable}", "warning", "has no values now"))
    return state, findings


async def _ask_rule(
    what: str, rule: AlertRule, sources: Mapping[str, Source], state: State, now_s: float
) -> list[Finding]:
    """The first query: the others are the same over another time. A rule in Prometheus's form gives nothing in calm."""
    query = rule.queries[0]
    source = sources.get(query.source)
    if source is None:
        return []
    found = await _ask(what, query, source, state, now_s)
    is_empty = (what, "warning", NOTHING) in found
    if not (is_empty and isinstance(query, PromQuery) and isinstance(source, ExplainsEmptiness)):
        return [] if is_empty and isinstance(rule.condition, AnySeries | Absent) else found
    try:
        async with asyncio.timeout(_patience(state.board, source.name)):
            why = await source.explain_empty(query, now_s - LOOKED_BACK_S, now_s)
    except (OpsdashError, TimeoutError):
        why = None
    if why is not None:
        return [(what, "warning", why)]
    return [] if isinstance(rule.condition, AnySeries | Absent) else found


async def _ask(what: str, query: Query, source: Source, state: State, now_s: float) -> list[Finding]:
    patience_s = _patience(state.board, source.name)
    try:
        async with asyncio.timeout(patience_s):
            answer = await _answer(query, source, state, now_s)
    except OpsdashError as error:
        return [(what, "error", error.message)]
    except TimeoutError:
        return [(what, "error", f"{source.name} did not answer in {patience_s:g} s")]
    findings: list[Finding] = [(what, "warning", text) for text in (*answer.warnings, *answer.cut)]
    if not (answer.window.labels or answer.rows or (answer.table is not None and answer.table.rows)):
        findings.append((what, "warning", NOTHING))
    return findings


async def _answer(query: Query, source: Source, state: State, now_s: float) -> Answer:
    span = span_of(query, state.time_range, now_s)
    asked = resolved(state, query, now_s)
    if isinstance(asked, LogQuery):
        return await cast("LogSource", source).fetch_logs(asked, span.start_s, span.end_s)
    if isinstance(asked, PromQuery | EsQuery) and asked.instant:
        return await source.fetch_instant(asked, span.end_s)
    return await source.fetch(asked, span)


def _patience(board: Board, name: str) -> float:
    return min(LONGEST_S, next((spec.timeout_s for spec in board.sources if spec.name == name), LONGEST_S))
