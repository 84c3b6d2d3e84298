"""Draws the inside of a time series panel: chart, axes and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opsdash.core.view.axes import ValueAxis, value_axis
from opsdash.core.view.cells import BOLD, Cells, Role, ink
from opsdash.core.view.drawn import Drawn, drawn_series
from opsdash.core.view.legend import Entry, draw_legend, legend_rows
from opsdash.core.view.levels import level_of
from opsdash.core.view.look import Look
from opsdash.core.view.plot import Plot, draw_plot, plotted_range
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.time_axis import instant_label, time_ticks
from opsdash.core.view.units import format_value

_NARROWEST_WITH_AXIS = 20


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The chart above, the time axis and the legend below it, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 1 or height < 1:
        return cells
    drawn = drawn_series(view, look)
    layout = _layout(view, drawn, width, height)
    plot = Plot(
        view=view,
        drawn=drawn,
        start_s=(look.axis or (view.start_s, view.end_s))[0],
        end_s=(look.axis or (view.start_s, view.end_s))[1],
        look=look,
    )
    axis = _axis(view, plot, layout.rows)
    gutter = axis.label_width + 1 if layout.has_axis else 0
    if gutter:
        _draw_value_axis(cells, axis, view, layout.rows)
    cells.blit(gutter, 0, draw_plot(plot, axis, width - gutter, layout.rows))
    if layout.has_times:
        _draw_times(cells, layout.rows, gutter, plot)
    if layout.legend:
        headings = view.spec.legend or ()
        entries = _entries(view, drawn, look)
        cells.blit(
            0, height - layout.legend, draw_legend(entries, headings, width, layout.legend, ascii_only=look.ascii_only)
        )
    return cells


@dataclass(frozen=True, slots=True)
class _Layout:
    rows: int
    has_axis: bool
    has_times: bool
    legend: int


def _layout(view: PanelView, drawn: Sequence[Drawn], width: int, height: int) -> _Layout:
    """How the rows are shared; it depends on the size and the number of series, never on their values."""
    count = sum(len(part.names) for part in drawn)
    legend = 0 if view.spec.legend is None else legend_rows(count, len(view.spec.legend), width, height)
    has_axis = width >= _NARROWEST_WITH_AXIS and height >= 2
    has_times = has_axis and height - legend >= 3
    return _Layout(height - legend - int(has_times), has_axis, has_times, legend)


def _axis(view: PanelView, plot: Plot, rows: int) -> ValueAxis:
    spec = view.spec
    low, high, from_zero = plotted_range(plot)
    extra = tuple(value for value in (spec.thresholds.warning, spec.thresholds.critical) if value is not None)
    unit = spec.unit or next((part.unit for part in plot.drawn if part.unit), "")
    return value_axis(
        low,
        high,
        unit,
        rows,
        from_zero=from_zero,
        minimum=spec.minimum,
        maximum=spec.maximum,
        decimals=spec.decimals,
        extra=extra,
    )


def row_of(value: float, axis: ValueAxis, rows: int) -> int:
    """The cell row that a value of the axis stands in."""
    share = (axis.high - value) / (axis.high - axis.low)
    return min(int(np.rint(share * (rows * 4 - 1))) // 4, rows - 1)


def _draw_value_axis(cells: Cells, axis: ValueAxis, view: PanelView, rows: int) -> None:
    """Labels at the left; a threshold's label has its colour and wins over a tick in the same row."""
    thresholds = {view.spec.thresholds.warning: Role.WARNING, view.spec.thresholds.critical: Role.CRITICAL}
    x = axis.label_width
    taken: set[int] = set()
    for tick in sorted(axis.ticks, key=lambda tick: tick.value not in thresholds):
        row = row_of(tick.value, axis, rows)
        if row in taken:
            continue
        taken.add(row)
        role = thresholds.get(tick.value)
        cells.put(0, row, tick.label.rjust(x), ink(role or Role.DIM))
        cells.put(x, row, "┼" if role is not None else "┤", ink(role or Role.FRAME))


def _draw_times(cells: Cells, y: int, gutter: int, plot: Plot) -> None:
    width = cells.width - gutter
    for tick in time_ticks(plot.start_s, plot.end_s, width, plot.look.zone):
        cells.put(gutter + tick.x, y, tick.label, ink(Role.DIM))
    cursor = plot.look.cursor_s
    if cursor is not None and plot.start_s <= cursor <= plot.end_s:
        label = f" {instant_label(cursor, plot.end_s - plot.start_s, plot.look.zone)} "
        middle = int((cursor - plot.start_s) / (plot.end_s - plot.start_s) * width)
        x = min(max(middle - len(label) // 2, 0), max(width - len(label), 0))
        cells.put(gutter + x, y, label, ink(Role.CURSOR, attributes=BOLD))


def _entries(view: PanelView, drawn: Sequence[Drawn], look: Look) -> list[Entry]:
    """Legend entries; with a cursor the first number is the value under it."""
    found: list[Entry] = []
    calcs = view.spec.legend or ()
    for part in drawn:
        columns = [part.numbers(calc) for calc in calcs]
        if look.cursor_s is not None and columns:
            columns[0] = part.at(look.cursor_s)
        now = columns[0] if columns and (look.cursor_s is not None or calcs[0] == "last") else part.numbers("last")
        for n, name in enumerate(part.names):
            found.append(
                Entry(
                    name=name,
                    index=part.indexes[n],
                    numbers=tuple(_number(column[n], part.unit, view.spec.decimals) for column in columns),
                    level=level_of(now[n], view.spec.thresholds),
                )
            )
    return found


def _number(value: float, unit: str, decimals: int | None) -> str:
    return "–" if value != value else format_value(value, unit, decimals)  # noqa: PLR0124 - NaN
