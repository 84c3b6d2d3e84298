"""The picture: alerts, silences, rules and SLOs as every screen, list and file shows them. Frozen, ranked, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.window import Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlertLine:
    """One alert with its marks."""

    alert: Alert
    rule: AlertRule | None
    """None for one of an Alertmanager, or of a rule that is gone."""
    where: str
    """The labels that tell it from the rule's others, in a few words: `orders`, `pgbouncer/orders`."""
    ack: Ack | None = None
    """One that holds; a broken or expired one is not here but in the timeline."""
    silences: tuple[Silence, ...] = ()
    """Those that hide it now."""
    inhibited_by: str = ""
    """Name of the alert that it follows from."""
    maintenance: str = ""
    """Name of the window that expects it."""
    note: Note | None = None
    escalation: Escalation | None = None
    runbook: str = ""
    """The first line of the annotation."""
    burn_rate: float | None = None
    """Of the SLO that it is about."""

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is told of it: silenced, inhibited or expected."""
        return bool(self.silences or self.inhibited_by or self.maintenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLine:
    """One silence: active, to come, or expired less than 15 minutes ago."""

    silence: Silence
    hides: int
    """How many alerts it hides now."""
    state: str
    """`active`, `pending` or `expired`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleLine:
    """One rule with its health; `health` is None until it was evaluated."""

    rule: AlertRule
    health: RuleHealth | None
    is_late: bool
    pending: int = 0
    firing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreView:
    """How the store does, for the header and the triage screen."""

    url: str
    """Without a password."""
    state: Freshness
    message: str = ""
    """What is wrong and what opsdash does meanwhile; empty while nothing is."""
    unwritten: int = 0
    """Commits that wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderView:
    """Who evaluates."""

    holder: str
    """`user@host pid`; empty while nobody does."""
    is_us: bool
    silent_s: float = 0.0
    """How long ago the newest evaluation was."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlertsPicture:
    """What there is of alerts at one moment."""

    at_s: float
    lines: tuple[AlertLine, ...] = ()
    """Ranked: what has to be looked at first comes first. Firing, then pending, then lately resolved."""
    silences: tuple[SilenceLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    slos: tuple[SloStatus, ...] = ()
    store: StoreView | None = None
    leader: LeaderView | None = None
    operator: str = ""
    """Who sits here."""
    trends: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))
    """Rule id → the last hour of its first query, for the alerts that are looked at."""

    def firing(self) -> tuple[AlertLine, ...]:
        """Those that fire and are neither acknowledged nor quiet."""
        return tuple(
            line for line in self.lines if line.alert.phase == "firing" and line.ack is None and not line.is_quiet
        )
