"""The pictures of the panels: what cannot be painted costs its own panel, for as long as it cannot."""

from __future__ import annotations

from opsdash.core.view.cells import Cells
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import PanelView
from opsdash.ui.tiles import Tiles, Wanted
from tests.fakes.engine import ScriptedEngine, board_of, twelve


class Painter:
    """Ends in what it is told to end in, and paints once there is nothing more of that."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.painted = 0

    def __call__(self, _view: PanelView, width: int, height: int, _look: Look) -> Cells:
        self.painted += 1
        if self.errors:
            raise self.errors.pop(0)
        cells = Cells(width, height)
        cells.put(0, 0, "a picture", 0)
        return cells


def tiles_of(painter: Painter) -> Tiles:
    panel_id, view = next(iter(ScriptedEngine(board_of(twelve())).snapshot().panels.items()))
    tiles = Tiles(painter, lambda: 0.0)
    tiles.want([Wanted(panel_id, "Requests", view, 60, 8, Look(now_s=1e9))])
    return tiles


def shown(tiles: Tiles) -> str:
    (panel_id,) = tiles._tiles
    cells = tiles.cells(panel_id)
    assert cells is not None
    return to_text(cells)


def test_a_panel_without_memory_to_draw_it_says_so_and_is_drawn_once_there_is_some() -> None:
    tiles = tiles_of(Painter(MemoryError(), MemoryError()))
    for _ in range(2):
        assert not tiles.paint_some(1.0)
        assert "not enough memory to draw this panel" in shown(tiles)
    tiles.paint_some(1.0)
    assert "a picture" in shown(tiles)


def test_a_panel_that_cannot_be_drawn_is_not_tried_again_and_again() -> None:
    painter = Painter(ValueError("of its own"))
    tiles = tiles_of(painter)
    for _ in range(3):
        tiles.paint_some(1.0)
    assert "cannot be drawn" in shown(tiles)
    assert painter.painted == 1
