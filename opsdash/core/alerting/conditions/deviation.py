"""Against the same hour of yesterday or of last week."""

from __future__ import annotations

import math
from collections.abc import Mapping

from opsdash.core.alerting.conditions.thresholds import judge_by
from opsdash.core.alerting.conditions.verdict import Sight
from opsdash.core.alerting.rules import Deviation
from opsdash.core.duration import format_duration
from opsdash.core.metrics.labels import Labels


def deviating(condition: Deviation, *, now: Mapping[Labels, float], then: Mapping[Labels, float]) -> Sight:
    """The share by which each series differs. One that was not there then is not known."""
    shares = {series: share(value, then.get(series, math.nan), condition.direction) for series, value in now.items()}
    hint = ""
    if now and all(math.isnan(one) for one in shares.values()):
        hint = f"there is no value of {format_duration(condition.earlier_s)} ago to compare with"
    return Sight(readings=shares, judge=judge_by(condition.threshold), below=condition.threshold.below, hint=hint)


def share(now: float, then: float, direction: str) -> float:
    """How much more or less `now` is than `then`, as a share of `then`; from nothing to something is infinite."""
    change = now - then
    if direction == "both":
        change = abs(change)
    elif direction == "down":
        change = -change
    if then == 0:
        return 0.0 if change == 0 else change * math.inf
    return change / abs(then)
