"""Draws the inside of a heatmap: time from left to right, buckets from small to large upwards, counts as shades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.histogram import BucketMatrix, bucket_matrix
from opsdash.core.metrics.window import Floats, Window
from opsdash.core.text import fit, text_width
from opsdash.core.view.axes import nice_step
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.drawn import Drawn, drawn_series
from opsdash.core.view.look import Look
from opsdash.core.view.plotted import PlotSpan
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.time_axis import draw_time_axis
from opsdash.core.view.units import format_value
from opsdash.core.view.wrap import pad

SHADES = 8
_GLYPHS = "·░░▒▒▓▓█"
_GLYPHS_ASCII = ".:-=+*%#"
_NARROWEST_WITH_AXIS = 20
_LONGEST_NAME = 14
_GAP_STEPS = 1.5


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """Shades with bucket bounds at the left, times and the scale below, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    drawn = [part for part in drawn_series(view, look) if part.names]
    if width < 1 or height < 1 or not drawn:
        return cells
    matrix = bucket_matrix(*_one_window(drawn))
    span = PlotSpan(*(look.axis or (view.start_s, view.end_s)))
    has_axis = width >= _NARROWEST_WITH_AXIS and height >= 2
    has_times, has_scale = has_axis and height >= 4, has_axis and height >= 6
    rows = height - int(has_times) - int(has_scale)
    bands = _bands(len(matrix.names), rows)
    labels = _labels(matrix, drawn[0].unit)
    gutter = max(max((text_width(text) for text in labels), default=1), 4) + 1 if has_axis else 0
    picture = _counts(matrix, span, width - gutter, bands, rows)
    top = _top(picture)
    _draw_shades(cells, picture, top, gutter, look)
    if look.cursor_s is not None:
        rows_of_buckets = np.where(bands < len(matrix.names), bands, -1)
        _draw_cursor(cells, picture, rows_of_buckets, (gutter, span.place(look.cursor_s)))
    if has_axis:
        _draw_labels(cells, labels, bands, rows, gutter)
    if has_times:
        draw_time_axis(cells, rows, gutter, span.bounds, look)
    if not (picture > 0).any():
        cells.put(gutter + 1, rows // 2, fit("every bucket is empty", width - gutter - 1), ink(Role.DIM))
    elif has_scale:
        _draw_scale(cells, height - 1, gutter, top, look)
    return cells


def _one_window(drawn: list[Drawn]) -> tuple[Window, tuple[str, ...]]:
    """The first query's series, and those of others that stand on the same instants."""
    first = drawn[0].window
    same = [part for part in drawn if np.array_equal(part.window.times, first.times)]
    window = replace(
        first,
        labels=tuple(labels for part in same for labels in part.window.labels),
        values=np.concatenate([part.window.values for part in same]),
        present=np.concatenate([part.window.present for part in same]),
    )
    return window, tuple(name for part in same for name in part.names)


def _bands(buckets: int, rows: int) -> NDArray[np.intp]:
    """For each row, from the top, the first bucket that it shows; buckets share a row where there are more of them."""
    if buckets <= rows:
        each = max(rows // max(buckets, 1), 1)
        return np.minimum(np.arange(rows - 1, -1, -1) // each, buckets).astype(np.intp)
    return (np.arange(rows - 1, -1, -1) * buckets // rows).astype(np.intp)


def _labels(matrix: BucketMatrix, unit: str) -> list[str]:
    """The upper bound of each bucket in the panel's unit, or its cut name."""
    if not matrix.by_bound:
        return list(short_names(matrix.names, _LONGEST_NAME))
    return [format_value(high, unit) for high in matrix.highs.tolist()]


def _counts(matrix: BucketMatrix, span: PlotSpan, width: int, bands: NDArray[np.intp], rows: int) -> Floats:
    """(rows, width) counts, NaN where nothing is known: averaged over time where samples share a column."""
    columns = _over_time(matrix, span, width)
    buckets = len(matrix.names)
    ends = np.concatenate(([buckets], bands[:-1])) if buckets > rows else bands + 1
    picture = np.full((rows, width), np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        for row, (start, end) in enumerate(zip(bands.tolist(), ends.tolist(), strict=True)):
            part = columns[start : max(end, start + 1)]
            known = ~np.isnan(part)
            if len(part):
                picture[row] = np.where(known.any(axis=0), np.where(known, part, 0.0).sum(axis=0), np.nan)
    return picture


def _over_time(matrix: BucketMatrix, span: PlotSpan, width: int) -> Floats:
    """(B, width): the mean of the samples in each column, or the sample whose step covers it."""
    times, counts = matrix.times, matrix.counts
    found = np.full((len(counts), width), np.nan)
    if not times.size or width < 1 or span.length_s <= 0:
        return found
    first, last = np.searchsorted(times, span.start_s, "left"), np.searchsorted(times, span.end_s, "right")
    step = float(np.median(np.diff(times))) if times.size > 1 else span.length_s / width
    if step * width > span.length_s:
        edges = span.start_s + (np.arange(width) + 0.5) / width * span.length_s
        near = np.clip(np.searchsorted(times, edges - step / 2), 0, times.size - 1)
        covered = np.abs(times[near] - edges) <= step / 2 * _GAP_STEPS
        return np.where(covered, counts[:, near], np.nan)
    if last <= first:
        return found
    place = np.minimum(((times[first:last] - span.start_s) / span.length_s * width).astype(np.intp), width - 1)
    starts = np.concatenate(([0], np.flatnonzero(place[1:] != place[:-1]) + 1))
    inside = counts[:, first:last]
    known = ~np.isnan(inside)
    sums = np.add.reduceat(np.where(known, inside, 0.0), starts, axis=1)
    number = np.add.reduceat(known.astype(np.float64), starts, axis=1)
    found[:, place[starts]] = np.where(number > 0, sums / np.maximum(number, 1), np.nan)
    return found


def _top(picture: Floats) -> float:
    """The count of the strongest shade: a round number, so that shades stay when the largest count moves a little."""
    finite = picture[np.isfinite(picture)]
    largest = float(finite.max()) if finite.size else 0.0
    return nice_step(largest) if largest > 0 else 1.0


def _draw_shades(cells: Cells, picture: Floats, top: float, gutter: int, look: Look) -> None:
    """Every count above zero has a shade (the square root gives small ones a visible share); unknown stays empty."""
    rows, width = picture.shape
    share = np.sqrt(np.nan_to_num(np.clip(picture / top, 0.0, 1.0)))
    shade = np.clip(np.ceil(share * SHADES), 0, SHADES).astype(np.intp)
    glyphs = " " + (_GLYPHS_ASCII if look.ascii_only else _GLYPHS)
    codes = np.array([ord(glyph) for glyph in glyphs], dtype=np.uint32)
    inks = np.array([ink(), *(_shade_ink(n) for n in range(SHADES))], dtype=np.uint16)
    area = (slice(0, rows), slice(gutter, gutter + width))
    cells.codes[area] = codes[shade]
    cells.inks[area] = inks[shade]
    _draw_gaps(cells, picture, gutter)


def _draw_gaps(cells: Cells, picture: Floats, gutter: int) -> None:
    """Columns without any sample between others: dashed, as unlike zero as unlike a shade."""
    unknown = np.logical_and.reduce(np.isnan(picture), axis=0)
    known = np.flatnonzero(~unknown)
    if not known.size:
        return
    gaps = gutter + np.flatnonzero(unknown[known[0] : known[-1]]) + known[0]
    cells.codes[: len(picture), gaps] = ord("╎")
    cells.inks[: len(picture), gaps] = ink(Role.FRAME)


def _draw_cursor(cells: Cells, picture: Floats, bands: NDArray[np.intp], place: tuple[int, float]) -> None:
    """A vertical line, and beside it the count of every bucket at that instant; a dash where it is not known.

    `bands` is the bucket of each row, below zero where a row has none.
    """
    (rows, width), (gutter, share) = picture.shape, place
    if not width or not 0 <= share <= 1:
        return
    column = min(int(share * width), width - 1)
    x = gutter + column
    cells.fill(x, 0, 1, rows, "│", ink(Role.CURSOR, attributes=BOLD))
    for row in range(rows):
        if (row and bands[row] == bands[row - 1]) or bands[row] < 0:
            continue
        count = float(picture[row, column])
        text = " – " if np.isnan(count) else f" {format_value(count, 'short')} "
        left = x + 1 if x + 1 + len(text) <= cells.width else x - len(text)
        cells.put(max(left, gutter), row, text)


def _shade_ink(shade: int) -> int:
    role = Role(int(Role.HEAT_1) + shade)
    return ink(role, role)


def _draw_labels(cells: Cells, labels: list[str], bands: NDArray[np.intp], rows: int, gutter: int) -> None:
    """A bound at the top row of its band; where rows are many, not closer than every second row."""
    merged, last = len(labels) > rows, -2
    for row in range(rows):
        bucket = int(bands[row])
        begins = row == 0 or bands[row - 1] != bucket
        if merged and row:
            bucket = int(bands[row - 1]) - 1
        elif merged:
            bucket = len(labels) - 1
        if bucket < len(labels) and begins and row - last >= (2 if rows > 6 and len(labels) > rows // 2 else 1):
            cells.put(0, row, pad(labels[bucket], gutter - 1, "right"), ink(Role.DIM))
            cells.put(gutter - 1, row, "┤", ink(Role.FRAME))
            last = row


def _draw_scale(cells: Cells, y: int, gutter: int, top: float, look: Look) -> None:
    """The shades from one to `top`."""
    glyphs = _GLYPHS_ASCII if look.ascii_only else _GLYPHS
    x = cells.put(gutter, y, "0 ", ink(Role.DIM))
    for shade, glyph in enumerate(glyphs):
        for _ in range(2 if cells.width > 50 else 1):
            x = cells.put(x, y, glyph, _shade_ink(shade))
    x = cells.put(x, y, f" {format_value(top, 'short')}", ink(Role.DIM))
    if x + 9 <= cells.width:
        cells.put(x, y, " a bucket", ink(Role.DIM))
