"""How an SLO does, from what its rule saw: the budget that is left, and how fast it burns over each window."""

from __future__ import annotations

import math

from opsdash.core.alerting.conditions.burn_rate import burn_rate
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.observation import Answered, Observation
from opsdash.core.alerting.rules import BurnRate
from opsdash.core.alerting.spec import Slo
from opsdash.core.duration import format_duration
from opsdash.core.metrics.labels import Labels
from opsdash.core.text import clean

_LONGEST_MESSAGE = 500


def slo_status(
    slo: Slo, condition: BurnRate, seen: Observation, *, at_s: float, before: SloStatus | None = None
) -> SloStatus:
    """The status after one evaluation. What failed changes no number: the last one stays, with its time and the reason.

    An SLO of several series is as its worst one.
    """
    if not isinstance(seen, Answered):
        return _unknown(slo, seen.message, before)
    if len(seen.readings) < len(condition.windows_s):
        answered, asked = len(seen.readings), len(condition.windows_s)
        return _unknown(slo, f"only {answered} of its {asked} queries were answered", before)
    rates = {}
    for window_s, reading in zip(condition.windows_s, seen.readings, strict=False):
        ratios = [ratio for ratio in reading.values() if not math.isnan(ratio)]
        rates[window_s] = burn_rate(max(ratios), slo.objective) if ratios else math.nan
    whole = rates.get(slo.window_s, math.nan)
    return SloStatus(
        name=slo.name,
        objective=slo.objective,
        window_s=slo.window_s,
        at_s=at_s,
        budget_left=1.0 - whole,
        burn_rates={format_duration(window_s): rate for window_s, rate in rates.items()},
        message=clean("; ".join(_notes(slo, seen, whole)), longest=_LONGEST_MESSAGE),
    )


def _notes(slo: Slo, seen: Answered, whole: float) -> list[str]:
    series: set[Labels] = {labels for reading in seen.readings for labels in reading}
    notes = [f"{len(series)} series; the worst counts"] if len(series) > 1 else []
    if math.isnan(whole):
        notes.append(f"there was no event in {format_duration(slo.window_s)}")
    return notes + list(seen.cut)


def _unknown(slo: Slo, why: str, before: SloStatus | None) -> SloStatus:
    """The last numbers with the reason why they are no newer. With none, nothing is known."""
    message = clean(why, longest=_LONGEST_MESSAGE)
    same = before is not None and (before.objective, before.window_s) == (slo.objective, slo.window_s)
    return SloStatus(
        name=slo.name,
        objective=slo.objective,
        window_s=slo.window_s,
        at_s=before.at_s if before is not None and same else 0.0,
        budget_left=before.budget_left if before is not None and same else math.nan,
        burn_rates=before.burn_rates if before is not None and same else {},
        message=message,
    )
