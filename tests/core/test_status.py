"""State timelines: shapes for levels, gaps empty, no outage too short to be seen, the state now and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.view.draw.status import draw
from opsdash.core.view.levels import Level
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Mapping, PanelKind, PanelSpec, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.states import State, state_of
from tests.fakes.panel_views import START_S, panel_view, window

LOOK = Look(now_s=START_S)
NAN = float("nan")
UP_DOWN = (Mapping(text="up", value=1.0, level="ok"), Mapping(text="down", value=0.0, level="critical"))


def spec(**details) -> PanelSpec:
    return PanelSpec(id="p", title="P", kind=PanelKind.STATUS, **details)


def status_of(series, **details):
    details.setdefault("mappings", UP_DOWN)
    points = max(len(values) for values in series.values())
    return panel_view(PanelKind.STATUS, window(series), view={"end_s": START_S + points * 10.0}, **details)


def lane(view, name: str, width: int = 80, look: Look = LOOK) -> str:
    return next(line for line in draw(view, width, 8, look).lines() if line.startswith(name))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, State("up", Level.OK)), (5.0, State("odd", Level.WARNING)), (10.0, State("odd", Level.WARNING)),
        (11.0, State("critical", Level.CRITICAL)), (0.0, State("ok", Level.OK)),
    ],
)  # fmt: skip
def test_mappings_come_before_thresholds(value, expected):
    mappings = (Mapping(text="up", value=1.0, level="ok"), Mapping(text="odd", low=5.0, high=10.0, level="warning"))
    assert state_of(value, spec(mappings=mappings, thresholds=Thresholds(critical=11.0)), "") == expected


def test_without_mappings_and_thresholds_a_state_is_the_value():
    assert state_of(2.0, spec(), "s") == State("2s", Level.NONE)


def test_nan_is_neither_good_nor_bad():
    assert state_of(NAN, spec(thresholds=Thresholds(critical=1.0)), "") == State("NaN", Level.NONE)
    assert state_of(NAN, spec(mappings=(Mapping(text="all", low=0.0),)), "").text == "NaN"


def test_an_open_range_has_no_end():
    assert state_of(99.0, spec(mappings=(Mapping(text="many", low=5.0),)), "").text == "many"


def test_levels_differ_by_shape_and_gaps_are_empty():
    view = status_of({"a": [1.0] * 10 + [0.0] * 10 + [None] * 10 + [1.0] * 10})
    glyphs = [char for char in lane(view, "a", 60)[2:42] if char in "▂█ "]
    assert "".join(dict.fromkeys(glyphs)) == "▂█ "
    assert lane(view, "a", 60).index("█") < lane(view, "a", 60).index("   ")


def test_an_outage_shorter_than_a_cell_is_seen():
    values = [1.0] * 1000
    values[500] = 0.0
    assert "█" in lane(status_of({"a": values}), "a", 40)


def test_a_sample_counts_until_the_next_is_due():
    assert lane(status_of({"a": [1.0, 1.0, 1.0]}), "a", 40).count("▂") > 15


def test_a_run_with_room_says_its_state():
    view = status_of({"a": [1.0] * 20 + [0.0] * 20})
    assert " down " in lane(view, "a")[:60]


def test_the_state_now_is_told_with_how_long():
    view = status_of({"a": [1.0] * 30 + [0.0] * 30, "b": [1.0] * 60, "c": [1.0] * 30 + [None] * 30})
    assert lane(view, "a").rstrip().endswith("5m")
    assert "● down" in lane(view, "a")
    assert lane(view, "b").rstrip().endswith(">10m")
    assert "◆ no data" in lane(view, "c")


def test_the_cursor_reads_the_state_at_its_instant():
    view = status_of({"a": [1.0] * 30 + [0.0] * 30})
    at = replace(LOOK, cursor_s=START_S + 50)
    assert "│" in lane(view, "a", look=at)
    assert lane(view, "a", look=at).rstrip().endswith("up")


def test_states_without_a_level_differ_by_shape_too():
    mappings = (Mapping(text="leader", value=1.0), Mapping(text="follower", value=0.0))
    text = lane(status_of({"a": [1.0] * 5 + [0.0] * 5 + [1.0] * 2}, mappings=mappings), "a", 30)
    assert len({char for char in text if char in "▃▆▄▇"}) == 2


def test_lanes_that_do_not_fit_are_counted_and_can_be_scrolled_to():
    view = status_of({f"s{n:02}": [1.0, 1.0] for n in range(20)})
    lines = draw(view, 60, 8, LOOK).lines()
    assert lines[-1].startswith("+13")
    assert draw(view, 60, 8, replace(LOOK, scroll=99)).lines()[0].startswith("s13")


def test_a_bad_state_has_the_role_of_its_level():
    view = status_of({"a": [0.0] * 10})
    inks = draw(view, 60, 4, LOOK).inks[0]
    assert int(inks[5]) & 63 == Role.CRITICAL


def test_it_is_readable_at_30_by_8():
    view = status_of({"orders-1": [1.0] * 20 + [0.0] * 20, "a-very-long-instance-name": [1.0] * 40})
    lines = draw(view, 28, 6, LOOK).lines()
    assert lines[0].startswith("orders-1")
    assert "█" in lines[0]
    assert "▂" in lines[2] or "▂" in lines[1]


def test_the_word_of_a_state_is_whole_and_its_age_goes_first_where_there_is_no_room():
    view = status_of({"a": [1.0] * 20 + [None] * 20, "b": [1.0] * 40})
    lines = draw(view, 40, 4, LOOK).lines()
    assert "◆ no data" in lines[0]
    assert "…" not in lines[0]


def test_values_that_nobody_mapped_are_a_calm_line_and_no_confetti():
    view = status_of({"a": [float(n) for n in range(60)], "b": [float(-n) for n in range(60)]}, mappings=())
    cells = draw(view, 80, 4, LOOK)
    lane = cells.inks[0, 4:50] & 63
    assert set(lane[cells.codes[0, 4:50] != 32].tolist()) == {int(Role.DIM)}
