"""Keys that go through the rows of a table or log panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from opsdash.core.view import log_rows, table_rows
from opsdash.core.view.draw import alerts
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView
from opsdash.ui.commands.navigation import go_back
from opsdash.ui.desk import Desk, PanelLook
from opsdash.ui.effects import OlderLogs, Step
from opsdash.ui.scene import ROW_KINDS, Scene

Handler = Callable[[Desk, Scene], Step]
_FRAME_AND_HEADING = 3


def row_ids(desk: Desk, scene: Scene, panel_id: str) -> tuple[str, ...]:
    """One a row, in the order that is shown; none where the panel has no rows."""
    view = scene.view(panel_id)
    if view is None:
        return ()
    look = scene.look(desk, panel_id)
    if view.spec.kind is PanelKind.LOGS:
        return log_rows.rows_of(view, look).ids()
    if view.spec.kind is PanelKind.ALERTS:
        return tuple(line.alert.fingerprint for line in alerts.lines_of(view, look))
    return table_rows.rows_of(view, look).ids() if view.spec.kind is PanelKind.TABLE else ()


def _rows_on_screen(desk: Desk, scene: Scene, panel_id: str) -> int:
    placed = next((placed for placed in scene.on_screen(desk) if placed.id == panel_id), None)
    return max((placed.h if placed is not None else 10) - _FRAME_AND_HEADING, 1)


def move_row(by: int, desk: Desk, scene: Scene) -> Step:
    """Selects another row of the panel that has the focus; the panel scrolls no further than it has to."""
    panel_id = desk.focus
    own, ids = desk.panel(panel_id), row_ids(desk, scene, panel_id)
    if not ids:
        return Step(desk)
    first_press = own.row is None and abs(by) == 1
    start = own.scroll if own.row is None else own.row
    row = min(max(start + (0 if first_press else by), 0), len(ids) - 1)
    visible = _rows_on_screen(desk, scene, panel_id)
    scroll = min(max(own.scroll, row - visible + 1), row)
    moved = desk.with_panel(panel_id, replace(own, row=row, row_id=ids[row], scroll=scroll, newer=_unseen(own, scroll)))
    older = (OlderLogs(panel_id),) if by > 0 and row == len(ids) - 1 and _is_logs(scene, panel_id) else ()
    return Step(moved, older)


def kept_rows(desk: Desk, scene: Scene) -> Desk:
    """The desk with every selected row, and every log that is read further down, where it was, after new data came."""
    for panel_id, own in desk.panels.items():
        if scene.view(panel_id) is None or (own.row is None and not (own.scroll and own.row_id)):
            continue
        ids = row_ids(desk, scene, panel_id)
        before = own.scroll if own.row is None else own.row
        now = ids.index(own.row_id) if own.row_id in ids else min(before, max(len(ids) - 1, 0))
        if now != before:
            scroll = max(own.scroll + now - before, 0)
            newer = _unseen(own, own.scroll) + now - before if _is_logs(scene, panel_id) else 0
            row = None if own.row is None else now
            desk = desk.with_panel(panel_id, replace(own, row=row, scroll=scroll, newer=max(newer, 0)))
    return desk


def _unseen(own: PanelLook, scroll: int) -> int:
    """How many of the rows that came are still above the screen when it begins at row `scroll`."""
    return min(own.newer if own.scroll else 0, scroll)


def scroll_rows(by: int, panel_id: str, desk: Desk, scene: Scene) -> Step:
    """The wheel: moves what is shown and selects nothing."""
    own, ids = desk.panel(panel_id), row_ids(desk, scene, panel_id)
    last = max(len(ids) - _rows_on_screen(desk, scene, panel_id), 0)
    scroll = min(max(own.scroll + by, 0), last)
    older = (OlderLogs(panel_id),) if by > 0 and scroll == last and _is_logs(scene, panel_id) else ()
    anchor = own.row_id if own.row is not None else ids[scroll] if scroll and _is_logs(scene, panel_id) else ""
    moved = replace(own, scroll=scroll, row_id=anchor, newer=_unseen(own, scroll))
    return Step(desk.with_panel(panel_id, moved), older)


def _is_logs(scene: Scene, panel_id: str) -> bool:
    view = scene.view(panel_id)
    return view is not None and view.spec.kind is PanelKind.LOGS


def _page(direction: int, desk: Desk, scene: Scene) -> Step:
    return move_row(direction * max(_rows_on_screen(desk, scene, desk.focus) - 1, 1), desk, scene)


def _expand(desk: Desk, scene: Scene) -> Step:
    """Shows a log row whole, or one line of it again; a table has nothing to expand, so it is restored."""
    if not _is_logs(scene, desk.focus):
        return go_back(desk, scene)
    own, ids = desk.panel(desk.focus), row_ids(desk, scene, desk.focus)
    if not ids:
        return Step(desk)
    row = min(own.row if own.row is not None else own.scroll, len(ids) - 1)
    changed = replace(own, row=row, row_id=ids[row], expanded=own.expanded ^ {ids[row]})
    return Step(desk.with_panel(desk.focus, changed))


def _follow(desk: Desk, _: Scene) -> Step:
    """Nothing selected, nothing scrolled: the newest row is always in sight."""
    own = desk.panel(desk.focus)
    return Step(desk.with_panel(desk.focus, replace(own, row=None, scroll=0, newer=0, expanded=frozenset())))


def _columns(view: PanelView | None, desk: Desk, scene: Scene) -> tuple[str, ...]:
    if view is None or view.spec.kind is not PanelKind.TABLE:
        return ()
    return tuple(column.name for column in table_rows.rows_of(view, scene.look(desk, desk.focus)).columns)


def _sort(by: int, desk: Desk, scene: Scene) -> Step:
    """Sorts by another column; one more after the last takes the panel's own order again."""
    names = _columns(scene.view(desk.focus), desk, scene)
    own, spec = desk.panel(desk.focus), scene.focused(desk)
    if not names or spec is None:
        return Step(desk)
    current = (own.sort or spec.sort).removeprefix("-")
    here = names.index(current) if current in names else (-1 if by > 0 else 0)
    there = (here + by) % len(names)
    return Step(desk.with_panel(desk.focus, replace(own, sort=names[there], row=None, scroll=0)))


def _turn(desk: Desk, scene: Scene) -> Step:
    names = _columns(scene.view(desk.focus), desk, scene)
    own, spec = desk.panel(desk.focus), scene.focused(desk)
    if not names or spec is None:
        return Step(desk)
    current = own.sort or spec.sort or names[0]
    turned = current[1:] if current.startswith("-") else f"-{current}"
    return Step(desk.with_panel(desk.focus, replace(own, sort=turned, row=None, scroll=0)))


HANDLERS: Mapping[str, Handler] = {
    "row.down": partial(move_row, 1),
    "row.up": partial(move_row, -1),
    "open.down": partial(move_row, 1),
    "open.up": partial(move_row, -1),
    "open.page_down": partial(_page, 1),
    "open.page_up": partial(_page, -1),
    "open.first": partial(move_row, -(1 << 30)),
    "open.last": partial(move_row, 1 << 30),
    "row.expand": _expand,
    "row.follow": _follow,
    "sort.next": partial(_sort, 1),
    "sort.previous": partial(_sort, -1),
    "sort.turn": _turn,
}

__all__ = ["HANDLERS", "ROW_KINDS", "move_row", "row_ids", "scroll_rows"]
