"""What the screen needs of an engine; `opsdash.engine.engine.Engine` is one, the tests' scripted engine another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Protocol

from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.audit import Entry
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.variables import Selection
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.timerange import TimeRange


class EnginePort(Protocol):
    """Everything is called from the app's event loop; see `Engine` for what each does."""

    def snapshot(self) -> Snapshot: ...
    def snapshots(self) -> AsyncIterator[Snapshot]: ...
    def show(self, dashboard: int, panels: Collection[str] | None = None) -> None: ...
    def choose_range(self, time_range: TimeRange) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def compare(self, offset_s: float) -> None: ...
    def refresh(self) -> None: ...
    def choose_variable(self, name: str, selected: Selection) -> None: ...
    def narrow_logs(self, panel: str, query: str) -> None: ...
    async def older_logs(self, query: LogQuery, rows: Answer) -> Answer: ...


class Ownership(Protocol):
    """What operators do with alerts; `opsdash.engine.alerts.ownership.Ownership` is one.

    Fingerprints may be several: one commit, all or nothing where the store allows it. What is answered is a line for a
    person (`acknowledged HighErrorRatio (orders) until 18:02`). Raises `opsdash.core.errors`: Refused and Overtaken say
    why and by whom; while the store is away, the deed is kept, the line says so, and it is written when it can be.
    """

    async def acknowledge(self, fingerprints: Collection[str], *, note: str = "", for_s: float | None = None) -> str:
        """They are the operator's, for so long; None: until they are over."""

    async def unacknowledge(self, fingerprints: Collection[str]) -> str:
        """They are nobody's again."""

    async def assign(self, fingerprints: Collection[str], owner: str, *, note: str = "") -> str:
        """They are somebody else's."""

    async def note(self, fingerprints: Collection[str], text: str) -> str:
        """Writes beside them."""

    async def escalate(self, fingerprints: Collection[str], *, note: str = "") -> str:
        """Hands them to the next level."""

    async def silence(
        self, matchers: Matchers, *, for_s: float, comment: str, starts_in_s: float = 0.0, everything: bool = False
    ) -> str:
        """Hides what matches; `everything`: the operator typed that hiding all of it is meant."""

    async def extend(self, silence_id: str, for_s: float) -> str:
        """A silence ends so much later."""

    async def expire(self, silence_id: str) -> str:
        """A silence ends now."""

    def hidden_by(self, matchers: Matchers) -> tuple[AlertLine, ...]:
        """The preview of a silence: what it would hide now."""

    def proposed(self, fingerprint: str) -> Silence | None:
        """The silence that is offered for an alert: its whole label set without what changes with each instance."""

    async def timeline(self, fingerprint: str, *, before_seq: int | None = None) -> tuple[Entry, ...]:
        """The newest entries about one alert, newest first."""

    def heard(self) -> None:
        """The operator pressed a key; told once a minute at most, so that it is known who is there."""

    def look_at(self, fingerprints: Collection[str]) -> None:
        """These are on the screen: their trends are polled."""
