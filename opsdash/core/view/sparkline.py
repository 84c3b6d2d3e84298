"""A history in one line of cells."""

from __future__ import annotations

from collections.abc import Sequence

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
    return sparklines(window, [series], width, axis, ascii_only=ascii_only)[0]


def sparklines(
    window: Window, series: Sequence[int], width: int, axis: tuple[float, float], *, ascii_only: bool = False
) -> list[str]:
    """The same for several series of a window at once."""
    bars = " " + (_ASCII if ascii_only else _BLOCKS)
    (left, right), times = axis, window.times
    first, last = np.searchsorted(times, left, side="left"), np.searchsorted(times, right, side="right")
    if width < 1 or right <= left or last <= first:
        return [" " * max(width, 0)] * len(series)
    place = np.minimum(((times[first:last] - left) / (right - left) * width).astype(np.intp), width - 1)
    starts = np.concatenate(([0], np.flatnonzero(place[1:] != place[:-1]) + 1))
    rows = np.asarray(series, dtype=np.intp)
    values = np.where(window.present[rows, first:last], window.values[rows, first:last], np.nan)
    peaks = np.full((len(rows), width), np.nan)
    peaks[:, place[starts]] = np.fmax.reduceat(values, starts, axis=1)
    finite = np.isfinite(peaks)
    with np.errstate(invalid="ignore", over="ignore"):
        low = np.where(finite, peaks, np.inf).min(axis=1, keepdims=True)
        high = np.where(finite, peaks, -np.inf).max(axis=1, keepdims=True)
        none = low > high
        low, high = np.where(none, 0.0, low), np.where(none, 1.0, high)
        span = np.maximum(np.maximum(high - low, _CALM * np.abs(high)), 1e-300)
        share = np.clip(np.nan_to_num((peaks - low) / span, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    steps = np.where(np.isnan(peaks), 0, np.rint(share * (len(bars) - 2)) + 1).astype(np.intp)
    return ["".join([bars[step] for step in row]) for row in steps.tolist()]
