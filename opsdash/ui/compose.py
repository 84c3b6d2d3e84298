"""Puts the whole window together from its parts, as one canvas."""

from __future__ import annotations

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.keymap import Where
from opsdash.core.view.layout import SMALLEST_HEIGHT, SMALLEST_WIDTH
from opsdash.core.view.plain_ascii import to_ascii
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk, Toast
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.scene import BOTTOM_LINES, TOP_LINES, Scene
from opsdash.ui.tiles import Tiles, Wanted
from opsdash.ui.widgets.footer import draw_footer
from opsdash.ui.widgets.header import draw_header
from opsdash.ui.widgets.tabs import draw_tabs

_TOAST_ROLES = {"info": Role.ACCENT, "good": Role.OK, "bad": Role.ERROR}
_TOAST_MARKS = {"info": "›", "good": "✓", "bad": "✕"}


def wanted_tiles(desk: Desk, scene: Scene) -> list[Wanted]:
    """The panels on screen, as they should be painted."""
    if scene.too_small:
        return []
    titles = {spec.id: spec.title for spec in scene.specs(desk.dashboard)}
    return [
        Wanted(
            placed.id, titles.get(placed.id, ""), scene.view(placed.id), placed.w, placed.h, scene.look(desk, placed.id)
        )
        for placed in scene.on_screen(desk)
    ]


def compose(desk: Desk, scene: Scene, tiles: Tiles) -> Cells:
    """The window as it should look now; tiles give the newest pictures that they have."""
    cells = Cells(scene.width, scene.height)
    if scene.too_small:
        _say_too_small(cells)
        if scene.ascii_only:
            to_ascii(cells)
        return cells
    cells.blit(0, 0, draw_header(desk, scene, scene.width))
    cells.blit(0, 1, draw_tabs(desk, scene, scene.width))
    for placed in scene.on_screen(desk):
        picture = tiles.cells(placed.id)
        if picture is not None:
            cells.blit(placed.x, placed.y + TOP_LINES, picture)
    if not scene.on_screen(desk):
        _say_empty(cells, desk, scene)
    cells.blit(0, scene.height - BOTTOM_LINES, draw_footer(desk, scene, scene.width))
    layers = _layers(desk.overlay)
    if not layers or not _is_screen(layers[0]):
        _put_toasts(cells, desk.toasts)
    for layer in layers:
        x, y, picture = layer.draw(desk, scene)
        cells.blit(x, y, picture)
        if layer is layers[0] and _is_screen(layer):
            _put_toasts(cells, desk.toasts)
    if scene.ascii_only:
        to_ascii(cells)
    return cells


def _layers(overlay: Overlay | None) -> tuple[Overlay, ...]:
    """What lies over the dashboard, from below: a dialog has the screen that it was opened from under it."""
    if overlay is None:
        return ()
    return (*_layers(getattr(overlay, "under", None)), overlay)


def _is_screen(overlay: Overlay) -> bool:
    """Whether it takes the place of the dashboard: what is told for a while lies over it then."""
    return Where.ALERT_SCREENS in getattr(overlay, "places", ())


def _say_too_small(cells: Cells) -> None:
    """What a window that is too small says instead of showing half of something."""
    text = f"the window is {cells.width}×{cells.height}; opsdash needs {SMALLEST_WIDTH}×{SMALLEST_HEIGHT}"
    words, y = text.split(" "), max(cells.height // 2 - 1, 0)
    line = ""
    for word in words:
        joined = f"{line} {word}" if line else word
        if text_width(joined) > cells.width and line:
            cells.put(max((cells.width - text_width(line)) // 2, 0), y, line)
            y, line = y + 1, word
        else:
            line = joined
    cells.put(max((cells.width - text_width(line)) // 2, 0), y, line)


def _say_empty(cells: Cells, desk: Desk, scene: Scene) -> None:
    total = len(scene.specs(desk.dashboard))
    if desk.find:
        text = f"no panel of {total} has “{desk.find}” in its title; esc shows them all"
    elif not scene.board.dashboards:
        text = "the configuration has no dashboards"
    else:
        text = "this dashboard has no panels"
    text = fit(text, cells.width - 2)
    cells.put((cells.width - text_width(text)) // 2, cells.height // 2, text, ink(Role.DIM))


def _put_toasts(cells: Cells, toasts: tuple[Toast, ...]) -> None:
    """At most three lines above the footer, on the right."""
    for offset, toast in enumerate(reversed(toasts[-3:])):
        text = f" {_TOAST_MARKS[toast.level]} {fit(toast.text, cells.width - 6)} "
        y = cells.height - BOTTOM_LINES - 1 - offset
        style = ink(_TOAST_ROLES[toast.level], Role.HEADER, BOLD if toast.level == "bad" else 0)
        cells.put(max(cells.width - text_width(text), 0), y, text, style)
