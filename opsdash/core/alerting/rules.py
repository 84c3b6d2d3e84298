"""Alert rules as values: what is asked, when that is wrong, for how long, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import MetricQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Each series is held against levels; its severity follows its value."""

    below: bool = False
    """False: above the level is wrong. A value that is the level itself is not wrong yet."""
    warning: float | None = None
    critical: float | None = None
    clear: float | None = None
    """The level that has to be passed back before it is over (hysteresis); None: the lowest level itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnySeries:
    """Prometheus's form: every series of the answer fires, and one that is no longer in it is over."""

    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Fires while the query gives nothing at all; one alert, with the labels that equality matchers name."""

    severity: Severity
    labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """The value against the same query `earlier_s` ago: a second query with that offset.

    What is held against `threshold` is |now - then| / |then|, or the signed share where `direction` says so.
    """

    earlier_s: float
    """86,400: yesterday; 604,800: a week ago."""
    threshold: Threshold
    """Shares: 0.5 is half more (or less) than then."""
    direction: Literal["both", "up", "down"] = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnWindow:
    """Burning `factor` times as fast as the budget allows over both windows is this bad.

    Google SRE Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """

    factor: float
    long_s: float
    short_s: float
    severity: Severity


BURN_WINDOWS = (
    BurnWindow(factor=14.4, long_s=3_600, short_s=300, severity=Severity.CRITICAL),
    BurnWindow(factor=6.0, long_s=21_600, short_s=1_800, severity=Severity.CRITICAL),
    BurnWindow(factor=1.0, long_s=259_200, short_s=21_600, severity=Severity.WARNING),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """The share of bad events over several windows, one query a window in the order of `windows_s`."""

    slo: str
    objective: float
    """0.999 for 99.9 %."""
    windows_s: tuple[float, ...]
    """Each window that a query answers for; the SLO's own is the last."""
    burns: tuple[BurnWindow, ...] = BURN_WINDOWS


Condition = Threshold | AnySeries | Absent | Deviation | BurnRate


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPolicy:
    """What a rule does while its query gives nothing, or fails."""

    state: Literal["alert", "ok", "keep"]
    """alert: one alert that says so; ok: what fired is over; keep: everything stays as it is."""
    for_s: float = 0.0
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class AckPolicy:
    """How long an acknowledgement holds, and what breaks it beside a higher severity."""

    expires_s: float = 4 * 3600.0
    worsens_share: float | None = 0.5
    """It breaks when the value is this share worse than it was when acknowledged; None: never by that."""
    idle_s: float | None = 3600.0
    """It comes back when its owner did nothing here for so long; None: never by that."""


def rule_id(group: str, name: str, nth: int = 1) -> str:
    """How a rule is called in the store: `group/name`, `group/name#2` for the second of a name in its group."""
    return f"{group}/{name}" if nth == 1 else f"{group}/{name}#{nth}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One rule."""

    name: str
    group: str
    queries: tuple[MetricQuery, ...]
    """One, except for Deviation (now, then) and BurnRate (one a window). All are asked for one instant."""
    condition: Condition
    interval_s: float = 15.0
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    no_data: MissingPolicy = field(default_factory=lambda: MissingPolicy(state="alert", for_s=120.0))
    error: MissingPolicy = field(default_factory=lambda: MissingPolicy(state="alert", for_s=120.0))
    labels: Labels = ()
    """Added to the series' labels; values are templates."""
    annotations: Labels = ()
    """Templates in Prometheus's form: summary, description, runbook, runbook_url, …"""
    actions: tuple[str, ...] = ()
    """Names of `actions.targets` that are suggested, in order."""
    unit: str = ""
    ack: AckPolicy = field(default_factory=AckPolicy)
    dashboard: str = ""
    panel: str = ""
    """Titles of the dashboard and the panel that show it; empty where the configuration names none."""
    logs: str = ""
    """The query of its logs, for `l`; empty: its labels."""
    nth: int = 1
    """Which of the rules of this name in its group it is: a warning and a critical may share one, as in Prometheus."""

    @property
    def id(self) -> str:
        """Unique in a configuration: its check refuses two rules that would be called the same."""
        return rule_id(self.group, self.name, self.nth)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """A query whose result gets a name. Only tests and back-tests evaluate it; a server records for real."""

    record: str
    expr: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated together, at one instant."""

    name: str
    interval_s: float
    rules: tuple[AlertRule, ...]
    recording: tuple[RecordingRule, ...] = ()
