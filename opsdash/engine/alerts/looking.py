"""What a rule's queries give at one instant: an observation, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.errors import OpsdashError, SourceBusy, SourceUnavailable
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, MetricQuery, PromQuery, Span
from opsdash.ports import Clock, Source

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

    async def observe(
        self, rule: AlertRule, at_s: float, asked: dict[MetricQuery, asyncio.Task[Answer]]
    ) -> Observation:
        """What the rule sees at `at_s`. `asked` holds what was asked in this round already. Raises nothing."""
        tasks = [self._task(query, at_s, asked) for query in rule.queries]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, OpsdashError):
                return Failed(message=outcome.message)
            if isinstance(outcome, BaseException):
                raise outcome
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        cut = tuple(dict.fromkeys(note for answer in answers for note in answer.cut))
        return Answered(readings=tuple(reading_of(answer) for answer in answers), cut=cut)

    def _task(
        self, query: MetricQuery, at_s: float, asked: dict[MetricQuery, asyncio.Task[Answer]]
    ) -> asyncio.Task[Answer]:
        task = asked.get(query)
        if task is None:
            task = asked[query] = asyncio.create_task(self._ask(query, at_s), name=f"rule query of {query.source}")
        return task

    async def _ask(self, query: MetricQuery, at_s: float) -> Answer:
        rest_until_s, why = self._resting.get(query.source, (0.0, ""))
        if self._clock.monotonic_s() < rest_until_s:
            raise SourceUnavailable(why)
        source = self._sources.get(query.source)
        if source is None:
            raise SourceUnavailable(f"there is no source {query.source} any longer")
        timeout_s = self._timeouts.get(query.source, 10.0) + 0.5
        try:
            async with asyncio.timeout(timeout_s):
                return await _fetched(source, query, at_s)
        except (SourceUnavailable, SourceBusy) as error:
            self._resting[query.source] = (self._clock.monotonic_s() + REST_S, error.message)
            raise
        except TimeoutError as error:
            raise SourceUnavailable(f"{query.source} did not answer in {timeout_s:g} s") from error


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
            raise SourceUnavailable("a rule on ES|QL cannot be evaluated")


def reading_of(answer: Answer) -> Mapping[Labels, float]:
    """Series → the newest value of each that has one."""
    window = answer.window
    if not window.labels:
        return {}
    _, values = window.last()
    has = np.flatnonzero(window.present.any(axis=1))
    return {window.labels[row]: float(values[row]) for row in has.tolist()}
