"""Keys that move: between dashboards, pages and panels, into a panel and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from opsdash.core.view.layout import Direction
from opsdash.ui.desk import Desk
from opsdash.ui.effects import NarrowLogs, Step
from opsdash.ui.overlays.typing import find_panels, find_rows
from opsdash.ui.scene import Scene

Handler = Callable[[Desk, Scene], Step]


def show_dashboard(number: int, desk: Desk, scene: Scene) -> Step:
    """The nth dashboard, from 0; nothing where there is none."""
    if not 0 <= number < len(scene.board.dashboards) or number == desk.dashboard:
        return Step(desk)
    fresh = replace(desk, dashboard=number, page=0, focus="", maximised=False, find="")
    return Step(settled(fresh, scene))


def focus_panel(panel_id: str, desk: Desk, scene: Scene) -> Step:
    """Gives a panel of this dashboard the focus and brings its page on screen."""
    _, placement = scene.shown(desk)
    placed = placement.find(panel_id)
    if placed is None:
        return Step(desk)
    return Step(replace(desk, focus=panel_id, page=placed.page))


def settled(desk: Desk, scene: Scene) -> Desk:
    """The desk made true to what there is: after a resize, a reload, a filter."""
    dashboard = min(desk.dashboard, max(len(scene.board.dashboards) - 1, 0))
    desk = replace(desk, dashboard=dashboard) if dashboard != desk.dashboard else desk
    specs, placement = scene.shown(desk)
    page = min(max(desk.page, 0), placement.pages - 1)
    placed = placement.find(desk.focus)
    if placed is not None:
        page = placed.page if desk.maximised else page
        focus = desk.focus if placed.page == page else _first_of(placement.page(page))
        maximised = desk.maximised
    else:
        focus, maximised = _first_of(placement.page(page)), False
    if (page, focus, maximised) == (desk.page, desk.focus, desk.maximised):
        return desk
    return replace(desk, page=page, focus=focus if specs else "", maximised=maximised)


def _first_of(page: tuple[object, ...]) -> str:
    return getattr(page[0], "id", "") if page else ""


def _next_dashboard(by: int, desk: Desk, scene: Scene) -> Step:
    count = len(scene.board.dashboards)
    return show_dashboard((desk.dashboard + by) % count, desk, scene) if count else Step(desk)


def _beside(direction: Direction, desk: Desk, scene: Scene) -> Step:
    if desk.maximised:
        return _in_order(1 if direction in ("right", "down") else -1, desk, scene)
    _, placement = scene.shown(desk)
    there = placement.beside(desk.focus, direction)
    return Step(desk) if there is None else focus_panel(there.id, desk, scene)


def _in_order(by: int, desk: Desk, scene: Scene) -> Step:
    _, placement = scene.shown(desk)
    ids = [placed.id for placed in placement.panels]
    if not ids:
        return Step(desk)
    here = ids.index(desk.focus) if desk.focus in ids else -by
    return focus_panel(ids[(here + by) % len(ids)], desk, scene)


def turn_page(to: int, desk: Desk, scene: Scene) -> Step:
    """Shows a page of panels; the focus goes along."""
    _, placement = scene.shown(desk)
    page = min(max(to, 0), placement.pages - 1)
    if page == desk.page or desk.maximised:
        return Step(desk)
    return Step(replace(desk, page=page, focus=_first_of(placement.page(page))))


def _maximise(desk: Desk, scene: Scene) -> Step:
    if scene.focused(desk) is None:
        return Step(desk)
    return Step(settled(replace(desk, maximised=not desk.maximised), scene))


def go_back(desk: Desk, scene: Scene) -> Step:  # noqa: PLR0911 - one for each thing that is left
    """One thing at a time: the cursor, the filter of the rows, an alert's logs, the maximised panel, the filter of the
    panels."""
    own = desk.panel(desk.focus)
    if desk.cursor_s is not None:
        return Step(replace(desk, cursor_s=None))
    if desk.maximised and own.filter:
        return Step(desk.with_panel(desk.focus, replace(own, filter="", row=None, scroll=0)))
    if own.logs:
        own_rows = desk.with_panel(desk.focus, replace(own, logs="", row=None, scroll=0))
        return Step(own_rows, (NarrowLogs(desk.focus, ""),))
    if desk.maximised:
        return Step(settled(replace(desk, maximised=False), scene))
    if own.row is not None:
        return Step(desk.with_panel(desk.focus, replace(own, row=None, scroll=0)))
    if desk.find:
        return Step(settled(replace(desk, find=""), scene))
    return Step(desk)


def _find(desk: Desk, _: Scene) -> Step:
    overlay = find_rows(desk) if desk.maximised else find_panels(desk)
    return Step(replace(desk, overlay=overlay))


HANDLERS: Mapping[str, Handler] = {
    **{f"dashboard.{number}": partial(show_dashboard, number - 1) for number in range(1, 10)},
    "dashboard.next": partial(_next_dashboard, 1),
    "dashboard.previous": partial(_next_dashboard, -1),
    "focus.left": partial(_beside, "left"),
    "focus.right": partial(_beside, "right"),
    "focus.up": partial(_beside, "up"),
    "focus.down": partial(_beside, "down"),
    "focus.next": partial(_in_order, 1),
    "focus.previous": partial(_in_order, -1),
    "page.next": lambda desk, scene: turn_page(desk.page + 1, desk, scene),
    "page.previous": lambda desk, scene: turn_page(desk.page - 1, desk, scene),
    "page.first": lambda desk, scene: turn_page(0, desk, scene),
    "page.last": lambda desk, scene: turn_page(1 << 30, desk, scene),
    "panel.maximise": _maximise,
    "panel.restore": go_back,
    "back": go_back,
    "find": _find,
}
