"""Which condition judges what."""

from __future__ import annotations

from typing import assert_never

from opsdash.core.alerting.conditions.absent import absent
from opsdash.core.alerting.conditions.any_series import any_series
from opsdash.core.alerting.conditions.burn_rate import burning
from opsdash.core.alerting.conditions.deviation import deviating
from opsdash.core.alerting.conditions.thresholds import beyond
from opsdash.core.alerting.conditions.verdict import Judge, Sight, Verdict
from opsdash.core.alerting.observation import Answered, Failed
from opsdash.core.alerting.rules import Absent, AnySeries, BurnRate, Condition, Deviation, Threshold

__all__ = ["Judge", "Sight", "Verdict", "sight_of"]


def sight_of(condition: Condition, seen: Answered) -> Sight | Failed:
    """The answer as the condition sees it; Failed where it has not as many readings as the condition has queries."""
    wanted = _queries(condition)
    if len(seen.readings) < wanted:
        return Failed(message=f"only {len(seen.readings)} of its {wanted} queries were answered")
    match condition:
        case Threshold():
            return beyond(condition, seen.readings[0])
        case AnySeries():
            return any_series(condition, seen.readings[0])
        case Absent():
            return absent(condition, seen.readings[0])
        case Deviation():
            return deviating(condition, now=seen.readings[0], then=seen.readings[1])
        case BurnRate():
            return burning(condition, seen.readings)
        case _:
            assert_never(condition)


def _queries(condition: Condition) -> int:
    match condition:
        case Deviation():
            return 2
        case BurnRate():
            return len(condition.windows_s)
        case _:
            return 1
