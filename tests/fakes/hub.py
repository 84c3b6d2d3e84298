"""An Alertmanager that a test scripts: it is shared by the processes of one test, as a server is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from opsdash.core.alerting.alert import Alert, Phase, fingerprint_of
from opsdash.core.alerting.hubs import Told
from opsdash.core.alerting.labels_sent import labels_sent
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.severity import Severity
from opsdash.core.errors import OpsdashError, QueryRejected, SourceUnavailable
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.ports import Clock

PAGES = labels_of({"alertname": "Pages", "service": "orders", "severity": "critical"})


def foreign(labels: Labels = PAGES, at_s: float = 1_000.0) -> Alert:
    """An alert as an Alertmanager tells of it."""
    return Alert(
        fingerprint=fingerprint_of(labels),
        rule="",
        name=dict(labels)["alertname"],
        labels=labels,
        phase=Phase.FIRING,
        severity=Severity.CRITICAL,
        active_at_s=at_s,
        fired_at_s=at_s,
        seen_at_s=at_s,
        value=float("nan"),
        origin="am",
    )


@dataclass
class ScriptedHub:
    """Holds what it is told, as Alertmanager does; `trouble` is raised by every call."""

    clock: Clock
    name: str = "am"
    alerts_held: dict[Labels, Alert] = field(default_factory=dict)
    silences_held: dict[str, Silence] = field(default_factory=dict)
    posts: list[tuple[Alert, ...]] = field(default_factory=list)
    trouble: OpsdashError | None = None
    refuses: bool = False
    loses_answers: bool = False
    started_at_s: float = 0.0
    peers: frozenset[str] = frozenset()
    asked: int = 0
    puts: int = 0

    def fire(self, labels: Labels = PAGES) -> Alert:
        alert = replace(foreign(labels, self.clock.now_s()), origin=self.name)
        self.alerts_held[labels] = alert
        return alert

    def active(self) -> list[Silence]:
        return [each for each in self.silences_held.values() if each.is_active(self.clock.now_s())]

    async def told(self) -> Told:
        self._check()
        self.asked += 1
        return Told(
            alerts=tuple(self.alerts_held.values()),
            silences=tuple(self.silences_held.values()),
            started_at_s=self.started_at_s,
            peers=self.peers,
        )

    async def silences(self) -> tuple[Silence, ...]:
        self._check()
        return tuple(self.silences_held.values())

    async def put_silence(self, silence: Silence) -> str:
        self._check()
        if self.refuses:
            raise QueryRejected("am refuses the question (400): not today")
        self.puts += 1
        there = silence.id or f"id{len(self.silences_held)}"
        self.silences_held[there] = replace(silence, id=there, origin=self.name)
        if self.loses_answers:
            raise SourceUnavailable("am closed the connection")
        return there

    async def expire_silence(self, silence_id: str) -> None:
        self._check()
        found = self.silences_held.get(silence_id)
        if found is not None:
            self.silences_held[silence_id] = replace(found, ends_at_s=min(found.ends_at_s, self.clock.now_s()))

    async def post(self, alerts: Sequence[Alert], ends_at_s: float) -> None:
        self._check()
        self.posts.append(tuple(alerts))
        for alert in alerts:
            labels = labels_sent(alert)
            if alert.phase is Phase.RESOLVED:
                self.alerts_held.pop(labels, None)
            else:
                self.alerts_held[labels] = replace(
                    alert, labels=labels, fingerprint=fingerprint_of(labels), rule="", origin=self.name
                )

    async def aclose(self) -> None:
        pass

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble
