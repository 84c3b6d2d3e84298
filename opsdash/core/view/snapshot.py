"""A Snapshot: all that a screen, a file or a web page shows at one moment, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.window import Window
from opsdash.core.variables import Binding
from opsdash.core.view.alerts.moments import AlertMoment
from opsdash.core.view.panels import PanelQuery, PanelSpec
from opsdash.core.view.timerange import TimeRange


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryView:
    """One query of a panel with what it gave."""

    spec: PanelQuery
    """With its variables replaced."""
    window: Window
    legends: tuple[str, ...]
    """One a series of the window; as hostile as the labels are."""
    answer: Answer | None
    state: Freshness
    message: str | None = None
    """Why it is not fresh, as a person is told."""
    compare: Window | None = None
    """The same question of an earlier period, its times moved onto this one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelView:
    """One panel, ready to be drawn."""

    spec: PanelSpec
    state: Freshness
    """The worst of its queries'."""
    queries: tuple[QueryView, ...]
    start_s: float
    end_s: float
    step_s: float
    age_s: float | None = None
    """Since the oldest of its queries was last answered; None when one never was."""
    message: str | None = None
    """The first thing a person should know: the error, why there is no data, how late it is."""
    notes: tuple[str, ...] = ()
    """What was cut, what the server warned about."""
    waiting: bool = False
    """Nothing was answered yet and nothing failed: it has just been asked."""
    compare_s: float = 0.0
    """How much earlier the compared period is; 0 when there is none."""
    alert_marks: tuple[AlertMoment, ...] = ()
    """Alerts of what it shows: marked on a chart, named in the frame while they fire."""
    alerts: AlertsPicture | None = None
    """For `alerts` and `slo` panels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source as the header and the sources screen show it."""

    name: str
    kind: str
    url: str
    """Without user name, password and query string."""
    state: Freshness
    age_s: float | None
    rtt_s: float | None
    errors: int
    polls: int
    bytes: int
    message: str | None = None
    insecure: bool = False
    product: str = ""
    """Name and version, as it says itself; empty until it was asked."""
    skew_s: float | None = None
    """Its clock minus this host's, in seconds; None where it does not say."""

    @property
    def is_waited_for(self) -> bool:
        """Whether nothing can be said of it yet: it was not asked, or its first answers are on their way."""
        if self.age_s is not None or self.message is not None:
            return False
        return self.polls == 0 or self.state is Freshness.NO_DATA


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """The picture. `panels` holds those that were asked for: what is on screen, or everything for `once`."""

    at_s: float
    title: str
    environment: str
    dashboards: tuple[str, ...]
    current: int
    """Index of the dashboard that is shown."""
    time_range: TimeRange
    start_s: float
    end_s: float
    step_s: float
    refresh_s: float
    panels: Mapping[str, PanelView]
    """By panel id."""
    sources: tuple[SourceView, ...] = ()
    bindings: tuple[Binding, ...] = ()
    paused_at_s: float | None = None
    compare_s: float = 0.0
    config_problem: str | None = None
    config_problems: int = 0
    """How many the configuration has that cannot run; `config_problem` is the first."""
    real_period_s: float | None = None
    """What the refresh really takes, where that is longer than what was asked."""
    revision: int = 0
    """Grows when the board was loaded again: panels may have come and gone."""
    alerts: AlertsPicture | None = None
    """None where nothing is evaluated: the configuration has no rules, SLOs or Alertmanager."""
    dashboard_of: Mapping[str, str] = field(default_factory=dict)
    """Panel id → title of its dashboard."""
