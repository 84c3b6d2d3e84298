"""Bars over time, of block elements: an eighth of a cell at least, side by side, in front of each other or stacked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Floats
from opsdash.core.view import raster
from opsdash.core.view.cells import DIM_ATTR, Cells, ink, series_role
from opsdash.core.view.drawn import Drawn
from opsdash.core.view.palette import SERIES_GLYPHS_ASCII
from opsdash.core.view.plotted import PlotSpan, Scene, texture

_BLOCK = 0x2580
"""Code point before `▁`; `▁`…`█` follow."""
_UPPER_HALF, _UPPER_EIGHTH = 0x2580, 0x2594
_MOST_SIDE_BY_SIDE = 8
_FAR = 1 << 20

Grown = tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.int32]]
"""(codes, inks, eighths of the part that ends in the cell) with row 0 at the foot of the bars."""


def draw_bars(scene: Scene, canvas: Cells) -> None:
    """Draws a bar for each sample (or the largest of those that share a column), from zero up or down."""
    axis = scene.axis
    indexes = [index for part in scene.drawn for index in part.indexes]
    if not indexes:
        return
    is_stacked = scene.view.spec.stacked
    values, partial = _cell_values(scene.drawn, scene.span, canvas.width, side_by_side=not is_stacked)
    if is_stacked:
        missing = np.isnan(values)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.where(missing, 0.0, values).cumsum(axis=0)
        values[missing] = np.nan
    scale = canvas.height * 8 / (axis.high - axis.low)
    zero = min(max(round(-axis.low * scale / 8), 0), canvas.height)
    tall = _eighths(values, scale, max(axis.low, 0.0), canvas.height * 8)
    inks = np.array([ink(series_role(index)) for index in indexes], dtype=np.uint16)
    signs = _signs(indexes, scene)
    whole = bool((signs != ord("█")).any())
    up = _grow(np.maximum(tall, 0), canvas.height - zero, inks, signs, whole=whole)
    _put(canvas, up, slice(0, canvas.height - zero), partial, hanging=False)
    if zero:
        down = _grow(np.maximum(-tall, 0), zero, inks, signs, whole=whole)
        _put(canvas, down, slice(canvas.height - zero, canvas.height), partial, hanging=True)


def _eighths(values: Floats, scale: float, foot: float, most: int) -> NDArray[np.int32]:
    """Heights in eighths of a cell; what is not zero is at least one."""
    with np.errstate(over="ignore", invalid="ignore"):
        height = np.nan_to_num((values - foot) * scale, nan=0.0, posinf=most, neginf=-most)
    tall = np.clip(np.rint(height), -most, most)
    tall = np.where((tall == 0) & (height != 0), np.sign(height), tall)
    result: NDArray[np.int32] = tall.astype(np.int32)
    return result


def _signs(indexes: Sequence[int], scene: Scene) -> NDArray[np.uint32]:
    if scene.look.ascii_only:
        return np.array([ord(SERIES_GLYPHS_ASCII[index % 12]) for index in indexes], dtype=np.uint32)
    return np.array([ord(texture(index, scene.view.spec, scene.look) or "█") for index in indexes], dtype=np.uint32)


def _cell_values(
    drawn: Sequence[Drawn], span: PlotSpan, width: int, *, side_by_side: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """(S, width) the value whose bar stands in each column of cells, and which columns are partial."""
    total = sum(len(part.indexes) for part in drawn)
    values = np.full((total, width), np.nan)
    partial = np.zeros(width, dtype=bool)
    at = span.start_s + (np.arange(width) + 0.5) / width * span.length_s
    first = 0
    for part in drawn:
        times, rows = part.window.times, slice(first, first + len(part.indexes))
        if times.size and span.length_s > 0:
            step = float(np.median(np.diff(times))) if times.size > 1 else span.length_s / width * 3
            cells = step / span.length_s * width
            if cells < 1:
                values[rows] = _largest(part, span, width)
            else:
                found, share = _nearest(times, at, step)
                inside = np.where(found >= 0, part.finite[:, found], np.nan)
                values[rows] = _spaced(inside, share, cells, (first, total) if side_by_side else (0, 1))
        first += len(part.indexes)
        answer = part.query.answer
        if answer is not None and answer.partial_from_s is not None:
            partial |= at >= answer.partial_from_s - 0.5 * span.length_s / width
    return values, partial


def _largest(part: Drawn, span: PlotSpan, width: int) -> Floats:
    columns = raster.columns_of(part.window.times, part.finite, span.bounds, width, join=False)
    return np.where(np.abs(columns.low) > np.abs(columns.high), columns.low, columns.high)


def _nearest(times: Floats, at: Floats, step: float) -> tuple[NDArray[np.intp], Floats]:
    """(index of the sample whose bar covers each instant, or -1; where in the bar, from 0 at its left end to 1)."""
    after = np.clip(np.searchsorted(times, at), 1, max(times.size - 1, 1))
    before = after - 1
    after = np.minimum(after, times.size - 1)
    found = np.where(np.abs(at - times[before]) <= np.abs(times[after] - at), before, after)
    share = (at - times[found]) / step + 0.5
    return np.where((share < 0) | (share > 1), -1, found), share


def _spaced(values: Floats, share: Floats, cells: float, group: tuple[int, int]) -> Floats:
    """Leaves a column free between bars of three cells and more; puts the bars of a group beside each other."""
    first, total = group
    shown = values.copy()
    if cells >= 3:
        shown[:, share > 1 - 0.999 / cells] = np.nan
    if 1 < total <= _MOST_SIDE_BY_SIDE and cells >= total + 1:
        usable = 1 - 1 / cells
        turn = np.minimum((share / usable * total).astype(np.intp), total - 1)
        for row in range(len(shown)):
            shown[row, turn != first + row] = np.nan
    return shown


def _grow(
    tall: NDArray[np.int32], rows: int, inks: NDArray[np.uint16], signs: NDArray[np.uint32], *, whole: bool
) -> Grown:
    """Bars that grow from row 0 on; the smallest is in front.

    A cell has two colours at most: of the bar that ends in it, and of what is behind. `whole` bars end at the edge
    of a cell: an eighth of a texture or of a letter looks like another one.
    """
    level = tall[:, None, :] - (np.arange(rows, dtype=np.int32) * 8)[None, :, None]
    full = level >= 8
    part = (level > 0) & ~full
    behind = np.where(full, tall[:, None, :], _FAR).argmin(axis=0)
    any_full, any_part = full.any(axis=0), part.any(axis=0)
    least = np.where(part, level, _FAR).argmin(axis=0)
    most = np.where(part, level, -1).argmax(axis=0)
    front = np.where(any_full, least, most)
    eighths = np.where(any_part, np.take_along_axis(level, front[None], axis=0)[0], 0)
    codes = np.full(any_full.shape, 32, dtype=np.uint32)
    np.copyto(codes, signs[behind], where=any_full)
    colour = np.where(any_full, inks[behind], np.uint16(ink()))
    if whole:
        ends = any_part & ((eighths >= 4) | ~any_full)
        np.copyto(codes, signs[front], where=ends)
        return codes, np.where(ends, inks[front], colour), np.zeros_like(eighths)
    np.copyto(codes, (_BLOCK + eighths).astype(np.uint32), where=any_part)
    ground = np.where(any_full, (inks[behind] & 63) << 6, 0).astype(np.uint16)
    colour = np.where(any_part, (inks[front] & 63) | ground, colour)
    return codes, colour.astype(np.uint16), eighths


def _put(canvas: Cells, grown: Grown, rows: slice, partial: NDArray[np.bool_], *, hanging: bool) -> None:
    codes, inks, eighths = grown
    if hanging:
        half = np.where(eighths >= 4, _UPPER_HALF, _UPPER_EIGHTH)
        codes = np.where(eighths > 0, half, codes).astype(np.uint32)
    else:
        codes, inks = codes[::-1], inks[::-1]
    used = codes != 32
    target_codes, target_inks = canvas.codes[rows], canvas.inks[rows]
    np.copyto(target_codes, codes, where=used)
    np.copyto(target_inks, inks, where=used)
    late = used & partial[None, :]
    target_codes[late & (target_codes == ord("█"))] = ord("░")
    target_inks[late] |= DIM_ATTR
