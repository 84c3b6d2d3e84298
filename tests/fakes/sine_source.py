"""A source in memory whose values are a function of time, and that can be told to hang, fail or forget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from opsdash.core.errors import OpsdashError
from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import LogQuery, MetricQuery, PromQuery, Span
from opsdash.core.metrics.window import Window
from opsdash.core.variables import ValuesFrom
from opsdash.ports import Probe


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the source saw it."""

    text: str
    at_s: float
    """On the loop's clock."""
    span: Span | None


@dataclass
class SineSource:
    """`opsdash.ports.LogSource`: each query gives one series per service, `value(text, service, t)`."""

    name: str = "prom"
    services: tuple[str, ...] = ("orders", "users")
    takes_s: float = 0.01
    value: Callable[[str, str, float], float] = lambda _text, service, t: np.sin(t / 600) + len(service)
    hangs: set[str] = field(default_factory=set)
    """Texts of queries that are never answered."""
    fails: OpsdashError | None = None
    asked: list[Asked] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)
    most_under_way: int = 0
    closed: bool = False
    options: tuple[str, ...] = ("orders", "users")

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        await self._answer(_text(query), span)
        count = int(np.floor((span.end_s - span.start_s) / span.step_s)) + 1
        return Answer(window=self._window(_text(query), span.start_s + np.arange(count) * span.step_s), bytes=100)

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        await self._answer(_text(query), None)
        return Answer(window=self._window(_text(query), np.array([at_s])), bytes=10)

    async def fetch_logs(
        self, query: LogQuery, start_s: float, end_s: float, *, after: Sequence[object] | None = None
    ) -> Answer:
        await self._answer(query.query, None)
        newest = end_s if after is None else float(str(after[0])) - 1
        rows = tuple(
            LogRow(id=f"{newest - k:.0f}", at_s=newest - k, message="line", sort=(newest - k,))
            for k in range(query.limit)
        )
        return Answer(rows=rows)

    async def probe(self) -> Probe:
        await self._answer("probe", None)
        return Probe(product="Sine", version="1", rtt_s=0.001, skew_s=0.0)

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        await self._answer("values", None)
        return self.options

    async def aclose(self) -> None:
        self.closed = True

    def times_asked(self, text: str) -> list[float]:
        """When this query was asked, on the loop's clock."""
        return [asked.at_s for asked in self.asked if asked.text == text]

    async def _answer(self, text: str, span: Span | None) -> None:
        assert not self.closed, "a closed source was asked"
        self.asked.append(Asked(text, asyncio.get_running_loop().time(), span))
        self.under_way[text] = self.under_way.get(text, 0) + 1
        self.most_under_way = max(self.most_under_way, self.under_way[text])
        try:
            await asyncio.sleep(self.takes_s)
            if text in self.hangs:
                await asyncio.Event().wait()
            if self.fails is not None:
                raise self.fails
        finally:
            self.under_way[text] -= 1

    def _window(self, text: str, times: np.ndarray) -> Window:  # type: ignore[type-arg]
        labels: tuple[Labels, ...] = tuple(labels_of({"service": service}) for service in self.services)
        rows = [[self.value(text, service, t) for t in times.tolist()] for service in self.services]
        values = np.array(rows, dtype=np.float64).reshape(len(self.services), times.size)
        return Window(times=times, labels=labels, values=values, present=np.ones_like(values, dtype=bool))


def _text(query: MetricQuery) -> str:
    return query.expr if isinstance(query, PromQuery) else getattr(query, "query", "") or getattr(query, "esql", "")
