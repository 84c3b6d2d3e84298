"""Toplists: the largest first, ties in a fixed order, shares of all and not only of what is shown."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.text import text_width
from opsdash.core.view.draw.toplist import draw
from opsdash.core.view.look import Look
from opsdash.core.view.meter import meter
from opsdash.core.view.panels import PanelKind, Thresholds
from opsdash.core.view.ranking import ranking
from tests.fakes.panel_views import START_S, panel_view, window

LOOK = Look(now_s=START_S)
NAN = float("nan")


def top_of(values, **spec):
    return panel_view(PanelKind.TOPLIST, window({name: [value] for name, value in values.items()}), **spec)


def names(view, look=LOOK):
    return [entry.name for entry in ranking(view, look).first]


def shown(view, width=60, height=8, look=LOOK):
    return [line.rstrip() for line in draw(view, width, height, look).lines()]


def test_the_largest_come_first_and_ties_by_name():
    assert names(top_of({"b": 1.0, "c": 5.0, "a": 1.0, "d": -2.0})) == ["c", "a", "b", "d"]


def test_what_has_no_number_is_left_out():
    assert names(top_of({"a": NAN, "b": None, "c": 0.0})) == ["c"]


def test_the_limit_is_kept_and_the_shares_are_of_all():
    found = ranking(top_of({"a": 50.0, "b": 30.0, "c": 20.0}, limit=2), LOOK)
    assert [entry.share for entry in found.first] == [0.5, 0.3]
    assert found.count == 3
    assert found.total == 100.0


def test_there_is_no_share_where_some_are_negative_or_infinite():
    assert math.isnan(ranking(top_of({"a": 5.0, "b": -1.0}), LOOK).first[0].share)
    assert math.isnan(ranking(top_of({"a": float("inf"), "b": 1.0}), LOOK).first[1].share)


def test_the_calculation_of_the_panel_is_used():
    shown_window = window({"a": [9.0, 1.0], "b": [2.0, 2.0]})
    assert names(panel_view(PanelKind.TOPLIST, shown_window)) == ["b", "a"]
    assert names(panel_view(PanelKind.TOPLIST, shown_window, calc="max")) == ["a", "b"]


def test_a_series_that_stopped_is_last_and_marked():
    view = panel_view(PanelKind.TOPLIST, window({"a": [99.0] + [None] * 9, "b": [1.0] * 10}))
    assert names(view) == ["b", "a"]
    assert shown(view)[1].startswith("░ a")


def test_a_line_has_mark_name_bar_value_and_share():
    view = top_of({"orders": 75.0, "users": 25.0}, unit="reqps", thresholds=Thresholds(warning=50.0))
    lines = shown(view)
    assert lines[0].startswith("▲ orders ████")
    assert lines[0].endswith("75/s  75%")
    assert lines[1].startswith("  users  ")
    assert lines[1].endswith("25/s  25%")
    assert lines[0].count("█") > 2 * lines[1].count("█")


def test_values_end_in_the_same_cell():
    lines = shown(top_of({"a": 12345.0, "b": 9.0, "日本": 0.5}), width=40)
    assert len({text_width(line) for line in lines[:3]}) == 1


def test_what_is_left_out_is_said_with_the_total():
    view = top_of({f"s{n}": float(n) for n in range(20)}, limit=15)
    assert shown(view, height=6)[-1] == "top 5 of 20, total 190"
    assert shown(view, height=6, look=replace(LOOK, scroll=3))[-1].startswith("4–8 of 20")


def test_a_filter_keeps_matching_series():
    assert names(top_of({"orders": 1.0, "users": 2.0}), replace(LOOK, filter="ORD")) == ["orders"]


def test_it_is_readable_at_30_by_8():
    lines = shown(top_of({"/api/orders/checkout": 75.0, "/api/orders/list": 25.0}), width=28, height=6)
    assert lines[0].endswith("75")
    assert "checkout" in lines[0]
    assert "█" in lines[0]


@given(st.floats(0, 1), st.integers(0, 100))
def test_a_bar_is_as_long_as_its_share_to_an_eighth_of_a_cell(share, width):
    text = meter(share, width)
    eighths = 8 * text.count("█") + sum(8 - "▏▎▍▌▋▊▉"[::-1].index(char) - 1 for char in text if char != "█")
    assert len(text) <= width
    assert eighths == pytest.approx(share * width * 8, abs=1.01)


def test_what_is_not_a_share_has_no_bar():
    assert meter(NAN, 10) == meter(-1.0, 10) == meter(0.5, 0) == ""
    assert meter(float("inf"), 3) == "███"
    assert meter(0.5, 4, ascii_only=True) == "##"


def test_a_toplist_without_a_number_says_so():
    view = panel_view(PanelKind.TOPLIST, window({"a": [float("nan")] * 3}))
    assert "no series has a number now" in "".join(draw(view, 40, 6, LOOK).lines())


def test_at_full_screen_a_value_stands_near_its_bar():
    view = panel_view(PanelKind.TOPLIST, window({"a": [3.0, 3.0], "b": [1.0, 1.0]}))
    assert all(len(line.rstrip()) < 110 for line in draw(view, 198, 40, LOOK).lines())


def test_where_there_is_room_for_all_of_them_bars_do_not_touch():
    view = panel_view(PanelKind.TOPLIST, window({"a": [3.0, 3.0], "b": [1.0, 1.0]}), limit=5)
    lines = draw(view, 60, 12, LOOK).lines()
    assert ["█" in line for line in lines[:4]] == [True, False, True, False]


def test_three_lines_are_enough_to_say_what_was_left_out():
    view = panel_view(PanelKind.TOPLIST, window({name: [3.0, 3.0] for name in "abcd"}))
    assert draw(view, 40, 3, LOOK).lines()[-1].startswith("top 2 of 4")
