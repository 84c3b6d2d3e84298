"""What stats, gauges and bar gauges show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from opsdash.core.metrics.window import Window
from opsdash.core.view.cells import Cells
from opsdash.core.view.digits import DigitPen, draw_digits, largest_scale, size_of, split_number
from opsdash.core.view.draw import bargauge, gauge, stat
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Mapping, PanelKind, Thresholds
from opsdash.core.view.readings import readings
from opsdash.core.view.roles import Role
from opsdash.core.view.scale import scale_for
from opsdash.core.view.snapshot import PanelView
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S)
LIMITS = Thresholds(warning=0.3, critical=0.5)


def view(kind: PanelKind, series: dict[str, list[float | None]], **spec: object) -> PanelView:
    return panel_view(kind, window(series), **spec)


def text(cells: Cells) -> str:
    return "\n".join(cells.lines())


def test_a_number_is_split_into_what_is_drawn_large_and_its_unit() -> None:
    assert split_number("$71.4/h") == ("$", "71.4", "/h")
    assert split_number("-1.21s") == ("", "-1.21", "s")
    assert split_number("5e-10") == ("5e-10", "", "")
    assert split_number("NaN") == ("NaN", "", "")


def test_large_digits_are_as_large_as_their_room() -> None:
    assert largest_scale("58%", 60, 12) == 3
    assert largest_scale("58%", 20, 4) == 1
    assert largest_scale("58%", 5, 4) == 0
    cells = Cells(20, 3)
    draw_digits(cells, (0, 0), "17", DigitPen(1, 0))
    assert [line.rstrip() for line in cells.lines()] == [" ▄  ▄▄▄", "▀█    █", "▄█▄  █"] or "█" in text(cells)
    assert size_of("17", 1) == (7, 3)
    assert size_of("17", 1, ascii_only=True) == (7, 5)


def test_a_small_stat_is_plain_text_with_unit_and_mark() -> None:
    found = view(PanelKind.STAT, {"a": [0.1, 0.62]}, unit="s", thresholds=LIMITS)
    assert "620ms ●" in text(stat.draw(found, 28, 2, LOOK))


def test_a_stat_says_how_it_changed() -> None:
    found = panel_view(PanelKind.STAT, window({"a": [50.0, 60.0]}), view={"start_s": START_S - 3590})
    assert "+20% in 1h" in text(stat.draw(found, 58, 13, LOOK))


def test_a_stat_is_compared_with_the_earlier_period_when_there_is_one() -> None:
    now = window({"a": [50.0, 60.0]})
    before = Window(times=now.times, labels=now.labels, values=now.values * 2, present=now.present)
    found = replace(view(PanelKind.STAT, {}), queries=(query_view(now, compare=before),), compare_s=604_800.0)
    assert "-50% vs 7d ago" in text(stat.draw(found, 58, 13, LOOK))


def test_a_stat_without_a_change_says_so() -> None:
    assert "±0% in" in text(stat.draw(view(PanelKind.STAT, {"a": [5.0, 5.0]}), 58, 13, LOOK))


def test_a_stat_has_its_history_below() -> None:
    cells = stat.draw(view(PanelKind.STAT, {"a": [float(n % 7) for n in range(60)]}), 58, 13, LOOK)
    assert any(0x2800 < code < 0x2900 for code in cells.codes[-1].tolist())


def test_an_instant_value_has_no_history() -> None:
    cells = stat.draw(view(PanelKind.STAT, {"a": [5.0]}), 58, 13, LOOK)
    assert not ((cells.codes > 0x2800) & (cells.codes < 0x2900)).any()


def test_several_series_are_tiles_with_their_names() -> None:
    picture = text(stat.draw(view(PanelKind.STAT, {"orders": [1.0], "users": [2.0]}), 58, 13, LOOK))
    assert "orders" in picture
    assert "users" in picture


def test_series_without_room_are_counted() -> None:
    many = {f"s{n}": [float(n)] for n in range(30)}
    assert "+25 more" in text(stat.draw(view(PanelKind.STAT, many), 28, 6, LOOK))
    assert "+25 more" in text(bargauge.draw(view(PanelKind.BARGAUGE, many), 28, 6, LOOK))


def test_a_mapping_is_shown_as_its_word() -> None:
    words = (Mapping(text="up", value=1, level="ok"), Mapping(text="down", value=0, level="critical"))
    assert "down ●" in text(stat.draw(view(PanelKind.STAT, {"a": [0.0]}, mappings=words), 28, 3, LOOK))


def test_a_calculation_is_over_the_time_that_is_shown() -> None:
    found = readings(view(PanelKind.STAT, {"a": [1.0, 5.0, 3.0]}, calc="max"), LOOK)
    assert [reading.value for reading in found] == [5.0]


def test_a_series_that_stopped_is_not_shown_as_if_it_were_now() -> None:
    ended: list[float | None] = [9.0] * 5 + [None] * 55
    found = view(PanelKind.BARGAUGE, {"gone": ended, "here": [1.0] * 60}, thresholds=Thresholds(critical=5))
    assert [reading.is_gone for reading in readings(found, LOOK)] == [True, False]
    line = next(line for line in bargauge.draw(found, 58, 4, LOOK).lines() if "gone" in line)
    assert "░" in line
    assert "●" not in line


def test_bars_share_one_scale_and_are_sorted_as_configured() -> None:
    series = {"small": [10.0], "large": [40.0]}
    lines = bargauge.draw(view(PanelKind.BARGAUGE, series, sort="-value", maximum=40.0), 58, 2, LOOK).lines()
    assert [line.split()[0] for line in lines] == ["large", "small"]
    assert lines[0].count("█") == pytest.approx(4 * lines[1].count("█"), abs=4)


def test_the_values_of_bars_are_right_aligned() -> None:
    lines = bargauge.draw(view(PanelKind.BARGAUGE, {"a": [1.0], "b": [120.0]}, unit="reqps"), 58, 2, LOOK).lines()
    assert [line.rstrip()[-2:] for line in lines] == ["/s", "/s"]
    assert len(lines[0].rstrip()) == len(lines[1].rstrip())


def test_thresholds_are_marked_on_the_part_that_a_bar_does_not_reach() -> None:
    found = view(PanelKind.BARGAUGE, {"a": [0.1]}, unit="s", thresholds=LIMITS, maximum=1.0)
    assert bargauge.draw(found, 58, 1, LOOK).lines()[0].count("┊") == 2
    past = view(PanelKind.BARGAUGE, {"a": [0.4]}, unit="s", thresholds=LIMITS, maximum=1.0)
    assert bargauge.draw(past, 58, 1, LOOK).lines()[0].count("┊") == 1


def test_a_percentage_is_a_share_of_a_hundred() -> None:
    found = readings(view(PanelKind.GAUGE, {"a": [37.0]}, unit="percent"), LOOK)
    scale = scale_for(found, view(PanelKind.GAUGE, {}, unit="percent").spec)
    assert (scale.low, scale.high) == (0.0, 100.0)
    assert scale.share(37.0) == pytest.approx(0.37)


def test_a_scale_ends_on_a_round_number_above_everything() -> None:
    spec = view(PanelKind.GAUGE, {}, thresholds=Thresholds(critical=900)).spec
    found = readings(view(PanelKind.GAUGE, {"a": [630.0]}), LOOK)
    assert scale_for(found, spec).high == 1000
    below = readings(view(PanelKind.GAUGE, {"a": [-3.0]}), LOOK)
    assert scale_for(below, view(PanelKind.GAUGE, {}).spec).low <= -3


def test_a_gauge_is_half_a_circle_with_its_ends_and_its_value() -> None:
    found = view(PanelKind.GAUGE, {"a": [0.58]}, unit="percentunit", thresholds=Thresholds(warning=0.7, critical=0.9))
    cells = gauge.draw(found, 28, 6, LOOK)
    picture = text(cells)
    assert "58%" in picture
    assert "0%" in cells.lines()[-1]
    assert "100%" in cells.lines()[-1]
    roles = set((cells.inks & 63).ravel().tolist())
    assert {int(Role.WARNING), int(Role.CRITICAL), int(Role.SERIES_1)} <= roles


def test_the_part_of_a_gauge_that_is_reached_differs_without_colour() -> None:
    empty = gauge.draw(view(PanelKind.GAUGE, {"a": [0.0]}, maximum=1.0), 28, 6, LOOK)
    full = gauge.draw(view(PanelKind.GAUGE, {"a": [1.0]}, maximum=1.0), 28, 6, LOOK)
    assert (empty.codes != full.codes).sum() > 20


def test_a_gauge_without_room_is_a_bar_with_its_ends() -> None:
    picture = text(gauge.draw(view(PanelKind.GAUGE, {"a": [0.5]}, maximum=1.0), 40, 3, LOOK))
    assert "█" in picture
    assert "0 … 1" in picture


@pytest.mark.parametrize("kind", [PanelKind.STAT, PanelKind.GAUGE, PanelKind.BARGAUGE])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None, 1e300, -1e-300])
def test_numbers_that_cannot_be_drawn_are_said(kind: PanelKind, value: float | None) -> None:
    draw = {PanelKind.STAT: stat.draw, PanelKind.GAUGE: gauge.draw, PanelKind.BARGAUGE: bargauge.draw}[kind]
    for size in ((8, 1), (28, 6), (58, 13)):
        assert text(draw(view(kind, {"a": [value, value], "b": [1.0, 2.0]}), *size, LOOK)).strip()


def test_the_digits_of_all_tiles_are_of_one_size() -> None:
    view = panel_view(PanelKind.STAT, window({"a": [901.0] * 4, "b": [1000.0] * 4, "c": [5.0] * 4, "d": [61.0] * 4}))
    heights = set()
    cells = stat.draw(view, 198, 46, LOOK)
    for half in (slice(0, 23), slice(23, 46)):
        rows = np.isin(cells.codes[half], [ord(sign) for sign in "█▀▄"]).any(axis=1)
        heights.add(int(rows.sum()))
    assert len(heights) == 1


def test_a_stat_in_lines_shows_the_history_beside_each_number() -> None:
    series = {f"service-{n}": [1.0, 2.0, 3.0, 9.0] for n in range(6)}
    lines = stat.draw(panel_view(PanelKind.STAT, window(series)), 30, 6, LOOK).lines()
    assert all("▇" in line for line in lines)


def test_one_bar_stands_in_the_middle_of_its_panel() -> None:
    view = panel_view(PanelKind.BARGAUGE, window({"gateway": [5.0, 5.0]}))
    used = ["█" in line for line in bargauge.draw(view, 58, 13, LOOK).lines()]
    assert used == [False] * 5 + [True] * 3 + [False] * 5


def test_a_short_name_is_whole_beside_a_short_bar() -> None:
    series = {f"service-{n}": [5.0, 5.0] for n in range(14)}
    lines = bargauge.draw(panel_view(PanelKind.BARGAUGE, window(series)), 28, 6, LOOK).lines()
    assert lines[0].startswith("service-0 ")


def test_zero_is_on_the_scale_of_negative_values() -> None:
    view = panel_view(PanelKind.GAUGE, window({"a": [-16.0, -16.0], "b": [-65.0, -65.0]}))
    scale = scale_for(readings(view, LOOK), view.spec)
    assert (scale.low, scale.high) == (-80.0, 0.0)


def test_the_digits_of_all_gauges_are_of_one_size() -> None:
    view = panel_view(PanelKind.GAUGE, window({"a": [58.7] * 3, "b": [17.0] * 3}), unit="percent")
    cells = gauge.draw(view, 100, 14, LOOK)
    heights = [
        int(np.isin(half, [ord(sign) for sign in "█▀▄"]).any(axis=1).sum()) for half in np.hsplit(cells.codes, 2)
    ]
    assert heights[0] == heights[1] > 0
