"""Draws the inside of a time series panel: chart, axes and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash.core.text import fit
from opsdash.core.view.axes import AxisRequest, ValueAxis, row_of, value_axis
from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.crowd import thinned
from opsdash.core.view.drawn import Drawn, drawn_series
from opsdash.core.view.legend import Entry, Legend, draw_legend, legend_rows, most_entries, numbers_shown
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Calc
from opsdash.core.view.plot import draw_plot
from opsdash.core.view.plotted import PlotSpan, Scene, texture, value_range
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.time_axis import draw_time_axis, instant_label
from opsdash.core.view.units import format_value

_NARROWEST_WITH_AXIS = 20


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The chart above, the time axis and the legend below it, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 1 or height < 1:
        return cells
    drawn = drawn_series(view, look)
    if look.filter and not any(part.names for part in drawn):
        total = sum(len(query.legends) for query in view.queries if not query.spec.hidden)
        cells.put(0, height // 2, fit(f"none of {total} series contains {look.filter}", width), ink(Role.DIM))
        return cells
    layout = _layout(view, drawn, width, height)
    span = PlotSpan(*(look.axis or (view.start_s, view.end_s)))
    total, drawn = sum(len(part.names) for part in drawn), thinned(drawn, view.spec)
    axis = _axis(view, drawn, span, layout.rows)
    gutter = axis.label_width + 1 if layout.has_axis else 0
    if gutter:
        _draw_value_axis(cells, axis, view, layout.rows)
    canvas = Cells(width - gutter, layout.rows)
    draw_plot(Scene(view=view, drawn=drawn, span=span, axis=axis, look=look), canvas)
    cells.blit(gutter, 0, canvas)
    if layout.has_times:
        draw_time_axis(cells, layout.rows, gutter, span.bounds, look)
    if layout.legend:
        legend = _legend(Scene(view=view, drawn=drawn, span=span, axis=axis, look=look), total, width, layout.legend)
        cells.blit(0, height - layout.legend, draw_legend(legend, width, layout.legend))
    return cells


@dataclass(frozen=True, slots=True)
class _Layout:
    rows: int
    has_axis: bool
    has_times: bool
    legend: int


def _layout(view: PanelView, drawn: Sequence[Drawn], width: int, height: int) -> _Layout:
    """How the rows are shared; it depends on the size and the number of series, never on their values."""
    names = [name for part in drawn for name in part.names]
    legend = 0 if view.spec.legend is None else legend_rows(names, len(view.spec.legend), width, height)
    has_axis = width >= _NARROWEST_WITH_AXIS and height >= 2
    has_times = has_axis and height - legend >= 3
    return _Layout(height - legend - int(has_times), has_axis, has_times, legend)


def _axis(view: PanelView, drawn: Sequence[Drawn], span: PlotSpan, rows: int) -> ValueAxis:
    spec = view.spec
    low, high, from_zero = value_range(drawn, spec, span)
    extra = tuple(value for value in (spec.thresholds.warning, spec.thresholds.critical) if value is not None)
    unit = spec.unit or next((part.unit for part in drawn if part.unit), "")
    return value_axis(
        AxisRequest(
            low=low,
            high=high,
            unit=unit,
            rows=rows,
            from_zero=from_zero,
            minimum=spec.minimum,
            maximum=spec.maximum,
            decimals=spec.decimals,
            extra=extra,
        )
    )


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


def _legend(scene: Scene, total: int, width: int, rows: int) -> Legend:
    """The legend of `total` series, of which only those are looked at that have room."""
    look, headings = scene.look, scene.view.spec.legend or ()
    headings = headings[: numbers_shown(total, len(headings), width, rows)]
    entries = _entries(scene, headings, most_entries(len(headings), width, rows))
    return Legend(
        entries=entries,
        headings=headings,
        others=total - len(entries),
        instant=instant_label(look.cursor_s, 0.0, look.zone) if look.cursor_s is not None and headings else "",
        ascii_only=look.ascii_only,
    )


def _entries(scene: Scene, calcs: Sequence[Calc], most: int) -> list[Entry]:
    """The first legend entries; with a cursor the first number is the value under it."""
    found: list[Entry] = []
    spec, look = scene.view.spec, scene.look
    for whole in scene.drawn:
        part = whole.first(most - len(found))
        columns = [_known(part, part.numbers(calc)) for calc in calcs]
        now = _known(part, part.numbers("last"))
        if look.cursor_s is not None and columns:
            now = columns[0] = part.at(look.cursor_s)
        for n, name in enumerate(part.names):
            numbers = tuple(_number(column[n], part.unit, spec.decimals) for column in columns)
            value = now[n]
            level = Level.NONE if value is None else level_of(value, spec.thresholds)
            index = part.indexes[n]
            sign = texture(index, spec, look)
            found.append(Entry(name=name, index=index, numbers=numbers, level=level, sign=sign))
    return found


def _known(part: Drawn, numbers: Sequence[float]) -> list[float | None]:
    return [number if known else None for number, known in zip(numbers, part.known, strict=True)]


def _number(value: float | None, unit: str, decimals: int | None) -> str:
    return "–" if value is None else format_value(value, unit, decimals)
