"""Error budgets: how many times as fast as allowed they burn, over two windows at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from opsdash.core.alerting.conditions.verdict import HEALTHY, Sight, Verdict
from opsdash.core.alerting.rules import BurnRate, BurnWindow
from opsdash.core.metrics.labels import Labels

Rates = Mapping[float, float]
"""Window in seconds → burn rate; a window without an event has none."""


def burning(condition: BurnRate, readings: Sequence[Mapping[Labels, float]]) -> Sight:
    """Each series against each pair of windows; what is shown is the rate over the long window of the worst pair."""
    verdicts = {series: verdict_on(condition, rates_of(condition, readings, series)) for series in _every(readings)}
    values = {series: math.nan if verdict is None else verdict.value for series, verdict in verdicts.items()}
    return Sight(
        readings=values,
        judge=lambda series, _, __: verdicts[series],
        hint="there was no event in its windows" if values else "",
    )


def rates_of(condition: BurnRate, readings: Sequence[Mapping[Labels, float]], series: Labels) -> Rates:
    """The burn rate of one series over each window."""
    found = {}
    for window_s, reading in zip(condition.windows_s, readings, strict=False):
        ratio = reading.get(series, math.nan)
        if not math.isnan(ratio):
            found[window_s] = burn_rate(ratio, condition.objective)
    return found


def burn_rate(ratio: float, objective: float) -> float:
    """How many times as fast as allowed: 1 uses up the budget exactly over the SLO's window.

    An objective of 100 % allows nothing: any error burns infinitely fast.
    """
    allowed = 1.0 - objective
    if allowed > 0:
        return ratio / allowed
    return math.inf if ratio > 0 else 0.0


def verdict_on(condition: BurnRate, rates: Rates) -> Verdict | None:
    """The worst pair that burns; None where none does and one of them is not known."""
    states = [(pair, _burns(pair, rates)) for pair in condition.burns]
    burning_now = [pair for pair, burns in states if burns]
    if burning_now:
        worst = max(burning_now, key=lambda pair: (pair.severity, pair.factor))
        return Verdict(int(worst.severity), rates[worst.long_s], worst.factor)
    if not states or any(burns is None for _, burns in states):
        return None
    first = condition.burns[0]
    return Verdict(HEALTHY, rates.get(first.long_s, math.nan), first.factor)


def _burns(pair: BurnWindow, rates: Rates) -> bool | None:
    """Whether both windows burn. One that does not is enough to say no; None: it cannot be said."""
    known = [rates[window_s] > pair.factor for window_s in (pair.long_s, pair.short_s) if window_s in rates]
    if not all(known):
        return False
    return True if len(known) == 2 else None


def _every(readings: Sequence[Mapping[Labels, float]]) -> dict[Labels, None]:
    return {series: None for reading in readings for series in reading}
