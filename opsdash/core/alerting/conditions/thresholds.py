"""Above or below: levels with severities, and one that has to be passed back."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.core.alerting.conditions.verdict import HEALTHY, Judge, Sight, Verdict
from opsdash.core.alerting.rules import Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.labels import Labels


def beyond(condition: Threshold, readings: Mapping[Labels, float]) -> Sight:
    """Each series against the levels. A series without a value, or with NaN, is not known."""
    return Sight(readings=readings, judge=judge_by(condition), below=condition.below)


def judge_by(condition: Threshold) -> Judge:
    """The verdict on a value. `clear` holds only what fires: a pending alert in between is not wrong."""
    sign = -1.0 if condition.below else 1.0
    given = ((Severity.CRITICAL, condition.critical), (Severity.WARNING, condition.warning))
    levels = tuple((severity, level, level * sign) for severity, level in given if level is not None)
    lowest = levels[-1][1] if levels else None
    mildest = levels[-1][0] if levels else Severity.WARNING
    clear = condition.clear

    def judge(_: Labels, value: float, fires: bool) -> Verdict | None:
        if value != value:  # noqa: PLR0124 - the quickest question whether it is NaN
            return None
        signed = value * sign
        for severity, level, signed_level in levels:
            if signed > signed_level:
                return Verdict(severity, value, level)
        if fires and clear is not None and signed > clear * sign:
            return Verdict(mildest, value, clear)
        return Verdict(HEALTHY, value, lowest)

    return judge
