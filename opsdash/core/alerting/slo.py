"""A service level objective as an alert rule: multi-window, multi-burn-rate (Google SRE Workbook, chapter 5)."""

from __future__ import annotations

import re

from opsdash.core.alerting.rules import BURN_WINDOWS, AlertRule, BurnRate, MissingPolicy
from opsdash.core.alerting.spec import Slo
from opsdash.core.duration import format_duration
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery

GROUP = "slo"
INTERVAL_S = 30.0
_WINDOW = re.compile(r"\$(?:window\b|\{window\})")


def windows_of(slo: Slo) -> tuple[float, ...]:
    """Every window that is asked for, shortest first; the objective's own is the last."""
    asked = {window for burn in BURN_WINDOWS for window in (burn.long_s, burn.short_s) if window < slo.window_s}
    return (*sorted(asked), slo.window_s)


def uses_window(expr: str) -> bool:
    """Whether `$window` stands in it."""
    return _WINDOW.search(expr) is not None


def over_window(expr: str, window_s: float) -> str:
    """The expression with `$window` replaced."""
    return _WINDOW.sub(format_duration(window_s), expr)


def error_ratio(slo: Slo, window_s: float) -> str:
    """PromQL of the share of bad events over a window; where there was none at all, nothing."""
    good, total = (over_window(expr, window_s) for expr in (slo.good, slo.total))
    return f"1 - ({good}) / ({total})"


def burn_rate_rule(slo: Slo) -> AlertRule:
    """The rule of an objective. Windows that are longer than the objective's own are left out."""
    windows = windows_of(slo)
    burns = tuple(burn for burn in BURN_WINDOWS if burn.long_s in windows and burn.short_s in windows)
    percent = f"{slo.objective * 100:.6f}".rstrip("0").rstrip(".")
    return AlertRule(
        name=slo.name,
        group=GROUP,
        queries=tuple(PromQuery(source=slo.source, expr=error_ratio(slo, window), instant=True) for window in windows),
        condition=BurnRate(slo=slo.name, objective=slo.objective, windows_s=windows, burns=burns),
        interval_s=INTERVAL_S,
        no_data=MissingPolicy(state="keep"),
        labels=labels_of({"slo": slo.name}),
        annotations=labels_of(
            {
                "summary": f"{slo.name}: the budget of {percent} % burns {{{{ $value | humanize }}}} times too fast",
                **({"description": slo.description} if slo.description else {}),
            }
        ),
    )
