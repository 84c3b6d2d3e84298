"""The last hour of one alert: its series, its thresholds, and the moment it fired."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.rules import BurnRate, Deviation
from opsdash.core.alerting.rules import Threshold as RuleThreshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import Window
from opsdash.core.view.alerts.moments import AlertMoment
from opsdash.core.view.alerts.trends import TREND_S
from opsdash.core.view.cells import Cells
from opsdash.core.view.draw import timeseries
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.snapshot import PanelView, QueryView
from opsdash.core.view.timerange import anchored_axis

_ROOM_FOR_ALL = 10
"""From so many lines on all levels of a rule are drawn."""


def draw_chart(  # noqa: PLR0913 - a chart has a size, a time and a zone
    line: AlertLine, trend: tuple[Window, int], size: tuple[int, int], now_s: float, zone: tzinfo, *, ascii_only: bool
) -> Cells:
    """The chart in exactly `size` cells. The same picture is not drawn twice."""
    axis = anchored_axis(now_s - TREND_S, now_s)
    fired = line.alert.fired_at_s if line.alert.phase is not Phase.PENDING else None
    marks = () if fired is None else (AlertMoment(at_s=fired, severity=line.alert.severity, who=""),)
    unit = line.rule.unit if line.rule is not None else ""
    levels = own_threshold(line) if size[1] < _ROOM_FOR_ALL else thresholds_of(line)
    return _drawn(trend, size, axis, zone, ascii_only, marks, levels, unit)


def own_threshold(line: AlertLine) -> Thresholds:
    """The one level that the alert is held against now: two in the same line of cells would hide it."""
    levels, level = thresholds_of(line), line.alert.threshold
    if level is None or levels == Thresholds():
        return levels
    if line.alert.severity is Severity.CRITICAL:
        return Thresholds(critical=level, below=line.alert.below)
    return Thresholds(warning=level, below=line.alert.below)


def thresholds_of(line: AlertLine) -> Thresholds:
    """The levels of the rule as a panel has them; the alert's own where the rule has none that can be drawn."""
    condition = line.rule.condition if line.rule is not None else None
    match condition:
        case RuleThreshold():
            return Thresholds(warning=condition.warning, critical=condition.critical, below=condition.below)
        case Deviation() | BurnRate():
            return Thresholds()  # shares of something else than what the chart shows
        case _:
            return Thresholds(warning=line.alert.threshold, below=line.alert.below)


@lru_cache(maxsize=8)
def _drawn(  # noqa: PLR0913, PLR0917 - all that the picture depends on
    trend: tuple[Window, int],
    size: tuple[int, int],
    axis: tuple[float, float],
    zone: tzinfo,
    ascii_only: bool,
    marks: tuple[AlertMoment, ...],
    thresholds: Thresholds,
    unit: str,
) -> Cells:
    window, row = trend
    own = Window(
        times=window.times,
        labels=window.labels[row : row + 1],
        values=window.values[row : row + 1],
        present=window.present[row : row + 1],
    )
    query = PanelQuery(query=PromQuery(source="", expr=""))
    spec = PanelSpec(
        id="", title="", kind=PanelKind.TIMESERIES, unit=unit, queries=(query,), thresholds=thresholds, legend=None
    )
    view = PanelView(
        spec=spec,
        state=Freshness.FRESH,
        queries=(QueryView(spec=query, window=own, legends=("",), answer=None, state=Freshness.FRESH),),
        start_s=axis[0],
        end_s=axis[1],
        step_s=15.0,
        alert_marks=marks,
    )
    return timeseries.draw(view, *size, Look(now_s=axis[1], zone=zone, axis=axis, ascii_only=ascii_only))
