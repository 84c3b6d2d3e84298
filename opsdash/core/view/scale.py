"""The scale of gauges and bar gauges: from where to where, and where the thresholds are on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.view.axes import nice_step
from opsdash.core.view.levels import Level
from opsdash.core.view.panels import PanelSpec
from opsdash.core.view.readings import Reading
from opsdash.core.view.unit_table import unit_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueScale:
    """`low` < `high`."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Where a value is, 0–1; outside values stick to the ends, NaN is 0."""
        if math.isnan(value):
            return 0.0
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def scale_for(found: Sequence[Reading], spec: PanelSpec) -> ValueScale:
    """The configured ends; else from zero (or the least, where it is negative) to a round number above all.

    Percentages go to 100 and thresholds are always on the scale.
    """
    unit = unit_of(spec.unit or next((reading.unit for reading in found if reading.unit), ""))
    limits = [value for value in (spec.thresholds.warning, spec.thresholds.critical) if value is not None]
    values = [reading.value for reading in found if math.isfinite(reading.value)] + limits
    low = spec.minimum if spec.minimum is not None else min([0.0, *values])
    if spec.maximum is not None:
        high = spec.maximum
    else:
        largest = max(values, default=0.0)
        whole = 100.0 / unit.factor
        base = max(low, 0.0)
        high = whole if unit.is_share and 0 <= largest <= whole else base + _round_up(largest - base, unit.factor)
        high = 0.0 if largest <= 0 and low < 0 else high
    if spec.minimum is None and low < 0:
        low = -_round_up(-low, unit.factor)
    return ValueScale(low=low, high=high if high > low else low + 1.0)


def _round_up(length: float, factor: float) -> float:
    if length <= 0:
        return 1.0 / factor
    step = nice_step(length / 5)
    return math.ceil(length / step - 1e-9) * step


def threshold_marks(spec: PanelSpec) -> list[tuple[float, Level]]:
    """The thresholds with their levels, the worse one last."""
    pairs = ((spec.thresholds.warning, Level.WARNING), (spec.thresholds.critical, Level.CRITICAL))
    return [(value, level) for value, level in pairs if value is not None]
