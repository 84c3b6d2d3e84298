"""What things cost, per hour and per month, from values that are for any of three periods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from opsdash.core.metrics.window import Window

HOURS_PER_MONTH = 730.0
"""The mean month, as cloud providers bill it."""

Period = Literal["hour", "day", "month"]
_HOURS = {"hour": 1.0, "day": 24.0, "month": HOURS_PER_MONTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How the sum of several series changed over a window."""

    since_s: float
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """Change as a share of what it was (0.04 is 4 % more); NaN where it was nothing."""
        return (self.after - self.before) / abs(self.before) if self.before else math.nan


def per_hour(value: float, period: Period) -> float:
    """A price for this period as a price per hour."""
    return value / _HOURS[period]


def per_thousand_requests(hourly: float, requests_per_s: float) -> float:
    """What a thousand requests cost at this rate; NaN when there are none."""
    if not requests_per_s > 0 or not math.isfinite(requests_per_s):
        return math.nan
    return hourly / (requests_per_s * 3600.0) * 1000.0


def trend_of(windows: list[Window]) -> Trend | None:
    """From the first to the last instant at which every series has a number; None where there are not two.

    Only instants with all of the series count: a component that started late is not an increase of the others.
    """
    totals: dict[float, float] = {}
    counts: dict[float, int] = {}
    wanted = 0
    for window in windows:
        usable = window.present & np.isfinite(window.values)
        alive = usable.any(axis=1) if window.labels else np.zeros(0, dtype=np.bool_)
        wanted += int(alive.sum())
        complete = np.flatnonzero(usable[alive].all(axis=0)) if alive.any() else np.empty(0, dtype=np.int64)
        for column in complete.tolist():
            at = float(window.times[column])
            totals[at] = totals.get(at, 0.0) + sum(window.values[alive, column].tolist())
            counts[at] = counts.get(at, 0) + int(alive.sum())
    known = sorted(at for at, count in counts.items() if count == wanted)
    if len(known) < 2:
        return None
    return Trend(since_s=known[0], before=totals[known[0]], after=totals[known[-1]])
