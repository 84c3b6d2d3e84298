"""A history in one line of cells."""

from __future__ import annotations

import numpy as np

from opsdash.core.metrics.window import Window

_BLOCKS = "▁▂▃▄▅▆▇"
"""Never the whole cell: rows of histories below each other would become one."""
_ASCII = "_.-=+*#"
_CALM = 0.2
"""A change of less than this share of the value does not fill the height: noise looks like noise."""


def sparkline(window: Window, series: int, width: int, axis: tuple[float, float], *, ascii_only: bool = False) -> str:
    """`width` characters for one series over the time axis, each the largest value in its stretch.

    A gap is a space. NaN is a gap here. Infinities are drawn at the top and at the bottom.
    """
    bars = _ASCII if ascii_only else _BLOCKS
    left, right = axis
    times, values, present = window.times, window.values[series], window.present[series]
    keep = present & ~np.isnan(values) & (times >= left) & (times <= right)
    if width < 1 or right <= left or not keep.any():
        return " " * max(width, 0)
    place = np.minimum(((times[keep] - left) / (right - left) * width).astype(np.int64), width - 1)
    peaks = np.full(width, -np.inf)
    filled = np.zeros(width, dtype=bool)
    np.maximum.at(peaks, place, values[keep])
    filled[place] = True
    finite = peaks[filled & np.isfinite(peaks)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = max(high - low, _CALM * abs(high), 1e-300)
    with np.errstate(invalid="ignore", over="ignore"):
        share = np.clip(np.nan_to_num((peaks - low) / span, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    steps = np.rint(share * (len(bars) - 1)).astype(np.int64)
    return "".join(bars[step] if shown else " " for step, shown in zip(steps.tolist(), filled.tolist(), strict=True))
