"""What the exact writer puts on a terminal is what was drawn, in few bytes, and what Textual's own way would show."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.drivers.headless_driver import HeadlessDriver

from opsdash.core.view.cells import BOLD, REVERSE, UNDERLINE, Cells, ink
from opsdash.core.view.roles import Role
from opsdash.ui.app import OpsdashApp
from opsdash.ui.exact_writer import ExactWriter, is_supported
from opsdash.ui.inks import Inks
from opsdash.ui.terminal import Depth, Terminal
from tests.fakes.engine import ScriptedEngine, board_of, every_kind, twelve
from tests.fakes.screen import all_themes, surroundings

THEME = all_themes()[0]
DEPTHS = list(Depth)


class CapturingDriver(HeadlessDriver):
    """A terminal of a given size that keeps all that is written to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)


def emulator(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    return screen, pyte.Stream(screen)


def feed(stream: pyte.Stream, text: str) -> None:
    stream.feed(re.sub(r"\x1b\[[<>=?][0-9;]*\$?[a-zA-Z]", "", text))


def look_of(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Every cell with its looks; a blank has no foreground."""
    rows = []
    for y in range(screen.lines):
        row: list[tuple[object, ...]] = []
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not cell.underscore and not cell.reverse
            row.append(
                (cell.data, None if blank else cell.fg, cell.bg, not blank and cell.bold, cell.underscore, cell.reverse)
            )
        rows.append(row)
    return rows


chars = st.sampled_from("ab █╭─⣿●▲…✕한語é¤@ ")
styles = st.builds(
    ink,
    st.sampled_from([Role.TEXT, Role.OK, Role.CRITICAL, Role.GROUND]),
    st.sampled_from([Role.GROUND, Role.SELECTION, Role.CRITICAL]),
    st.sampled_from([0, BOLD, REVERSE, UNDERLINE]),
)


@st.composite
def pictures(draw: st.DrawFn, width: int = 18, height: int = 4) -> Cells:
    cells = Cells(width, height)
    for _ in range(draw(st.integers(0, 12))):
        text = "".join(draw(st.lists(chars, max_size=8)))
        cells.put(draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1)), text, draw(styles))
    _repair(cells)
    return cells


def _repair(cells: Cells) -> None:
    """Where one text was written over half of a wide character, a blank is left, as every drawer leaves it."""
    for y in range(cells.height):
        for x in range(cells.width):
            code = int(cells.codes[y, x])
            wide = chr(code) in "한語"
            if code == 0 and (x == 0 or chr(int(cells.codes[y, x - 1])) not in "한語"):
                cells.codes[y, x] = 32
            if wide and (x + 1 == cells.width or cells.codes[y, x + 1] != 0):
                cells.codes[y, x] = 32


def shown(cells: Cells) -> list[str]:
    return ["".join(chr(code) if code else "" for code in row) for row in cells.codes.tolist()]


@settings(max_examples=80, deadline=None)
@given(st.lists(pictures(), min_size=1, max_size=5), st.sampled_from(DEPTHS))
def test_after_any_pictures_the_terminal_shows_the_last_one(frames: list[Cells], depth: Depth) -> None:
    screen, stream = emulator(18, 4)
    writer, table = ExactWriter(lambda text: feed(stream, text)), Inks(THEME, depth)
    for frame in frames:
        writer.show(frame, table, synchronised=False)
    fresh_screen, fresh_stream = emulator(18, 4)
    ExactWriter(lambda text: feed(fresh_stream, text)).show(frames[-1], table, synchronised=False)
    assert look_of(screen) == look_of(fresh_screen)
    assert ["".join(line) for line in screen.display] == shown(frames[-1])


def test_nothing_is_written_when_nothing_changed() -> None:
    written: list[str] = []
    writer, table = ExactWriter(written.append), Inks(THEME, Depth.TRUE)
    cells = Cells(80, 24)
    assert writer.show(cells, table, synchronised=True)
    assert not writer.show(cells, table, synchronised=True)
    assert len(written) == 1


def test_one_changed_character_costs_a_move_a_colour_and_itself() -> None:
    written: list[str] = []
    writer, table = ExactWriter(written.append), Inks(THEME, Depth.ANSI16)
    before, after = Cells(80, 24), Cells(80, 24)
    after.put(70, 12, "7")
    writer.show(before, table, synchronised=False)
    writer.show(after, table, synchronised=False)
    assert len(written[1]) < 30


def test_what_is_not_known_is_written_again() -> None:
    written: list[str] = []
    writer, table = ExactWriter(written.append), Inks(THEME, Depth.TRUE)
    cells = Cells(20, 3)
    writer.show(cells, table, synchronised=False)
    writer.forget()
    writer.show(cells, table, synchronised=False)
    assert written[0] == written[1]


def test_a_picture_that_is_changed_afterwards_is_not_taken_for_what_was_written() -> None:
    written: list[str] = []
    writer, table = ExactWriter(written.append), Inks(THEME, Depth.TRUE)
    cells = Cells(20, 3)
    writer.show(cells, table, synchronised=False)
    cells.put(0, 0, "x")
    assert writer.show(cells, table, synchronised=False)


@pytest.mark.parametrize(
    ("version", "known"), [("8.2.0", True), ("8.2.8", True), ("8.1.9", False), ("8.3.0", False), ("9.0.0", False)]
)
def test_only_versions_that_were_tried_are_taken_over(version: str, known: bool) -> None:
    assert is_supported(version) is known


async def _run(exact: bool, depth: Depth, keys: tuple[str, ...]) -> tuple[list[str], int]:
    engine = ScriptedEngine(board_of(twelve(), every_kind()))
    app = OpsdashApp(surroundings(engine, terminal=Terminal(depth=depth)), driver_class=CapturingDriver, exact=exact)
    async with app.run_test(headless=False, size=(120, 34)) as pilot:
        await pilot.pause(0.1)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
        await pilot.pause(0.15)
        driver = app._driver
        assert isinstance(driver, CapturingDriver)
        written = list(driver.written)
    return written, sum(map(len, written))


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.ANSI16, Depth.NONE], ids=lambda depth: depth.name)
async def test_the_exact_and_the_stock_way_show_the_same_screen(depth: Depth, monkeypatch: pytest.MonkeyPatch) -> None:
    systems = {Depth.TRUE: "truecolor", Depth.ANSI16: "standard", Depth.NONE: "truecolor"}
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", systems[depth])
    keys = ("right", "down", "question_mark", "escape", "2", "v", "left", "colon", "escape", "enter")
    screens = []
    for exact in (True, False):
        written, _ = await _run(exact, depth, keys)
        screen, stream = emulator(120, 34)
        feed(stream, "".join(written))
        screens.append(screen)
    assert screens[0].display == screens[1].display
    if depth is Depth.TRUE:
        differing = np.array(
            [[a != b for a, b in zip(x, y, strict=True)] for x, y in zip(*map(look_of, screens), strict=True)]
        )
        assert not differing.any()


async def test_the_exact_way_writes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "truecolor")
    keys = ("right", "left", "v", "left", "left", "escape")
    _, exact = await _run(True, Depth.TRUE, keys)
    _, stock = await _run(False, Depth.TRUE, keys)
    assert exact < stock
