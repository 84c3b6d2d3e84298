"""What the engine needs from the outside world. Adapters implement these; fakes pass the same contract suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.hubs import Told
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.notice import Notice
from opsdash.core.audit import Entry
from opsdash.core.documents import Changes, Commit, Lease
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


class StateStore(Protocol):
    """The one truth of several operators. Three adapters, one contract suite.

    Every method raises only `opsdash.core.errors`: StoreUnavailable (try again), StoreUnusable (a person has to look:
    damaged, of a newer version, no rights), Overtaken and LeaseLost. A call that raises has changed nothing, except
    that a commit may have gone through when the answer to it was lost: then the same commit is sent again.
    """

    url: str
    """As a person is told: without a password."""

    async def open(self) -> None:
        """Connects; makes what is missing, upgrades what is old, and never touches what is newer or damaged."""

    async def changes(self, after: int) -> Changes:
        """What was written after this revision, by anyone; 0 gives all that there is. Cheap while nothing changed."""

    async def commit(self, commit: Commit) -> int:
        """All of it or nothing; the new revision. Raises Overtaken where an expected version is not there any more."""

    async def lease(self, name: str, holder: str, ttl_s: float) -> Lease:
        """Takes the lease where it is free or over, keeps it where it is ours; says who has it."""

    async def release(self, name: str, holder: str) -> None:
        """Gives it up at once, where it is ours."""

    async def now_s(self) -> float:
        """UTC seconds of the store's clock: what expiries are judged by where bastions' clocks differ."""

    async def entries(
        self, *, subject: str | None = None, before_seq: int | None = None, limit: int = 200
    ) -> tuple[Entry, ...]:
        """The newest entries, newest first; of one subject, or before (older than) one of them."""

    async def chain(self, *, after_seq: int = 0, limit: int = 10_000) -> tuple[Entry, ...]:
        """The entries after this one, oldest first, exactly as they are stored: to verify them."""

    async def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry as the store keeps them beside the log: what was cut off is missed."""

    async def aclose(self) -> None:
        """Closes it; nothing that was committed is lost."""


class Spool(Protocol):
    """What waits for a store, on this host's disk: a process that is killed meanwhile loses nothing."""

    async def keep(self, commit: Commit) -> None:
        """It outlives this process once this returns. Raises StoreUnavailable, whose text says why it does not."""

    async def drop(self, commit_id: str) -> None:
        """It waits no longer."""

    async def left(self) -> tuple[Commit, ...]:
        """What processes that are gone have left, in their order; from now on it is this one's."""

    async def aclose(self) -> None:
        """Leaves what waits to whoever starts next."""


class Notifier(Protocol):
    """Tells somebody. Raises Retryable for what may heal, NeedsFixing for what will not."""

    name: str

    async def send(self, notice: Notice) -> str:
        """Delivers it; what the other side said, clean, for the history."""

    async def aclose(self) -> None:
        """Closes connections."""


class AlertHub(Protocol):
    """Another system that holds alerts and silences: an Alertmanager. Raises only `opsdash.core.errors`."""

    name: str

    async def told(self) -> Told:
        """All that it holds: its firing alerts, its silences, since when it runs, and who is in its cluster."""

    async def silences(self) -> tuple[Silence, ...]:
        """Its silences that are active, to come or lately expired."""

    async def put_silence(self, silence: Silence) -> str:
        """Makes one, or replaces the one of that id; its id there."""

    async def expire_silence(self, silence_id: str) -> None:
        """Ends it now; one that is over already is no error."""

    async def post(self, alerts: Sequence[Alert], ends_at_s: float) -> None:
        """Tells it of ours; those that fire count as over at `ends_at_s` unless told again."""

    async def aclose(self) -> None:
        """Closes connections."""


__all__ = [
    "AlertHub",
    "Clock",
    "Drill",
    "Drills",
    "ExplainsEmptiness",
    "LogSource",
    "Notifier",
    "Probe",
    "Query",
    "Source",
    "Spool",
    "StateStore",
]
