"""The pictures of the panels: painted when something in them changed, a few milliseconds at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import fit
from opsdash.core.view.cells import Cells, ink
from opsdash.core.view.look import Look
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView

logger = logging.getLogger(__name__)

_chosen = attrgetter(*(field.name for field in fields(Look) if field.name != "now_s"))
"""All of a look but the time, which counts only where an age is shown."""

Painter = Callable[[PanelView, int, int, Look], Cells]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A panel as it should be painted."""

    panel_id: str
    title: str
    view: PanelView | None
    width: int
    height: int
    look: Look


@dataclass(slots=True)
class _Tile:
    wanted: Wanted
    cells: Cells
    painted: Wanted | None = None


class Tiles:
    """One picture a panel on screen. `paint_some` brings them up to date within a budget."""

    def __init__(self, painter: Painter, monotonic_s: Callable[[], float]) -> None:
        self._painter = painter
        self._monotonic_s = monotonic_s
        self._tiles: dict[str, _Tile] = {}
        self._broken: set[str] = set()

    def want(self, panels: Iterable[Wanted]) -> None:
        """These panels are on screen, so; others are forgotten."""
        tiles: dict[str, _Tile] = {}
        for wanted in panels:
            tile = self._tiles.get(wanted.panel_id)
            if tile is None or (tile.cells.width, tile.cells.height) != (wanted.width, wanted.height):
                tile = _Tile(wanted, empty_frame(wanted))
            tile.wanted = wanted
            tiles[wanted.panel_id] = tile
        self._tiles = tiles

    def paint_some(self, budget_s: float, first: str = "") -> bool:
        """Paints what is out of date, `first` first, until the time is used up; returns whether something is left."""
        deadline = self._monotonic_s() + budget_s
        for tile in sorted(self._tiles.values(), key=lambda tile: tile.wanted.panel_id != first):
            if tile.painted is not None and same_picture(tile.painted, tile.wanted):
                continue
            if self._monotonic_s() >= deadline:
                return True
            try:
                tile.cells = self._paint(tile.wanted)
                tile.painted = tile.wanted
            except MemoryError:  # the next drawing tries again: a flood in another panel comes and goes
                tile.cells = empty_frame(tile.wanted, "there is not enough memory to draw this panel now")
                tile.painted = None
        return False

    def cells(self, panel_id: str) -> Cells | None:
        """The newest picture of a panel."""
        tile = self._tiles.get(panel_id)
        return tile.cells if tile is not None else None

    def _paint(self, wanted: Wanted) -> Cells:
        if wanted.view is None:
            return empty_frame(wanted)
        try:
            return self._painter(wanted.view, wanted.width, wanted.height, wanted.look)
        except MemoryError:
            raise
        except Exception:  # one panel that cannot be drawn must not take the screen with it
            if wanted.panel_id not in self._broken:
                self._broken.add(wanted.panel_id)
                logger.exception("panel %r cannot be drawn at %dx%d", wanted.panel_id, wanted.width, wanted.height)
            return empty_frame(wanted, "this panel cannot be drawn; the log says why")


def empty_frame(wanted: Wanted, text: str = "") -> Cells:
    """A panel before its first picture: frame and title, so that nothing jumps when it comes."""
    cells = Cells(wanted.width, wanted.height)
    width, height = wanted.width, wanted.height
    if width < 2 or height < 2:
        return cells
    frame = ink(Role.ACCENT if wanted.look.focused else Role.FRAME)
    across, down, corners = ("-", "|", "++++") if wanted.look.ascii_only else ("─", "│", "╭╮╰╯")
    for y, left, right in ((0, corners[0], corners[1]), (height - 1, corners[2], corners[3])):
        cells.put(0, y, left + across * (width - 2) + right, frame)
    cells.fill(0, 1, 1, height - 2, down, frame)
    cells.fill(width - 1, 1, 1, height - 2, down, frame)
    if width > 6:
        cells.put(1, 0, f" {fit(wanted.title, width - 6)} ", ink(Role.TITLE))
        cells.put(2, height // 2, fit(text, width - 4), ink(Role.ERROR))
    return cells


def same_picture(before: Wanted, after: Wanted) -> bool:
    """Whether painting again would give the same cells: the data is the same objects and nothing chosen changed.

    `now_s` counts only where an age is shown.
    """
    if (before.width, before.height) != (after.width, after.height):
        return False
    if _chosen(before.look) != _chosen(after.look):
        return False
    old, new = before.view, after.view
    if old is None or new is None or old is new:
        return old is new
    return _facts(old) == _facts(new) and all(
        a.window is b.window and a.answer is b.answer and a.compare is b.compare and _query_facts(a) == _query_facts(b)
        for a, b in zip(old.queries, new.queries, strict=False)
    )


def _query_facts(query: object) -> tuple[object, ...]:
    return (getattr(query, "state", None), getattr(query, "message", None), getattr(query, "legends", None))


def _facts(view: PanelView) -> tuple[object, ...]:
    """What a picture depends on besides the data itself."""
    ageing = view.state is not Freshness.FRESH and view.age_s is not None
    return (
        view.spec,
        view.state,
        view.message,
        view.notes,
        view.waiting,
        view.compare_s,
        view.step_s,
        len(view.queries),
        view.alert_marks,
        view.alerts,
        int(view.age_s) if ageing and view.age_s is not None else None,
    )
