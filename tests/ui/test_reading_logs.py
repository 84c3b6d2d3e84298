"""Reading a log while it grows."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.metrics.answers import Answer
from opsdash.core.view.snapshot import PanelView, Snapshot
from opsdash.ui import mouse
from tests.fakes.engine import ScriptedEngine, board_of, every_kind, log_row
from tests.fakes.screen import Bench, bench

ERRORS = "d/Errors"


class GrowingLog(ScriptedEngine):
    """The scripted engine, with rows that came since; -1 is the oldest of them."""

    came = 0

    def snapshot(self) -> Snapshot:
        snapshot = super().snapshot()
        panels = {name: self._grown(view) if name == ERRORS else view for name, view in snapshot.panels.items()}
        return replace(snapshot, panels=panels)

    def _grown(self, view: PanelView) -> PanelView:
        rows = tuple(log_row(number, view.end_s) for number in range(-self.came, 40))
        query = replace(view.queries[0], answer=Answer(rows=rows))
        return replace(view, queries=(query, *view.queries[1:]))


def maximised() -> tuple[Bench, GrowingLog]:
    engine = GrowingLog(board_of(every_kind()))
    made = bench(engine, (120, 24)).press(":").type("Errors").press("enter", "enter")
    assert made.desk.focus == ERRORS
    return made, engine


def wheel(made: Bench, lines: int) -> None:
    made.session.handle(lambda desk, scene: mouse.scrolled((10, 10), lines, zoom=False, desk=desk, scene=scene))
    made.arrive()


def grow(made: Bench, engine: GrowingLog, rows: int) -> None:
    engine.came += rows
    made.arrive()


def shown(made: Bench) -> list[str]:
    """The numbers of the requests on screen."""
    return [line.split("request ")[1].split()[0] for line in made.lines() if "request " in line]


def test_a_log_that_is_scrolled_stays_where_it_is_read() -> None:
    made, engine = maximised()
    wheel(made, 2)
    before = shown(made)
    assert before[0] == "6"
    grow(made, engine, 5)
    grow(made, engine, 7)
    assert shown(made) == before
    assert "12 newer, home" in made.text()
    assert made.desk.panel(ERRORS).row is None


def test_a_log_that_is_not_scrolled_follows() -> None:
    made, engine = maximised()
    grow(made, engine, 5)
    assert shown(made)[0] == "-5"
    assert "newer" not in made.text()


def test_rows_that_were_seen_are_not_newer_any_longer() -> None:
    made, engine = maximised()
    wheel(made, 2)
    grow(made, engine, 4)
    wheel(made, -1)
    wheel(made, -1)
    assert shown(made)[0] == "0"
    assert "4 newer" in made.text()
    wheel(made, -1)
    assert shown(made)[0] == "-3"
    assert "1 newer" in made.text()
    wheel(made, -1)
    assert shown(made)[0] == "-4"
    assert "newer" not in made.text()


def test_home_shows_the_newest() -> None:
    made, engine = maximised()
    wheel(made, 3)
    grow(made, engine, 4)
    made.press("home")
    assert shown(made)[0] == "-4"
    assert "newer" not in made.text()


def test_a_selected_row_tells_of_newer_ones_too() -> None:
    made, engine = maximised()
    made.press("down", "down")
    before = shown(made)
    grow(made, engine, 3)
    assert shown(made) == before
    assert "3 newer, home" in made.text()


def test_after_following_again_nothing_old_is_counted() -> None:
    made, engine = maximised()
    wheel(made, 2)
    grow(made, engine, 4)
    made.press("f")
    grow(made, engine, 2)
    wheel(made, 1)
    assert "newer" not in made.text()


def test_a_log_whose_row_is_gone_stays_near() -> None:
    made, engine = maximised()
    wheel(made, 2)
    engine.came = -20
    made.arrive()
    assert shown(made)
