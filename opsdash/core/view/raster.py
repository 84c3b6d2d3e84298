"""Series drawn as dots: samples → dot columns → spans of dot rows → the eight dots of each braille cell.

All series of a query are handled at once; there is no Python loop over points, columns or cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Floats

Ints = NDArray[np.int32]
Patterns = NDArray[np.uint8]
"""(S, H, W) braille dots, as the low byte of the code point."""

BRAILLE = 0x2800
DOTS_X, DOTS_Y = 2, 4
NOWHERE = 1 << 20
"""A dot row that no canvas has."""
_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
_MANY_CELLS = 100_000
"""From this many cells on, most of which a line does not touch, those that it touches are computed one by one."""
_GAP_STEPS = 1.5
"""Instants further apart than this many steps are not joined."""


def _span_table() -> NDArray[np.uint8]:
    """[side · 25 + a · 5 + b] → the dots from row a up to row b of one side of a cell."""
    table = np.zeros(50, dtype=np.uint8)
    for side, dots in enumerate((_LEFT, _RIGHT)):
        for a in range(5):
            for b in range(a, 5):
                table[side * 25 + a * 5 + b] = sum(dots[a:b])
    return table


_SPANS = _span_table()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """What each dot column shows of each series: (S, C), NaN where it shows nothing."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """The dot rows that are set in each dot column, both ends included; `top` > `bottom` where there are none."""

    top: Ints
    bottom: Ints


def columns_of(times: Floats, values: Floats, span: tuple[float, float], columns: int, *, join: bool) -> Columns:
    """The samples of a span (start, end in seconds) on `columns` dot columns.

    Columns with several samples hold their least and largest (a spike of one sample is always seen). With `join`,
    columns between two neighbouring samples hold what lies between them; a gap stays a gap. `values` are (S, N);
    what is not finite is not drawn.
    """
    start_s, end_s = span
    low = np.full((len(values), columns), np.nan)
    if columns < 1 or not times.size or not len(values) or end_s <= start_s:
        return Columns(low=low, high=low)
    first = int(np.searchsorted(times, start_s, side="left"))
    last = int(np.searchsorted(times, end_s, side="right"))
    high = low
    if last > first:
        place = ((times[first:last] - start_s) * (columns / (end_s - start_s))).astype(np.intp)
        np.minimum(place, columns - 1, out=place)
        starts = np.concatenate(([0], np.flatnonzero(place[1:] != place[:-1]) + 1))
        used, inside = place[starts], values[:, first:last]
        low[:, used] = np.fmin.reduceat(inside, starts, axis=1)
        if starts.size < place.size:
            high = np.full_like(low, np.nan)
            high[:, used] = np.fmax.reduceat(inside, starts, axis=1)
        if used.size == columns:
            return Columns(low=low, high=high)
    if join:
        at = _centres(columns) * (end_s - start_s) + start_s
        empty = np.flatnonzero(np.isnan(low).any(axis=0) & (at >= times[0]) & (at <= times[-1]))
        if empty.size:
            between = _between(times, values, at[empty])
            for side in (low,) if high is low else (low, high):
                side[:, empty] = np.where(np.isnan(side[:, empty]), between, side[:, empty])
    return Columns(low=low, high=high)


@lru_cache(maxsize=64)
def _centres(columns: int) -> Floats:
    return (np.arange(columns) + 0.5) / columns


def _between(times: Floats, values: Floats, at: Floats) -> Floats:
    """What lies between neighbouring samples at these instants; NaN outside, and where a sample is missing."""
    if times.size < 2:
        return np.full((len(values), at.size), np.nan)
    after = np.clip(np.searchsorted(times, at), 1, times.size - 1)
    before = after - 1
    length = times[after] - times[before]
    share = (at - times[before]) / length
    step = float(np.median(np.diff(times)))
    share[(share < 0) | (share > 1) | (length > _GAP_STEPS * step)] = np.nan
    left = values[:, before]
    return left + (values[:, after] - left) * share


def spans_of(columns: Columns, low: float, high: float, rows: int, *, join: bool) -> Spans:
    """Dot rows of the columns on a value axis from `low` to `high`; with `join`, neighbours are connected."""
    bottom = rows_of(columns.low, low, high, rows)
    top = bottom if columns.high is columns.low else rows_of(columns.high, low, high, rows)
    empty = np.isnan(columns.low)
    spans = _joined(top, bottom, ~empty) if join and top.shape[1] > 1 else Spans(top=top.copy(), bottom=bottom.copy())
    spans.top[empty] = NOWHERE
    spans.bottom[empty] = -NOWHERE
    return spans


def rows_of(values: Floats, low: float, high: float, rows: int) -> Ints:
    """Dot rows, 0 at the top; values outside the axis stick to its ends, NaN is row 0."""
    scale = (rows - 1) / (high - low) if high > low else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        place = np.rint((high - values) * scale)
    place = np.clip(np.nan_to_num(place, nan=0.0, posinf=rows - 1, neginf=0.0), 0, max(rows - 1, 0))
    result: Ints = place.astype(np.int32)
    return result


def _joined(top: Ints, bottom: Ints, shown: NDArray[np.bool_]) -> Spans:
    """Each column reaches half-way to its neighbours, so that a line has no holes and no double dots."""
    both = shown[:, 1:] & shown[:, :-1]
    new_top, new_bottom = top.copy(), bottom.copy()
    falls = both & (top[:, 1:] > bottom[:, :-1] + 1)
    middle = (bottom[:, :-1] + top[:, 1:]) >> 1
    np.copyto(new_bottom[:, :-1], middle, where=falls)
    np.copyto(new_top[:, 1:], middle + 1, where=falls)
    rises = both & (bottom[:, 1:] < top[:, :-1] - 1)
    middle = (top[:, :-1] + bottom[:, 1:]) >> 1
    np.copyto(new_top[:, :-1], np.minimum(new_top[:, :-1], middle + 1), where=rises)
    np.copyto(new_bottom[:, 1:], np.maximum(new_bottom[:, 1:], middle), where=rises)
    return Spans(top=new_top, bottom=new_bottom)


@lru_cache(maxsize=64)
def _geometry(rows: int, columns: int) -> tuple[Ints, Ints]:
    """(first dot row of each cell row, table offset of each dot column)."""
    base = (np.arange(rows, dtype=np.int32) * DOTS_Y)[None, :, None]
    side = (np.arange(columns, dtype=np.int32) % DOTS_X * 25)[None, None, :]
    return base, side


def patterns_of(spans: Spans, rows: int) -> Patterns:
    """The braille dots of each cell: (S, `rows`, columns / 2)."""
    if spans.top.size * rows > _MANY_CELLS:
        return _sparse_patterns(spans, rows)
    base, side = _geometry(rows, spans.top.shape[1])
    start = np.clip(spans.top[:, None, :] - base, 0, DOTS_Y)
    stop = np.clip(spans.bottom[:, None, :] + 1 - base, 0, DOTS_Y)
    dots = _SPANS.take(start * 5 + stop + side)
    result: Patterns = np.bitwise_or(dots[:, :, 0::2], dots[:, :, 1::2])
    return result


def _sparse_patterns(spans: Spans, rows: int) -> Patterns:
    """The same for many series: only the cells that a span touches are computed, from its first one downwards."""
    series, columns = spans.top.shape
    grid = np.zeros(series * rows * columns, dtype=np.uint8)
    shown = np.flatnonzero(spans.top <= spans.bottom)
    top, bottom = spans.top.ravel()[shown], spans.bottom.ravel()[shown]
    column = shown % columns
    side = column % DOTS_X * 25
    cell = top // DOTS_Y
    place = (shown // columns * rows + cell) * columns + column
    start = top - cell * DOTS_Y
    left = bottom - cell * DOTS_Y + 1
    while place.size:
        grid[place] = _SPANS.take(start * 5 + np.minimum(left, DOTS_Y) + side)
        on = np.flatnonzero(left > DOTS_Y)
        place, left, side = place[on] + columns, left[on] - DOTS_Y, side[on]
        start = np.zeros(on.size, dtype=np.int32)
    dots = grid.reshape(series, rows, columns)
    result: Patterns = np.bitwise_or(dots[:, :, 0::2], dots[:, :, 1::2])
    return result


def cells_of(spans: Spans, rows: int) -> Patterns:
    """For one dot a cell (ASCII): 1 where the span covers the cell: (S, `rows`, columns)."""
    row = np.arange(rows, dtype=np.int32)[None, :, None]
    return ((spans.top[:, None, :] <= row) & (row <= spans.bottom[:, None, :])).astype(np.uint8)


def merged(patterns: Patterns) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """(all dots of each cell, index of the first series that has one there)."""
    return np.bitwise_or.reduce(patterns, axis=0), (patterns != 0).argmax(axis=0)
