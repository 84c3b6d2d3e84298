"""Asks Alertmanagers, each on its own, over and over: in every process, since every screen shows what they tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.hubs import Foreign, HubRecord, answered, failed, foreign_of, judged, without_ours
from opsdash.core.alerting.lately import Lately
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.mirroring import shown_silences
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.errors import OpsdashError
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.project import shown_url
from opsdash.core.sources import SourceSpec
from opsdash.core.view.snapshot import SourceView
from opsdash.ports import AlertHub, Clock

logger = logging.getLogger(__name__)

JITTER = 0.1
"""By so much of the period the questions of several processes are spread."""
LONGEST_REST_S = 30.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Line:
    """One source: who is asked, and how it went."""

    spec: SourceSpec
    hub: AlertHub
    record: HubRecord
    poke: asyncio.Event = field(default_factory=asyncio.Event)
    polls: int = 0
    errors: int = 0
    answered_at_s: float | None = None
    """Monotonic."""
    rtt_s: float | None = None


class Hubs:
    """The sources of kind alertmanager of one configuration."""

    def __init__(
        self,
        clock: Clock,
        now_s: Callable[[], float],
        build: Callable[[SourceSpec], AlertHub],
        changed: Callable[[], None],
    ) -> None:
        """`now_s`: UTC seconds of the store's clock. `changed` is called when another picture may be due."""
        self._clock, self._now_s, self._build, self._changed = clock, now_s, build, changed
        self._chance = Random()  # noqa: S311 - spreads questions, hides nothing
        self._spec = AlertingSpec()
        self._lines: dict[str, _Line] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._foreign: Lately[Foreign] = Lately(1)
        self._theirs: Lately[tuple[Alert, ...]] = Lately(1)
        self._silences: Lately[tuple[Silence, ...]] = Lately(1)

    # --- what they told ----------------------------------------------------------------------------------------

    @property
    def is_asked(self) -> bool:
        """Whether each of them has answered or failed once: before that nothing is judged by what is not there."""
        return all(line.polls for line in self._lines.values())

    def foreign(self) -> Foreign:
        """All that they told, each alert and each silence once; what we sent there is among it."""
        records = self._records()
        source = tuple(part for record in records for part in (record.told, record.untold, record.trouble))
        kept = self._foreign.of((self._spec,), source)
        return kept or self._foreign.keep((self._spec,), foreign_of(records, self._spec.send_to), source)

    def alerts(self, book: Book) -> tuple[Alert, ...]:
        """Their alerts, without ours that come back from there."""
        foreign = self.foreign()
        kept = self._theirs.of((foreign, book.alerts))
        if kept is not None:
            return kept
        return self._theirs.keep((foreign, book.alerts), without_ours(foreign, book.alerts, self._spec.send_to))

    def silences(self, book: Book) -> tuple[Silence, ...]:
        """Their silences, without ours that stand there, too."""
        foreign = self.foreign()
        kept = self._silences.of((foreign, book.mirrors))
        if kept is not None:
            return kept
        shown = shown_silences(foreign.silences, book.mirrors.values())
        return self._silences.keep((foreign, book.mirrors), shown)

    def judged(self, book: Book) -> tuple[Book, dict[str, tuple[Alert, ...]]]:
        """What `lapses` may judge acknowledgements of their alerts by."""
        return judged(book, self._records(), self.foreign())

    def well(self) -> dict[str, float]:
        """Sources that answer → UTC seconds at which they were asked."""
        return {name: line.record.asked_at_s for name, line in self._lines.items() if line.record.is_well}

    def hub_for(self, name: str) -> tuple[AlertHub, SourceSpec] | None:
        """Who is asked for what this source is to hold: itself, or a member of its cluster where it is not well."""
        names = (name, *self.foreign().cluster_of(name))
        known = [self._lines[each] for each in names if each in self._lines]
        line = next((each for each in known if each.record.is_well), known[0] if known else None)
        return (line.hub, line.spec) if line is not None else None

    def itself(self, name: str) -> tuple[AlertHub, SourceSpec, tuple[Alert, ...]] | None:
        """One source alone, with the alerts that it tells of itself."""
        line = self._lines.get(name)
        return (line.hub, line.spec, line.record.alerts) if line is not None else None

    def ask_soon(self, name: str) -> None:
        """Something was changed there: what it holds now is wanted at once."""
        if name in self._lines:
            self._lines[name].poke.set()

    def views(self) -> tuple[SourceView, ...]:
        """How they do, beside the other sources."""
        return tuple(_view(line, self._clock.monotonic_s()) for line in self._lines.values())

    # --- asking ------------------------------------------------------------------------------------------------

    def load(self, spec: AlertingSpec) -> None:
        """Asks those of this configuration from now on; one whose description did not change goes on."""
        self._spec = spec
        before, self._lines = self._lines, {}
        for source in spec.hubs:
            known = before.get(source.name)
            if known is not None and known.spec == source:
                self._lines[source.name] = known
            else:
                record = HubRecord(name=source.name)
                self._lines[source.name] = _Line(spec=source, hub=self._build(source), record=record)
        gone = [line for name, line in before.items() if self._lines.get(name) is not line]
        if self._tasks is not None:
            for line in gone:
                self._asking.pop(line.spec.name).cancel()
                self._tasks.create_task(line.hub.aclose(), name=f"close {line.spec.name}")
            self._begin(self._tasks)

    async def run(self) -> None:
        """Asks until cancelled, then closes the connections."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._begin(tasks)
                await asyncio.Event().wait()
        finally:
            self._tasks = None
            for line in self._lines.values():
                await line.hub.aclose()

    def _begin(self, tasks: asyncio.TaskGroup) -> None:
        for name, line in self._lines.items():
            if name not in self._asking:
                self._asking[name] = tasks.create_task(self._keep_asking(line), name=f"alerts of {name}")

    async def _keep_asking(self, line: _Line) -> None:
        failures = 0
        while True:
            failures = 0 if await self._ask(line) else failures + 1
            period_s = self._spec.hubs_every_s
            rest_s = min(period_s * 2.0 ** min(failures, 8), max(period_s, LONGEST_REST_S))
            spread = 1.0 + JITTER * (2 * self._chance.random() - 1)
            await _waited(line.poke, rest_s * spread)

    async def _ask(self, line: _Line) -> bool:
        asked_at_s, started = self._now_s(), self._clock.monotonic_s()
        timeout_s = line.spec.timeout_s + 0.5
        before = line.record
        try:
            async with asyncio.timeout(timeout_s):
                told = await line.hub.told()
        except (OpsdashError, TimeoutError) as error:
            trouble = error.message if isinstance(error, OpsdashError) else f"{line.spec.name} did not answer in time"
            line.errors += 1
            line.record = failed(before, trouble)
            if before.trouble != trouble:
                logger.warning("%s: %s", line.spec.name, trouble)
        else:
            line.record = answered(before, told, asked_at_s=asked_at_s)
            line.answered_at_s = self._clock.monotonic_s()
            line.rtt_s = line.answered_at_s - started
        line.polls += 1
        now = line.record
        if (before.told, before.untold, before.trouble) != (now.told, now.untold, now.trouble) or line.polls == 1:
            self._changed()
        return not now.trouble

    def _records(self) -> tuple[HubRecord, ...]:
        return tuple(line.record for line in self._lines.values())


async def _waited(poke: asyncio.Event, for_s: float) -> None:
    """Until then, or until somebody asks for it."""
    try:
        async with asyncio.timeout(for_s):
            await poke.wait()
    except TimeoutError:
        pass
    poke.clear()


def _view(line: _Line, now_s: float) -> SourceView:
    record = line.record
    state = Freshness.FRESH if record.is_well else Freshness.STALE if record.told is not None else Freshness.NO_DATA
    if record.trouble and record.told is None:
        state = Freshness.ERROR
    return SourceView(
        name=line.spec.name,
        kind=line.spec.kind,
        url=shown_url(line.spec.url),
        state=state,
        age_s=None if line.answered_at_s is None else now_s - line.answered_at_s,
        rtt_s=line.rtt_s,
        errors=line.errors,
        polls=line.polls,
        bytes=0,
        message=record.trouble or None,
        insecure=line.spec.tls.insecure_skip_verify,
        product="Alertmanager" if record.told is not None else "",
    )
