"""What the engine needs from the outside world. Adapters implement these; fakes pass the same contract suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import LogQuery, MetricQuery, PromQuery, Query, Span
from opsdash.core.variables import ValuesFrom


class Clock(Protocol):
    """Two clocks: one for what a person reads, one that never jumps."""

    def now_s(self) -> float:
        """UTC seconds; may jump when the host's clock is set."""

    def monotonic_s(self) -> float:
        """Seconds that only grow; for deadlines, periods and ages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a source says of itself."""

    product: str
    """`Prometheus`, `Elasticsearch`, `VictoriaMetrics`, …"""
    version: str
    rtt_s: float
    skew_s: float | None = None
    """Its clock minus ours, from the Date header; None where it sends none."""


class Source(Protocol):
    """Anything that can be polled. Every method raises only `opsdash.core.errors` and may be cancelled."""

    name: str

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        """The series (or the table) over the span; times of the window are on the span's grid."""

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        """The value at one instant, as a window with one column."""

    async def probe(self) -> Probe:
        """Product and version; the cheapest question that proves that we are let in."""

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        """The options of a variable."""

    async def aclose(self) -> None:
        """Closes connections; the source cannot be used afterwards."""


@runtime_checkable
class ExplainsEmptiness(Protocol):
    """A source that can say what was probably meant."""

    async def explain_empty(self, query: PromQuery, start_s: float, end_s: float) -> str | None:
        """Why a query gives nothing, for a person; None where nothing is to be said."""


class LogSource(Source, Protocol):
    """A source that also has rows."""

    async def fetch_logs(
        self, query: LogQuery, start_s: float, end_s: float, *, after: Sequence[object] | None = None
    ) -> Answer:
        """Rows of [start, end], newest first, at most `query.limit`; `after` continues an earlier page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """An incident that can be started, and ended by its remedy."""

    name: str
    title: str
    seen: str
    """What is seen of it, and where."""
    label: str
    """Its remedy in a few words."""


class Drills(Protocol):
    """A system on which incidents can be played: the demo's. Every method raises only `opsdash.core.errors`."""

    def scenarios(self) -> tuple[Drill, ...]:
        """What can be started; asks nobody."""

    async def start(self, name: str) -> str:
        """Begins an incident; what happened, for a person."""

    async def cure(self, name: str) -> str:
        """Carries out its remedy; what happened, for a person."""

    async def clear(self) -> str:
        """Ends every incident; what happened, for a person."""


__all__ = ["Clock", "Drill", "Drills", "ExplainsEmptiness", "LogSource", "Probe", "Query", "Source"]
