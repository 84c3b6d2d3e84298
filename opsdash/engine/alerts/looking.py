"""What a rule's queries give at one instant: an observation, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.errors import OpsdashError, QueryRejected, QueryTimedOut, SourceBusy, SourceUnavailable
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, MetricQuery, PromQuery, Span
from opsdash.ports import Clock, Source

AT_ONCE = 4
"""Queries of rules that one source is asked at a time: panels need their turns too."""
REST_S = 5.0
"""A source that cannot be reached is left alone for so long by the other rules, and by the next rounds."""


class Looking:
    """Asks sources for rules. A query that several rules have is asked once in a round."""

    def __init__(self, sources: Mapping[str, Source], clock: Clock, timeouts: Mapping[str, float]) -> None:
        self._sources = sources
        self._clock = clock
        self._timeouts = timeouts
        self._resting: dict[str, tuple[float, str]] = {}
        """Source → (monotonic seconds until which it is not asked, why)."""
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def look(self, rules: Sequence[AlertRule], at_s: float, *, within_s: float = inf) -> tuple[Observation, ...]:
        """What each of the rules sees at `at_s`, in their order, at most `within_s` from now. Raises nothing."""
        async with asyncio.TaskGroup() as group:
            asked = {
                query: group.create_task(self._outcome(query, at_s, within_s), name=f"rule query of {query.source}")
                for query in dict.fromkeys(query for rule in rules for query in rule.queries)
            }
        return tuple(_observation([asked[query].result() for query in rule.queries]) for rule in rules)

    async def _outcome(self, query: MetricQuery, at_s: float, within_s: float) -> Answer | OpsdashError:
        """The answer, or why there is none: one query that fails must not end the others of its round."""
        try:
            return await self._ask(query, at_s, within_s)
        except OpsdashError as error:
            return error

    async def _ask(self, query: MetricQuery, at_s: float, within_s: float) -> Answer:
        rest_until_s, why = self._resting.get(query.source, (0.0, ""))
        if self._clock.monotonic_s() < rest_until_s:
            raise SourceUnavailable(why)
        source = self._sources.get(query.source)
        if source is None:
            raise SourceUnavailable(f"there is no source {query.source} any longer")
        timeout_s = min(self._timeouts.get(query.source, 10.0) + 0.5, within_s)
        turn = self._turns.setdefault(query.source, asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(timeout_s), turn:
                return await _fetched(source, query, at_s)
        except (SourceUnavailable, SourceBusy) as error:
            self._resting[query.source] = (self._clock.monotonic_s() + REST_S, error.message)
            raise
        except TimeoutError as error:
            raise QueryTimedOut(f"{query.source} did not answer in {timeout_s:g} s") from error


def _observation(outcomes: Sequence[Answer | OpsdashError]) -> Observation:
    answers: list[Answer] = []
    for outcome in outcomes:
        if isinstance(outcome, OpsdashError):
            return Failed(message=outcome.message)
        answers.append(outcome)
    cut = tuple(dict.fromkeys(note for answer in answers for note in answer.cut))
    return Answered(readings=tuple(reading_of(answer) for answer in answers), cut=cut)


async def _fetched(source: Source, query: MetricQuery, at_s: float) -> Answer:
    match query:
        case PromQuery():
            return await source.fetch_instant(replace(query, offset_s=0.0, instant=True), at_s - query.offset_s)
        case EsQuery():
            # The newest whole bucket: the one that is being filled says too little.
            width_s = query.interval_s or 60.0
            start_s = ((at_s - query.offset_s) // width_s - 1) * width_s
            span = Span(start_s=start_s, end_s=start_s, step_s=width_s)
            return await source.fetch(replace(query, offset_s=0.0, instant=False), span)
        case EsqlQuery():
            raise QueryRejected("a rule on ES|QL cannot be evaluated")


def reading_of(answer: Answer) -> Mapping[Labels, float]:
    """Series → the newest value of each that has one."""
    window = answer.window
    if not window.labels:
        return {}
    _, values = window.last()
    has = np.flatnonzero(window.present.any(axis=1))
    return {window.labels[row]: float(values[row]) for row in has.tolist()}
