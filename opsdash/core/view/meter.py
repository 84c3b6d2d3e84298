"""Bars of eighths of a cell."""

from __future__ import annotations

import math

_EIGHTHS = " ▏▎▍▌▋▊▉"


def meter(share: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar over `share` (0–1) of `width` cells, in steps of an eighth of a cell; at least an eighth when there is any.

    What is not a number has no bar; more than 1 fills the width and no more. In ASCII it is made of `#`.
    """
    if width < 1 or math.isnan(share) or share <= 0:
        return ""
    eighths = max(round(min(share, 1.0) * width * 8), 1)
    if ascii_only:
        return "#" * max(round(eighths / 8), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
