"""A source in memory that answers as its script says. It passes the same contract suite as the real ones.

source = ScriptedSource(script={"up": series({"job": "a"}, lambda t: 1.0), "slow": HANG, "bad": QueryRejected("no")})
source.script["up"] = [SourceUnavailable("gone"), series({"job": "a"}, math.sin)]   in this order; the last stays
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from opsdash.core.errors import OpsdashError, QueryRejected, SourceUnavailable
from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, MetricQuery, PromQuery, Span
from opsdash.core.metrics.window import window_of
from opsdash.core.variables import FieldValues, FixedValues, FreeText, LabelValues, QueryResult, ValuesFrom
from opsdash.ports import Probe

ValueAt = Callable[[float], float | None]
"""The value at a time; None is a gap."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Series whose values are functions of time."""

    of: Mapping[Labels, ValueAt]
    warnings: tuple[str, ...] = ()

    def answer(self, times: Sequence[float]) -> Answer:
        """What they are at these times; a series without a sample in them is left out, as servers do."""
        rows = [(labels, [value(at) for at in times]) for labels, value in self.of.items()]
        seen = [(labels, values) for labels, values in rows if any(value is not None for value in values)]
        return Answer(window=window_of(times, seen), warnings=self.warnings, bytes=100 * len(seen))


@dataclass(frozen=True, slots=True)
class Hang:
    """Never answers."""


HANG = Hang()
Step = Lines | OpsdashError | Hang


def series(labels: Mapping[str, str], value: ValueAt) -> Lines:
    """One series."""
    return Lines({labels_of(labels): value})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the source saw it."""

    text: str
    span: Span | None
    """None for an instant."""
    at_s: float
    """The instant, or the end of the span."""


@dataclass
class ScriptedSource:
    """`opsdash.ports.LogSource`. What its script does not name gives nothing."""

    name: str = "prom"
    script: dict[str, Step | list[Step]] = field(default_factory=dict)
    """By the query's text."""
    rows: Sequence[LogRow] = ()
    """Every log row there is; a query finds those whose message contains its text."""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values by label or field."""
    takes: type[PromQuery | EsQuery | EsqlQuery] = PromQuery
    """The kind of metric query it understands."""
    fails: OpsdashError | None = None
    """What every request ends in, if anything."""
    asked: list[Asked] = field(default_factory=list)
    is_closed: bool = False

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        times = span.start_s + span.step_s * np.arange(span.points, dtype=np.float64)
        return (await self._step(query, span, span.end_s)).answer(times.tolist())

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        return (await self._step(query, None, at_s)).answer([at_s])

    async def fetch_logs(
        self, query: LogQuery, start_s: float, end_s: float, *, after: Sequence[object] | None = None
    ) -> Answer:
        await self._arrived(Asked(query.query, Span(start_s=start_s, end_s=end_s, step_s=1.0), end_s))
        found = [row for row in self.rows if start_s <= row.at_s <= end_s and query.query in row.message]
        found.sort(key=_newest_first)
        if after is not None:
            found = [row for row in found if _newest_first(row) > (-float(str(after[0])), str(after[1]))]
        return Answer(rows=tuple(found[: query.limit]))

    async def probe(self) -> Probe:
        await self._arrived(Asked("probe", None, 0.0))
        return Probe(product="Script", version="1", rtt_s=0.001, skew_s=0.0)

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        match wanted:
            case FixedValues(values=values):
                return values
            case FreeText():
                return ()
            case LabelValues(label=of) | FieldValues(field=of) | QueryResult(label=of):
                await self._arrived(Asked(of, Span(start_s=start_s, end_s=end_s, step_s=1.0), end_s))
                return tuple(self.options.get(of, ()))

    async def aclose(self) -> None:
        self.is_closed = True

    async def _step(self, query: MetricQuery, span: Span | None, at_s: float) -> Lines:
        text = text_of(query)
        await self._arrived(Asked(text, span, at_s))
        if not isinstance(query, self.takes):
            raise QueryRejected(f"{self.name} does not take this kind of query")
        step = self.script.get(text, Lines({}))
        if isinstance(step, list):
            step = step.pop(0) if len(step) > 1 else step[0]
        match step:
            case OpsdashError():
                raise step
            case Hang():
                await asyncio.Event().wait()
                raise AssertionError("never")
            case _:
                return step

    async def _arrived(self, asked: Asked) -> None:
        if self.is_closed:
            raise SourceUnavailable(f"{self.name} is closed")
        self.asked.append(asked)
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails


def text_of(query: MetricQuery) -> str:
    """The text that a script names a query by."""
    match query:
        case PromQuery(expr=text) | EsQuery(query=text) | EsqlQuery(esql=text):
            return text


def _newest_first(row: LogRow) -> tuple[float, str]:
    return -row.at_s, row.id
