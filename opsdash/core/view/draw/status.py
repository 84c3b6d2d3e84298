"""Draws the inside of a status panel: one lane a series, as high as it is bad, over time.

A good state is a thin line and a critical one a full block, so the picture reads the same without colours. An outage
shorter than a cell still fills its cell: of the states in one cell the worst is shown. A gap stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, REVERSE, Cells, ink, series_role
from opsdash.core.view.drawn import Drawn, drawn_series
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.states import Run, State, cells_of, newest_run, states_of
from opsdash.core.view.time_axis import time_ticks
from opsdash.core.view.wrap import pad

_GLYPHS = {Level.OK: "▂", Level.WARNING: "▅", Level.CRITICAL: "█"}
_PLAIN_GLYPHS = "▃▆▁▇"
"""Of states that are neither good nor bad, by turns; their signs in ASCII differ too."""
_MOST_PLAIN_STATES = 12
"""Of more than these no two can be told apart by colour: they are one calm line, and the value now stands beside it."""
_WIDEST_NAME = 24
_WIDEST_STATE = 12
_SHORT_STATE, _SHORTEST_STATE = 14, 11
"""Cells of `◆ no data >59m`, and of as much that the word still fits alone."""
_NARROWEST_LANE = 8
_GONE_AFTER_STEPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """One series, ready to be drawn."""

    name: str
    cells: tuple[State | None, ...]
    now: Run
    at_cursor: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the parts stand: the name, the lane, the state now."""

    name: int
    lane_x: int
    lane: int
    state_x: int
    state: int
    axis: tuple[float, float]


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The lanes from `look.scroll` on, with a time axis where there is room for one."""
    cells = Cells(width, height)
    found = [(part, row) for part in drawn_series(view, look) for row in range(len(part.names))]
    if width < 1 or height < 1 or not found:
        return cells
    layout = _layout(view, [part.names[row] for part, row in found], width, look)
    has_axis = height > 2 and layout.lane > 10
    room = height - 1 if has_axis else height
    first = min(max(look.scroll, 0), max(len(found) - room, 0))
    shown = found[first : first + room]
    lanes = [_lane(part, row, view, layout, look) for part, row in shown]
    names = short_names(tuple(lane.name for lane in lanes), layout.name)
    order = _order(lanes)
    space = 2 if room >= 2 * len(found) else 1
    for number, (lane, name) in enumerate(zip(lanes, names, strict=True)):
        y = number * space
        cells.put(0, y, pad(name, layout.name), ink(Role.TEXT))
        _draw_lane(cells, y, lane, layout, order)
        _draw_state(cells, y, lane, layout, (view, look))
    if has_axis:
        _draw_axis(cells, (layout, len(shown) * space), look, len(found) - len(shown))
    _draw_cursor(cells, layout, look, len(shown) * space)
    return cells


def _order(lanes: list[_Lane]) -> dict[State, int]:
    """The place of each state that has no level, for its sign and colour; empty where they are too many."""
    plain = dict.fromkeys(state for lane in lanes for state in lane.cells if state and state.level is Level.NONE)
    return {state: n for n, state in enumerate(plain)} if len(plain) <= _MOST_PLAIN_STATES else {}


def _layout(view: PanelView, names: list[str], width: int, look: Look) -> _Layout:
    longest = max(text_width(name[:64]) for name in names)
    name = min(longest, _WIDEST_NAME, max(width // 3, 1))
    state = _WIDEST_STATE + 5 if width >= 60 else _SHORT_STATE if width >= 50 else _SHORTEST_STATE if width >= 36 else 0
    lane = width - name - 1 - (state + 1 if state else 0)
    if lane < _NARROWEST_LANE:
        name = min(name, max(width - 1 - _NARROWEST_LANE, 0))
        state, lane = 0, max(width - name - 1, 0)
    axis = look.axis or (view.start_s, view.end_s)
    return _Layout(name=name, lane_x=name + 1, lane=lane, state_x=name + lane + 2, state=state, axis=axis)


def _lane(part: Drawn, row: int, view: PanelView, layout: _Layout, look: Look) -> _Lane:
    window = part.window
    times, present = window.times, window.present[row]
    step = float(np.median(np.diff(times))) if times.size > 1 else view.step_s
    states, codes = states_of(window.values[row], present, view.spec, part.unit)
    levels = np.array([*(int(state.level) for state in states), 0], dtype=np.int64)
    keys = np.where(codes >= 0, levels[codes] * (times.size + 1) + np.arange(times.size), -1)
    best = cells_of(times, keys, layout.axis, layout.lane, step) if layout.lane else np.empty(0, dtype=np.int64)
    shown = tuple(states[int(codes[key % (times.size + 1)])] if key >= 0 else None for key in best.tolist())
    newest = float(times[-1]) if times.size else view.end_s
    cursor = None
    if look.cursor_s is not None:
        at = int(np.searchsorted(times, look.cursor_s, side="right")) - 1
        if at >= 0 and codes[at] >= 0 and float(times[at]) + step > look.cursor_s:
            cursor = states[int(codes[at])]
    run = newest_run(times, codes, states, newest - _GONE_AFTER_STEPS * step)
    return _Lane(name=part.names[row], cells=shown, now=run, at_cursor=cursor)


def _draw_lane(cells: Cells, y: int, lane: _Lane, layout: _Layout, order: dict[State, int]) -> None:
    x = layout.lane_x
    for state, group in groupby(lane.cells):
        length = len(list(group))
        if state is not None:
            glyph, style = _ink(state, order.get(state))
            cells.fill(x, y, length, 1, glyph, style)
            label = text_width(state.text)
            if state.level is not Level.OK and label and label + 4 <= length:
                inside = style | REVERSE | BOLD if state.level is Level.CRITICAL else style
                cells.put(x + (length - label) // 2 - 1, y, f" {state.text} ", inside)
        x += length


def _ink(state: State, number: int | None) -> tuple[str, int]:
    if state.level is Level.NONE and number is None:
        return _PLAIN_GLYPHS[0], ink(Role.DIM)
    if state.level is Level.NONE and number is not None:
        return _PLAIN_GLYPHS[number % len(_PLAIN_GLYPHS)], ink(series_role(number))
    return _GLYPHS[state.level], ink(level_role(state.level))


def _draw_state(cells: Cells, y: int, lane: _Lane, layout: _Layout, context: tuple[PanelView, Look]) -> None:
    """The state now and for how long: `● down   4m`; at the cursor, when it is on."""
    view, look = context
    if not layout.state:
        return
    state, since = lane.now.state, ""
    if look.cursor_s is not None:
        state = lane.at_cursor
    elif lane.now.since_s == lane.now.since_s:
        age = view.end_s - lane.now.since_s
        since = (">" if lane.now.began_before else "") + age_text(age) if age >= 1 else ""
    role = Role.NO_DATA if state is None else level_role(state.level)
    mark = "◆" if state is None else level_mark(state.level)
    if state is not None and state.level is Level.OK:
        role = Role.TEXT
    text = "no data" if state is None else state.text
    if text_width(text) + 3 + len(since) > layout.state and text_width(text) + 2 <= layout.state:
        since = ""
    room = layout.state - len(since) - 1
    cells.put(layout.state_x, y, mark, ink(role, attributes=BOLD))
    cells.put(layout.state_x + 2, y, fit(text, max(room - 2 + (0 if since else 1), 0)), ink(role))
    cells.put(layout.state_x + layout.state - len(since), y, since, ink(Role.DIM))


def _draw_axis(cells: Cells, place: tuple[_Layout, int], look: Look, hidden: int) -> None:
    layout, y = place
    for tick in time_ticks(*layout.axis, layout.lane, look.zone):
        cells.put(layout.lane_x + tick.x, y, tick.label, ink(Role.DIM))
    if hidden > 0:
        cells.put(0, y, fit(f"+{hidden} more", layout.name + 1), ink(Role.DIM))


def _draw_cursor(cells: Cells, layout: _Layout, look: Look, lanes: int) -> None:
    left, right = layout.axis
    if look.cursor_s is None or not left <= look.cursor_s <= right or right <= left or not layout.lane:
        return
    column = layout.lane_x + min(int((look.cursor_s - left) / (right - left) * layout.lane), layout.lane - 1)
    cells.fill(column, 0, 1, lanes, "│", ink(Role.CURSOR))
