"""What a chart shows: its stretch of time, the range of its values, sums of stacked series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opsdash.core.metrics.window import Floats
from opsdash.core.view import raster
from opsdash.core.view.axes import ValueAxis
from opsdash.core.view.drawn import Drawn
from opsdash.core.view.look import Look
from opsdash.core.view.palette import BAR_TEXTURES, FILL_TEXTURES
from opsdash.core.view.panels import PanelSpec
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.unit_table import unit_of

_NEAR = 0.5
"""A threshold is brought into the picture when it is at most this share of the data away."""
_NEAR_SHARE = 0.04
"""The same for percentages that stay near the whole, where half of the value would flatten them."""
_STACK_COLUMNS = 512


@dataclass(frozen=True, slots=True)
class PlotSpan:
    """Left and right end of a chart in UTC seconds."""

    start_s: float
    end_s: float

    @property
    def bounds(self) -> tuple[float, float]:
        """(start, end)."""
        return self.start_s, self.end_s

    @property
    def length_s(self) -> float:
        """Seconds from end to end."""
        return self.end_s - self.start_s

    def place(self, at_s: float) -> float:
        """Where an instant is: 0 at the left end, 1 at the right one."""
        return (at_s - self.start_s) / self.length_s if self.length_s > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """All that a chart is drawn from."""

    view: PanelView
    drawn: tuple[Drawn, ...]
    span: PlotSpan
    axis: ValueAxis
    look: Look


def texture(index: int, spec: PanelSpec, look: Look) -> str:
    """What fills the nth series where there is no colour to tell it by; empty where it has an outline or a colour."""
    if not look.monochrome or look.ascii_only:
        return ""
    if spec.draw == "bars":
        return BAR_TEXTURES[index % len(BAR_TEXTURES)]
    if spec.draw == "area" and spec.stacked:
        return chr(raster.BRAILLE + FILL_TEXTURES[index % len(FILL_TEXTURES)])
    return ""


def finite(values: Floats) -> Floats:
    """The values with NaN in place of infinities, which cannot be drawn."""
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if infinite.any() else values


def stacked(columns: Sequence[raster.Columns]) -> list[raster.Columns]:
    """Each series on top of those before it, over all queries: missing ones count nothing and show nothing."""
    found: list[raster.Columns] = []
    below: Floats | None = None
    for part in columns:
        missing = np.isnan(part.high)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.where(missing, 0.0, part.high).cumsum(axis=0)
            if below is not None:
                sums += below
        below = sums[-1] if len(sums) else below
        shown = np.where(missing, np.nan, sums)
        found.append(raster.Columns(low=shown, high=shown))
    return found


def value_range(drawn: Sequence[Drawn], spec: PanelSpec, span: PlotSpan) -> tuple[float, float, bool]:
    """(least, largest, whether zero belongs in the picture) of what is drawn, with the thresholds that are near."""
    from_zero = spec.draw in {"bars", "area"} or spec.stacked
    low, high = _least_and_largest(_values(drawn, spec, span))
    if low > high:
        low, high = 0.0, 1.0
    is_share = unit_of(spec.unit).is_share and low > high / 2
    reach = _NEAR * max(high - low, abs(high) * (_NEAR_SHARE if is_share else 1.0))
    limits = (spec.thresholds.warning, spec.thresholds.critical)
    near = [value for value in limits if value is not None and low - reach <= value <= high + reach]
    return min([low, *near]), max([high, *near]), from_zero


def _values(drawn: Sequence[Drawn], spec: PanelSpec, span: PlotSpan) -> list[Floats]:
    found = [part.compare.values for part in drawn if part.compare is not None and part.compare.values.size]
    if not spec.stacked:
        return found + [part.visible.values for part in drawn]
    columns = [
        raster.columns_of(part.window.times, part.finite, span.bounds, _STACK_COLUMNS, join=True) for part in drawn
    ]
    return found + [part.high for part in stacked(columns)]


def _least_and_largest(parts: Sequence[Floats]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for values in parts:
        shown = finite(values)
        if shown.size and not np.isnan(shown).all():
            low, high = min(low, float(np.nanmin(shown))), max(high, float(np.nanmax(shown)))
    return low, high
