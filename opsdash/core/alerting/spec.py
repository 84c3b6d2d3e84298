"""Everything that the configuration says of alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.rules import RuleGroup
from opsdash.core.alerting.severity import Severity
from opsdash.core.secret import SecretRef
from opsdash.core.sources import SourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """One of `slos:`. Its alert rules are in the group `slo`."""

    name: str
    objective: float
    window_s: float
    source: str
    good: str
    total: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """While an alert matches `source`, those that match `target` and agree with it on `equal` do not notify."""

    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """A time in which alerts that match are expected; once, or again each day or week."""

    name: str
    matchers: Matchers
    starts_at_s: float | None = None
    ends_at_s: float | None = None
    """Once: UTC seconds."""
    days: tuple[int, ...] = ()
    """Again on these days, 0 is Monday, in `timezone`; empty with `from_s`: each day."""
    from_s: float | None = None
    """Seconds since midnight."""
    length_s: float = 0.0
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRule:
    """Alerts that match are acknowledged or silenced with a comment only, and one that matches the pattern."""

    matchers: Matchers
    pattern: str = r".*\S.*"
    hint: str = ""
    """What to write, for the person who is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """A firing alert that nobody acknowledged in time goes to the notifiers of the next level."""

    after_s: float
    severity: Severity = Severity.CRITICAL
    """From this severity on."""
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSpec:
    """One of `notify:`."""

    name: str
    kind: str
    url: str | SecretRef | None = None
    severity: Severity = Severity.INFO
    """Only from this severity on."""
    matchers: Matchers = ()
    level: int = 0
    """0: at once; 1 and up: when escalated so far."""
    send_resolved: bool = True
    repeat_s: float = 4 * 3600.0
    rate_per_minute: float = 30.0
    timeout_s: float = 10.0
    options: Mapping[str, str | SecretRef] = field(default_factory=lambda: MappingProxyType({}))
    """What only its kind knows: `routing_key`, `channel`, `from`, `to`, `username`, `password`, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingSpec:
    """All of it. Empty: there is nothing to evaluate, and the screens say how to begin."""

    groups: tuple[RuleGroup, ...] = ()
    """The SLOs' rules are among them, in the group `slo`."""
    slos: tuple[Slo, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    maintenance: tuple[MaintenanceWindow, ...] = ()
    comments: tuple[CommentRule, ...] = ()
    escalate: tuple[Escalate, ...] = ()
    group_by: tuple[str, ...] = ("alertname",)
    notifiers: tuple[NotifierSpec, ...] = ()
    environment: str = ""
    """The board's, for those who are told: `production`."""
    store: str | SecretRef | None = None
    """`sqlite:///FILE`, `postgresql://HOST/DATABASE`, `memory://`; None: SQLite in the state folder."""
    desktop: bool = True
    """Whether OSC 9 and OSC 777 are sent to the terminal when an alert fires; `bell` has a key of its own."""
    send_to: tuple[str, ...] = ()
    """Names of Alertmanager sources that `watch` sends our alerts to."""
    mirror: bool = True
    """Whether an acknowledgement of an Alertmanager's alert becomes a silence there."""

    hubs: tuple[SourceSpec, ...] = ()
    """The sources of kind alertmanager."""
    hubs_every_s: float = 5.0
    """How often they are asked."""
    addresses: tuple[tuple[str, str], ...] = ()
    """Prometheus source → its address without credentials: where what we send to an Alertmanager can be looked into."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: no rule and no Alertmanager."""
        return not self.hubs and not any(group.rules for group in self.groups)
