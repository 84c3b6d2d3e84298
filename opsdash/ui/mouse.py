"""What the mouse does, in the words of the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from opsdash.core.text import text_width
from opsdash.ui.commands.navigation import focus_panel, settled, show_dashboard, turn_page
from opsdash.ui.commands.registry import HANDLERS
from opsdash.ui.commands.rows import scroll_rows
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Step
from opsdash.ui.overlays.overlay import Clicked, Scrolled
from opsdash.ui.scene import ROW_KINDS, TOP_LINES, Scene
from opsdash.ui.widgets.tabs import line_of

Happening = Callable[[Desk, Scene], Step | None]
"""Something that happened, as a function that says what it leads to."""
_WHEEL_ROWS = 3


def clicked(x: int, y: int, *, twice: bool, desk: Desk, scene: Scene) -> Step | None:  # noqa: PLR0911 - one for each place
    """A click focuses, a double click maximises or restores, a click on a tab shows it."""
    if scene.too_small:
        return None
    if desk.overlay is not None:
        return desk.overlay.hear(Clicked(x, y), desk, scene)
    if y == 1:
        tabs, screens = line_of(desk, scene, scene.width)
        screen = next((screen for screen in screens if screen.x <= x < screen.x + text_width(screen.text)), None)
        if screen is not None:
            return HANDLERS[screen.command](desk, scene)
        tab = next((tab for tab in tabs if tab.x <= x < tab.x + tab.w), None)
        return show_dashboard(tab.dashboard, desk, scene) if tab is not None else None
    panel_id = _under(x, y, desk, scene)
    if panel_id is None:
        return None
    if twice:
        return Step(settled(replace(desk, focus=panel_id, maximised=not desk.maximised), scene))
    return focus_panel(panel_id, desk, scene)


def scrolled(at: tuple[int, int], lines: int, *, zoom: bool, desk: Desk, scene: Scene) -> Step | None:
    """The wheel: through the rows under it, else page by page; with ctrl it zooms."""
    if scene.too_small:
        return None
    if desk.overlay is not None:
        return desk.overlay.hear(Scrolled(lines), desk, scene)
    if zoom:
        return HANDLERS["zoom.out" if lines > 0 else "zoom.in"](desk, scene)
    panel_id = _under(*at, desk, scene)
    spec = next((spec for spec in scene.specs(desk.dashboard) if spec.id == panel_id), None)
    if panel_id is not None and spec is not None and spec.kind in ROW_KINDS:
        step = scroll_rows(lines * _WHEEL_ROWS, panel_id, desk, scene)
        if step.desk.panel(panel_id) != desk.panel(panel_id) or desk.maximised:
            return step
    return turn_page(desk.page + lines, desk, scene)


def _under(x: int, y: int, desk: Desk, scene: Scene) -> str | None:
    for placed in scene.on_screen(desk):
        if placed.holds(x, y - TOP_LINES):
            return placed.id
    return None
