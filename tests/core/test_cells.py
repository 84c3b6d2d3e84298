"""A canvas of cells."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text import char_width, text_width
from opsdash.core.view.cells import BOLD, Cells, ink, series_role
from opsdash.core.view.roles import Role


@given(st.text(max_size=20), st.integers(-12, 15), st.integers(-2, 4), st.one_of(st.none(), st.integers(-2, 12)))
def test_text_is_written_inside_of_its_room_and_nowhere_else(text: str, x: int, y: int, width: int | None) -> None:
    cells = Cells(10, 3)
    end = cells.put(x, y, text, ink(Role.OK), width=width)
    limit = 10 if width is None else min(10, x + width)
    assert end <= max(limit, x)
    touched = np.argwhere(cells.inks != ink())
    assert all(row == y and max(x, 0) <= column < limit for row, column in touched.tolist())
    for row in cells.codes.tolist():
        for column, code in enumerate(row):
            wide = code > 126 and char_width(chr(code)) == 2
            assert wide == (column + 1 < 10 and row[column + 1] == 0)


def test_the_place_after_a_text_is_where_the_next_one_goes() -> None:
    cells = Cells(20, 1)
    x = cells.put(2, 0, "日本")
    assert x == 2 + text_width("日本")
    cells.put(x, 0, "go")
    assert cells.lines() == ["  日本go            "]


def test_a_wide_character_that_is_cut_leaves_no_half() -> None:
    cells = Cells(3, 1)
    cells.put(0, 0, "日本")
    assert cells.lines() == ["日 "]


def test_a_canvas_on_a_canvas_is_cut_at_its_edges() -> None:
    small, large = Cells(4, 2), Cells(5, 3)
    small.fill(0, 0, 4, 2, "x")
    large.blit(-2, 2, small)
    large.blit(4, -1, small)
    assert large.lines() == ["    x", "     ", "xx   "]


def test_filling_stays_inside() -> None:
    cells = Cells(3, 2)
    cells.fill(-5, -5, 7, 6, "#")
    cells.fill(2, 1, 99, 99, "o")
    assert cells.lines() == ["## ", "  o"]


@given(st.sampled_from(list(Role)), st.sampled_from(list(Role)))
def test_an_ink_keeps_both_of_its_roles_and_its_attributes(fg: Role, bg: Role) -> None:
    style = ink(fg, bg, BOLD)
    assert (Role(style & 63), Role(style >> 6 & 63), style & BOLD) == (fg, bg, BOLD)


def test_series_have_twelve_roles_in_turn() -> None:
    assert series_role(0) == Role.SERIES_1
    assert series_role(11) == Role.SERIES_12
    assert series_role(12) == Role.SERIES_1
