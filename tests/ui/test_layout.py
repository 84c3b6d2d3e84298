"""Panels have places: inside the window, apart from each other, whole, and the same whatever they show."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.view.layout import Placed, place
from opsdash.core.view.panels import Grid, PanelKind, PanelSpec

grids = st.none() | st.builds(
    Grid,
    x=st.integers(-5, 40),
    y=st.integers(-5, 2_000_000),
    w=st.integers(-2, 60),
    h=st.integers(-2, 300),
)


@st.composite
def dashboards(draw: st.DrawFn) -> tuple[PanelSpec, ...]:
    chosen = draw(st.lists(st.tuples(grids, st.sampled_from(PanelKind)), max_size=14))
    return tuple(PanelSpec(id=f"p{n}", title=f"P {n}", kind=kind, grid=grid) for n, (grid, kind) in enumerate(chosen))


def overlap(a: Placed, b: Placed) -> bool:
    return a.page == b.page and a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h


def twelve() -> tuple[PanelSpec, ...]:
    return tuple(
        PanelSpec(
            id=str(n), title=str(n), kind=PanelKind.TIMESERIES, grid=Grid(x=6 * (n % 4), y=8 * (n // 4), w=6, h=8)
        )
        for n in range(12)
    )


@settings(max_examples=300, deadline=None)
@given(dashboards(), st.integers(1, 500), st.integers(1, 200))
def test_every_panel_has_a_place_inside_its_page_and_none_overlap(
    panels: tuple[PanelSpec, ...], width: int, height: int
) -> None:
    placement = place(panels, width, height)
    assert sorted(placed.id for placed in placement.panels) == sorted(panel.id for panel in panels)
    for placed in placement.panels:
        assert 0 <= placed.x < placed.x + placed.w <= width
        assert 0 <= placed.y < placed.y + placed.h <= height
        assert 0 <= placed.page < placement.pages
    assert not [pair for pair in combinations(placement.panels, 2) if overlap(*pair)]


@settings(max_examples=100, deadline=None)
@given(dashboards(), st.integers(40, 300), st.integers(9, 100))
def test_panels_stay_readable(panels: tuple[PanelSpec, ...], width: int, height: int) -> None:
    assert all(placed.h >= 5 and placed.w >= 4 for placed in place(panels, width, height).panels)


@settings(max_examples=100, deadline=None)
@given(dashboards(), st.integers(40, 300), st.integers(9, 100))
def test_no_page_is_empty_and_no_panel_comes_before_one_of_an_earlier_page(
    panels: tuple[PanelSpec, ...], width: int, height: int
) -> None:
    placement = place(panels, width, height)
    if panels:
        assert {placed.page for placed in placement.panels} == set(range(placement.pages))


@settings(max_examples=100, deadline=None)
@given(dashboards(), st.integers(40, 300), st.integers(9, 100), st.sampled_from(("left", "right", "up", "down")))
def test_going_one_way_never_goes_round(panels: tuple[PanelSpec, ...], width: int, height: int, direction: str) -> None:
    placement = place(panels, width, height)
    here = placement.panels[0].id if panels else ""
    seen = [here]
    while panels and (there := placement.beside(here, direction)) is not None:  # type: ignore[arg-type]
        here = there.id
        assert here not in seen
        seen.append(here)


@pytest.mark.parametrize("size", [(200, 47), (120, 31), (500, 197)])
def test_twelve_panels_fill_a_window_that_has_room_for_them(size: tuple[int, int]) -> None:
    placement = place(twelve(), *size)
    assert placement.pages == 1
    assert sum(placed.w * placed.h for placed in placement.panels) == size[0] * size[1]


def test_a_window_without_room_shows_whole_rows_and_pages() -> None:
    placement = place(twelve(), 120, 25)
    assert placement.pages == 2
    assert {placed.y + placed.h for placed in placement.page(0)} == {12, 25}


def test_80_by_24_is_one_column_with_two_panels_a_page() -> None:
    placement = place(twelve(), 80, 21)
    assert {placed.w for placed in placement.panels} == {80}
    assert [len(placement.page(page)) for page in range(placement.pages)] == [2] * 6


def test_between_84_and_100_cells_there_are_two_columns() -> None:
    assert {placed.w for placed in place(twelve(), 92, 30).panels} == {46}


def stats(number: int, height: int = 6) -> list[PanelSpec]:
    return [
        PanelSpec(id=str(n), title=str(n), kind=PanelKind.STAT, grid=Grid(x=4 * n, y=0, w=4, h=height))
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("number", "widths"),
    [(1, [80]), (2, [40, 40]), (3, [27, 26, 27]), (4, [40] * 4), (5, [27, 26, 27, 40, 40]), (6, [27, 26, 27] * 2)],
)
def test_small_panels_share_lines_evenly_where_the_window_is_narrow(number: int, widths: list[int]) -> None:
    assert [placed.w for placed in place(stats(number), 80, 21).panels] == widths


def test_six_figures_and_a_chart_are_the_first_page_at_80_by_24() -> None:
    chart = PanelSpec(id="c", title="c", kind=PanelKind.TIMESERIES, grid=Grid(x=0, y=6, w=12, h=8))
    placement = place([*stats(6), chart], 80, 21)
    assert [placed.id for placed in placement.page(0)] == ["0", "1", "2", "3", "4", "5", "c"]
    assert placement.page(0)[-1].h >= 10


def test_panels_without_a_grid_flow_in_their_order_and_fill_the_width() -> None:
    panels = [PanelSpec(id=str(n), title=str(n), kind=PanelKind.TIMESERIES) for n in range(5)]
    placement = place(panels, 120, 31)
    assert [placed.id for placed in sorted(placement.panels, key=lambda one: (one.page, one.y, one.x))] == list("01234")
    assert sum(placed.w for placed in placement.panels if placed.y == 0) == 120
    assert sum(placed.w for placed in placement.panels if placed.y > 0) == 120


def test_overlapping_grids_are_moved_apart() -> None:
    same = Grid(x=0, y=0, w=12, h=8)
    panels = [PanelSpec(id=str(n), title=str(n), kind=PanelKind.TABLE, grid=same) for n in range(3)]
    placement = place(panels, 120, 60)
    assert len({(placed.page, placed.y) for placed in placement.panels}) == 3


def test_a_place_does_not_depend_on_anything_but_panels_and_window() -> None:
    assert place(twelve(), 133, 37) == place(twelve(), 133, 37)


def test_neighbours_are_found_across_pages() -> None:
    placement = place(twelve(), 120, 25)
    below = placement.beside("4", "down")
    assert below is not None
    assert (below.id, below.page) == ("8", 1)
    assert placement.beside("0", "up") is None
    assert placement.beside("3", "right") is None
    assert placement.beside("nothing", "right") is None


def test_the_panel_under_a_cell_is_found() -> None:
    placement = place(twelve(), 200, 47)
    under = placement.at(0, 199, 46)
    assert under is not None
    assert under.id == "11"
    assert placement.at(1, 0, 0) is None
