"""What a time series panel shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import numpy as np
import pytest

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.view.cells import DIM_ATTR, Cells, series_role
from opsdash.core.view.draw.timeseries import draw
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S, zone=timezone(timedelta(hours=9)))
KIND = PanelKind.TIMESERIES
PLOT_X = 7
"""First cell of the chart where labels take six cells."""


def text(view: PanelView, width: int = 60, height: int = 14, look: Look = LOOK) -> str:
    return "\n".join(draw(view, width, height, look).lines())


def _is_sign(codes: np.ndarray) -> np.ndarray:
    """The signs of the legend and at the ends of lines, which are no dots and no blocks."""
    return (codes >= 0x25A0) & (codes < 0x2800) | (codes >= 0x2900)


def owners(cells: Cells, role: Role) -> set[tuple[int, int]]:
    """(x, y) of the chart's cells in this role."""
    rows, columns = np.nonzero((cells.inks & 63 == role) & (cells.codes >= 0x2580) & ~_is_sign(cells.codes))
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def ramp(points: int = 61, *, level: float = 1.0) -> list[float | None]:
    return [level * n / (points - 1) for n in range(points)]


def test_the_axis_of_a_rate_has_no_negative_part_and_no_label_is_cut() -> None:
    view = panel_view(KIND, window({"a": [5.62, 630.46, 300, 80]}), unit="reqps")
    labels = [line[:6].strip() for line in draw(view, 60, 14, LOOK).lines() if "┤" in line]
    assert labels == ["600/s", "400/s", "200/s", "0/s"]


def test_the_legend_has_every_number_that_was_asked_for() -> None:
    picture = text(panel_view(KIND, window({"orders": [1, 3, 2], "users": [4, 4, 4]}), unit="s"), 80, 20)
    assert "last" in picture
    row = next(line for line in picture.splitlines() if "orders" in line)
    assert row.split()[1:] == ["orders", "2s", "1s", "3s", "2s"]


def test_one_series_has_its_numbers_in_one_line() -> None:
    last = text(panel_view(KIND, window({"orders": [1, 3, 2]}), unit="s"), 58, 6).splitlines()[-1]
    assert last.split() == ["■", "orders", "2s", "min", "1s", "max", "3s", "avg", "2s"]


def test_series_without_room_in_the_legend_are_counted() -> None:
    names = {f"service-{n}": [float(n)] * 3 for n in range(18)}
    small = text(panel_view(KIND, window(names)), 28, 6).splitlines()[-1]
    assert "service-0" in small
    assert "+17 more" in small


def test_the_legend_can_be_switched_off() -> None:
    assert "orders" not in text(panel_view(KIND, window({"orders": [1, 2]}), legend=None))


def test_colours_follow_the_order_of_the_legend_whatever_the_values() -> None:
    first = draw(panel_view(KIND, window({"a": [1] * 9, "b": [9] * 9})), 60, 14, LOOK)
    other = draw(panel_view(KIND, window({"a": [9] * 9, "b": [1] * 9})), 60, 14, LOOK)
    assert min(y for _, y in owners(first, series_role(0))) > min(y for _, y in owners(first, series_role(1)))
    assert min(y for _, y in owners(other, series_role(0))) < min(y for _, y in owners(other, series_role(1)))


def test_a_filter_keeps_the_colours() -> None:
    view = panel_view(KIND, window({"a": [1] * 9, "b": [9] * 9}))
    cells = draw(view, 60, 14, replace(LOOK, filter="B"))
    assert owners(cells, series_role(1))
    assert not owners(cells, series_role(0))


def test_gaps_stay_gaps_and_nan_is_not_zero() -> None:
    values: list[float | None] = [5.0] * 20 + [None] * 10 + [float("nan")] * 10 + [5.0] * 21
    cells = draw(panel_view(KIND, window({"a": values})), 67, 14, LOOK)
    drawn = {x for x, _ in owners(cells, series_role(0))}
    plot = {x for x in range(5, 67) if (x - 5) / 62 < 0.3 or (x - 5) / 62 > 0.7}
    assert {x for x in drawn if 0.35 < (x - 5) / 62 < 0.64} == set()
    assert len(drawn & plot) > 30


def test_one_sample_alone_is_seen() -> None:
    values: list[float | None] = [None] * 30 + [5.0] + [None] * 30
    assert len(owners(draw(panel_view(KIND, window({"a": values})), 60, 14, LOOK), series_role(0))) == 1


def test_infinities_are_marked_at_the_edges() -> None:
    values: list[float | None] = [1.0, 2.0, float("inf"), 2.0, float("-inf"), 1.0, 1.0]
    lines = draw(panel_view(KIND, window({"a": values})), 60, 14, LOOK).lines()
    assert "↑" in lines[0]
    assert "↓" in "".join(lines[1:])


def test_two_queries_on_different_grids_share_the_chart() -> None:
    fast = window({"fast": ramp(61)}, step_s=10)
    slow = window({"slow": [1.0] * 11}, step_s=60)
    cells = draw(panel_view(KIND, fast, slow), 60, 14, LOOK)
    for index in (0, 1):
        columns = {x for x, _ in owners(cells, series_role(index))}
        assert len(columns) > 40


def test_thresholds_are_dashed_lines_behind_the_data() -> None:
    view = panel_view(KIND, window({"a": [0.2] * 60}), unit="s", thresholds=Thresholds(warning=0.25, critical=0.28))
    cells = draw(view, 60, 14, LOOK)
    picture = "\n".join(cells.lines())
    assert "250ms┼╌╌╌" in picture
    assert "280ms┼┅┅┅" in picture


def test_a_threshold_far_away_does_not_flatten_the_data() -> None:
    view = panel_view(KIND, window({"a": [0.2, 0.3] * 30}), unit="s", thresholds=Thresholds(critical=60))
    assert "┅" not in text(view)


def test_a_series_past_a_threshold_has_its_mark_in_the_legend() -> None:
    view = panel_view(KIND, window({"a": [1, 6], "b": [1, 1]}), thresholds=Thresholds(warning=3, critical=5))
    rows = text(view, 80, 20).splitlines()
    assert "●" in next(row for row in rows if row.startswith("■ a"))
    assert "●" not in next(row for row in rows if row.startswith("□ b"))


def test_the_cursor_reads_every_series_at_its_instant() -> None:
    view = panel_view(KIND, window({"up": ramp(61, level=60), "down": [60.0 - n for n in range(61)]}))
    cells = draw(view, 80, 20, replace(LOOK, cursor_s=START_S + 101))
    rows = cells.lines()
    assert next(row for row in rows if " up " in row).split()[2] == "10"
    assert next(row for row in rows if " down " in row).split()[2] == "50"
    assert any("│" in row for row in rows)
    assert "23:15:01" in "\n".join(rows)


def test_the_cursor_in_a_gap_reads_nothing() -> None:
    view = panel_view(KIND, window({"a": [1, None, 3], "b": [1, 2, 3]}))
    rows = draw(view, 80, 20, replace(LOOK, cursor_s=START_S + 10)).lines()
    assert next(row for row in rows if row.startswith("■ a")).split()[2] == "–"


def test_a_series_without_a_sample_has_no_number_and_nan_is_said() -> None:
    nan = float("nan")
    rows = text(panel_view(KIND, window({"none": [None, None], "nan": [1.0, nan]})), 80, 20).splitlines()
    assert next(row for row in rows if "none" in row).split()[2:] == ["–"] * 4
    assert next(row for row in rows if " nan " in row).split()[2:] == ["NaN", "1", "1", "1"]


def test_times_are_of_the_zone_that_is_looked_at() -> None:
    view = panel_view(KIND, window({"a": ramp(361)}))
    assert "23:30" in text(view)
    assert "14:30" in text(view, look=Look(now_s=0))


def test_an_anchored_axis_leaves_room_at_the_right() -> None:
    view = panel_view(KIND, window({"a": ramp(361)}))
    cells = draw(view, 60, 14, replace(LOOK, axis=(START_S, START_S + 7200)))
    assert max(x for x, _ in owners(cells, series_role(0))) < 40


def test_a_new_sample_changes_few_cells_on_an_anchored_axis() -> None:
    values = [10 + 3 * np.sin(n / 20) for n in range(300)]
    look = replace(LOOK, axis=(START_S, START_S + 3600))
    before = draw(panel_view(KIND, window({"a": values[:299]})), 80, 15, look)
    after = draw(panel_view(KIND, window({"a": values})), 80, 15, look)
    assert int((before.codes != after.codes).sum()) < 20


def test_the_compared_period_is_dotted_behind_the_data() -> None:
    shown = window({"a": [1.0] * 61})
    earlier = Window(times=shown.times, labels=shown.labels, values=shown.values * 2, present=shown.present)
    view = panel_view(KIND, shown)
    view = replace(view, queries=(query_view(shown, compare=earlier),), compare_s=86_400.0)
    cells = draw(view, 60, 14, LOOK)
    assert len(owners(cells, Role.COMPARE)) > 20
    assert owners(cells, series_role(0))


def test_incomplete_buckets_are_dimmed_and_dotted() -> None:
    shown = window({"a": [1.0] * 61})
    answer = Answer(window=shown, partial_from_s=START_S + 500)
    whole = draw(panel_view(KIND, shown), 60, 14, LOOK)
    cells = draw(replace(panel_view(KIND, shown), queries=(query_view(shown, answer=answer),)), 60, 14, LOOK)
    dimmed = {x for x, y in owners(cells, series_role(0)) if cells.inks[y, x] & DIM_ATTR}
    assert dimmed
    assert min(dimmed) > 50
    assert len(owners(cells, series_role(0))) < len(owners(whole, series_role(0))) + 1


def test_an_incomplete_bucket_is_not_the_last_value_and_raises_no_mark() -> None:
    shown = window({"requests": [100.0] * 10 + [3.0]})
    answer = Answer(window=shown, partial_from_s=START_S + 100)
    view = panel_view(KIND, shown, thresholds=Thresholds(critical=50, below=True))
    view = replace(view, queries=(query_view(shown, answer=answer),))
    assert text(view, 58, 6).splitlines()[-1].split()[:3] == ["■", "requests", "100"]
    assert "●" not in "\n".join(paint(view, 60, 8, LOOK).lines())


def test_a_stack_is_as_high_as_its_sum_and_goes_on_where_a_series_has_a_gap() -> None:
    shown = window({"a": [10.0] * 60, "b": [20.0] * 30 + [None] * 30, "c": [30.0] * 60})
    view = panel_view(KIND, shown, stacked=True, draw="area", legend=None)
    cells = draw(view, 66, 24, LOOK)
    tops = {x: min(y for at, y in owners(cells, series_role(2)) if at == x) for x in (10, 60)}
    assert tops[10] == 0
    assert tops[60] == pytest.approx(24 / 3, abs=1.5)


def test_bars_are_eighths_of_a_cell_high() -> None:
    shown = window({"a": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]}, step_s=60)
    cells = draw(panel_view(KIND, shown, draw="bars", legend=None, minimum=0, maximum=8), 60, 3, LOOK)
    assert {"▄", "█"} <= set("".join(cells.lines()))


def test_bars_below_zero_hang_from_it() -> None:
    shown = window({"a": [4.0, -4.0, 4.0, -4.0]}, step_s=60)
    cells = draw(panel_view(KIND, shown, draw="bars", legend=None), 60, 14, LOOK)
    rows = [y for _, y in owners(cells, series_role(0))]
    assert min(rows) <= 2
    assert max(rows) >= 10
    assert len({y for x, y in owners(cells, series_role(0)) if x == 12}) < 9


def test_few_bars_of_several_series_stand_side_by_side() -> None:
    shown = window({"a": [4.0] * 4, "b": [4.0] * 4}, step_s=60)
    cells = draw(panel_view(KIND, shown, draw="bars", legend=None), 70, 14, LOOK)
    assert owners(cells, series_role(0))
    assert owners(cells, series_role(1))


def test_points_are_not_joined() -> None:
    shown = window({"a": [1.0, 9.0] * 8}, step_s=60)
    lines = owners(draw(panel_view(KIND, shown, legend=None), 60, 14, LOOK), series_role(0))
    points = owners(draw(panel_view(KIND, shown, legend=None, draw="points"), 60, 14, LOOK), series_role(0))
    assert len(points) <= 16 < len(lines)


def test_a_unit_of_a_query_is_shown_in_the_legend() -> None:
    shown = window({"a": [0.5, 0.5]})
    query = query_view(shown)
    query = replace(query, spec=replace(query.spec, unit="percentunit"))
    assert "50%" in text(replace(panel_view(KIND, shown), queries=(query,)))


def test_series_differ_by_sign_at_the_end_of_their_lines() -> None:
    picture = text(panel_view(KIND, window({"a": [1.0] * 60, "b": [9.0] * 60}), legend=None))
    assert "■" in picture
    assert "□" in picture


@pytest.mark.parametrize("draw_style", ["lines", "points", "bars", "area"])
def test_a_thousand_series_are_drawn(draw_style: str) -> None:
    shown = window({f"s{n}": [float(n), float(n + 1)] for n in range(1000)})
    assert "more" in text(panel_view(KIND, shown, draw=draw_style))


def test_nothing_to_draw_leaves_axes_only() -> None:
    assert "┤" in text(panel_view(KIND, empty_window()))


def test_with_a_cursor_the_legend_says_which_instant_its_first_number_is_of() -> None:
    view = panel_view(KIND, window({"orders": [1, 3, 2], "users": [4, 4, 4]}), unit="s")
    lines = draw(view, 80, 20, replace(LOOK, cursor_s=START_S + 10)).lines()
    heading = next(line for line in lines if "max" in line)
    assert heading.split() == ["23:13:30", "min", "max", "avg"]
    assert next(line for line in lines if "orders" in line).split()[2] == "3s"


@pytest.mark.parametrize(
    "spec", [{"draw": "bars"}, {"draw": "bars", "stacked": True}, {"draw": "area", "stacked": True}]
)
def test_without_hue_the_legend_shows_the_texture_of_each_series(spec: dict[str, object]) -> None:
    view = panel_view(KIND, window({"orders": [40.0] * 9, "users": [70.0] * 9}), **spec)
    lines = draw(view, 80, 20, replace(LOOK, monochrome=True)).lines()
    chart = "".join(lines[:15])
    for name in ("orders", "users"):
        sign = next(line for line in lines if name in line).split()[0]
        assert chart.count(sign) > 20


def test_with_hues_the_legend_keeps_a_sign_for_each_series() -> None:
    view = panel_view(KIND, window({"orders": [4.0] * 9, "users": [7.0] * 9}), draw="bars")
    lines = draw(view, 80, 20, LOOK).lines()
    assert [next(line for line in lines if name in line).split()[0] for name in ("orders", "users")] == ["■", "□"]


@pytest.mark.parametrize("spec", [{"draw": "bars", "stacked": True}, {"draw": "area", "stacked": True}])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_without_hue_twelve_layers_of_a_stack_are_twelve_textures(spec: dict[str, object], *, ascii_only: bool) -> None:
    names = [f"s{n:02}" for n in range(12)]
    view = panel_view(KIND, window({name: [10.0] * 30 for name in names}), **spec)
    lines = draw(view, 100, 60, replace(LOOK, monochrome=True, ascii_only=ascii_only)).lines()
    signs = {next(line for line in lines if name in line).split(name)[0].split()[-1] for name in names}
    assert len(signs) == 12
    chart = "".join(lines)
    assert all(chart.count(sign) > 40 for sign in signs)


def test_a_textured_bar_is_whole_cells_and_no_eighths_of_another_texture() -> None:
    view = panel_view(KIND, window({"a": [13.0] * 9, "b": [7.3] * 9, "c": [9.1] * 9}), draw="bars", stacked=True)
    chart = "".join(draw(view, 60, 20, replace(LOOK, monochrome=True)).lines()[:16])
    assert not set(chart) & set("▁▂▃▄▅▆▇")
