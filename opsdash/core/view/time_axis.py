"""The horizontal axis: times as the people on watch read them, in their own zone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role

_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
    86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400, 28 * 86_400, 91 * 86_400, 364 * 86_400,
)  # fmt: skip
_DAY_S = 86_400.0
_SPACE = 5
"""Cells that stay free between two labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTick:
    """One label: its instant stands at cell `column`; the text starts at `x`."""

    column: int
    x: int
    label: str


@lru_cache(maxsize=256)
def time_ticks(start_s: float, end_s: float, width: int, zone: tzinfo) -> tuple[TimeTick, ...]:
    """Labels for `width` cells from `start_s` to `end_s`, none cut and none touching another."""
    length = end_s - start_s
    if width < 5 or not length > 0 or not _in_calendar(start_s, end_s):
        return ()
    for step in _STEPS_S:
        sample = _label(start_s, step, length, zone)
        if length / step * (len(sample) + _SPACE) <= width + _SPACE:
            return _placed(start_s, end_s, float(step), width, zone)
    return ()


def _placed(start_s: float, end_s: float, step: float, width: int, zone: tzinfo) -> tuple[TimeTick, ...]:
    found: list[TimeTick] = []
    offset = _offset_s(start_s, zone)
    index = math.ceil((start_s + offset) / step)
    free = 0
    while True:
        at = index * step - offset
        at -= _offset_s(at, zone) - offset
        if at > end_s:
            return tuple(found)
        label = _label(at, step, end_s - start_s, zone)
        column = int((at - start_s) / (end_s - start_s) * width)
        x = column - len(label) // 2
        if x >= free and x + len(label) <= width:
            found.append(TimeTick(column=column, x=x, label=label))
            free = x + len(label) + 1
        index += 1


def _label(at_s: float, step: float, length_s: float, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at_s, zone)
    if step >= _DAY_S:
        return f"{moment:%Y-%m-%d}" if length_s > 300 * _DAY_S else f"{moment:%b %d}"
    if length_s > _DAY_S * 1.5:
        return f"{moment:%d %H:%M}" if moment.hour or moment.minute else f"{moment:%b %d}"
    return f"{moment:%H:%M:%S}" if step < 60 else f"{moment:%H:%M}"


def instant_label(at_s: float, length_s: float, zone: tzinfo) -> str:
    """One instant in full, for the cursor: seconds where they matter, the date where the day is not clear."""
    if not _in_calendar(at_s, at_s):
        return ""
    moment = datetime.fromtimestamp(at_s, zone)
    return f"{moment:%b %d %H:%M}" if length_s > _DAY_S else f"{moment:%H:%M:%S}"


def _offset_s(at_s: float, zone: tzinfo) -> float:
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def _in_calendar(start_s: float, end_s: float) -> bool:
    return -1e9 < start_s <= end_s < 2e11


def draw_time_axis(cells: Cells, y: int, gutter: int, bounds: tuple[float, float], look: Look) -> None:
    """Labels in row `y` from cell `gutter` on; the cursor's instant takes the place of labels in its way."""
    start_s, end_s = bounds
    width = cells.width - gutter
    label, left = "", width
    cursor = look.cursor_s
    if cursor is not None and start_s <= cursor <= end_s and end_s > start_s:
        label = instant_label(cursor, end_s - start_s, look.zone)
        middle = int((cursor - start_s) / (end_s - start_s) * width)
        left = min(max(middle - len(label) // 2, 0), max(width - len(label), 0))
        cells.put(gutter + left, y, label, ink(Role.CURSOR, attributes=BOLD))
    for tick in time_ticks(start_s, end_s, width, look.zone):
        if tick.x + len(tick.label) < left or tick.x > left + len(label):
            cells.put(gutter + tick.x, y, tick.label, ink(Role.DIM))
