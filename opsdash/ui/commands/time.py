"""Keys that choose what time is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from opsdash.core.view.timerange import TimeRange
from opsdash.ui.desk import Desk
from opsdash.ui.effects import ChooseRange, Pause, Refresh, Resume, Say, Step
from opsdash.ui.overlays.choices import compare_choices
from opsdash.ui.overlays.typing import choose_time
from opsdash.ui.scene import Scene

Handler = Callable[[Desk, Scene], Step]
_PAN_SHARE = 0.25


def _moment_s(scene: Scene) -> float:
    """The right end that a live range has now; where time stands still, the instant it stands at."""
    paused = scene.snapshot.paused_at_s
    return scene.now_s if paused is None else paused


def _pan(share: float, desk: Desk, scene: Scene) -> Step:
    ends_s = _moment_s(scene)
    moved = scene.snapshot.time_range.panned(share, ends_s)
    return Step(replace(desk, cursor_s=None), ask_for(moved, scene))


def _zoom(factor: float, desk: Desk, scene: Scene) -> Step:
    zoomed = scene.snapshot.time_range.zoomed(factor, _moment_s(scene))
    return Step(replace(desk, cursor_s=None), ask_for(zoomed, scene))


def ask_for(chosen: TimeRange, scene: Scene) -> tuple[ChooseRange | Resume, ...]:
    """Shows a range. A paused screen goes on standing still, at the range's own end, but its data is asked for."""
    paused = scene.snapshot.paused_at_s
    if paused is not None:
        still = replace(chosen, end_s=paused) if chosen.end_s is None else chosen
        return (ChooseRange(still), Resume())
    return (ChooseRange(chosen),) if chosen != scene.snapshot.time_range else ()


def _live(desk: Desk, scene: Scene) -> Step:
    """Back to now and moving, with the length that is shown."""
    effects: tuple[ChooseRange | Resume, ...] = ()
    if not scene.snapshot.time_range.is_live:
        effects += (ChooseRange(TimeRange(length_s=scene.snapshot.time_range.length_s)),)
    if scene.snapshot.paused_at_s is not None:
        effects += (Resume(),)
    return Step(replace(desk, cursor_s=None), effects)


def _pause(desk: Desk, scene: Scene) -> Step:
    return Step(desk, (Pause() if scene.snapshot.paused_at_s is None else Resume(),))


def _zone(desk: Desk, _: Scene) -> Step:
    return Step(replace(desk, utc=not desk.utc))


def _cursor(desk: Desk, scene: Scene) -> Step:
    if desk.cursor_s is not None:
        return Step(replace(desk, cursor_s=None))
    view = scene.view(desk.focus)
    end = view.end_s if view is not None else scene.snapshot.end_s
    newest = max((float(q.window.times[-1]) for q in view.queries if q.window.times.size), default=end) if view else end
    return Step(replace(desk, cursor_s=_on_grid(min(newest, end), scene)))


def _on_grid(at_s: float, scene: Scene) -> float:
    step = scene.snapshot.step_s or 1.0
    return at_s // step * step


def move_cursor(steps: int, desk: Desk, scene: Scene) -> Step:
    """Moves the cursor by so many columns of a chart's grid, inside the range."""
    if desk.cursor_s is None:
        return Step(desk)
    moved = _on_grid(desk.cursor_s, scene) + steps * _stride_s(scene)
    start, end = scene.snapshot.start_s, scene.snapshot.end_s
    step = scene.snapshot.step_s or 1.0
    return Step(replace(desk, cursor_s=min(max(moved, -(-start // step) * step), _on_grid(end, scene))))


def _stride_s(scene: Scene) -> float:
    """One move of the cursor: a step of the data, or what makes a hundredth of the range where that is longer."""
    step = scene.snapshot.step_s or 1.0
    return max(step, (scene.snapshot.end_s - scene.snapshot.start_s) / 120 // step * step)


def _compare(desk: Desk, scene: Scene) -> Step:
    return Step(replace(desk, overlay=compare_choices(scene)))


def _time(desk: Desk, scene: Scene) -> Step:
    return Step(replace(desk, overlay=choose_time(desk, scene)))


def _refresh(desk: Desk, scene: Scene) -> Step:
    if scene.snapshot.paused_at_s is not None:
        return Step(desk, (Say("paused: nothing is asked; space goes on", "info"),))
    return Step(desk, (Refresh(),))


HANDLERS: Mapping[str, Handler] = {
    "pan.earlier": partial(_pan, -_PAN_SHARE),
    "pan.later": partial(_pan, _PAN_SHARE),
    "zoom.out": partial(_zoom, 2.0),
    "zoom.in": partial(_zoom, 0.5),
    "live": _live,
    "pause": _pause,
    "time": _time,
    "compare": _compare,
    "zone": _zone,
    "refresh": _refresh,
    "cursor": _cursor,
    "cursor.earlier": partial(move_cursor, -1),
    "cursor.later": partial(move_cursor, 1),
    "cursor.much_earlier": partial(move_cursor, -10),
    "cursor.much_later": partial(move_cursor, 10),
    "cursor.first": partial(move_cursor, -(1 << 30)),
    "cursor.last": partial(move_cursor, 1 << 30),
}
