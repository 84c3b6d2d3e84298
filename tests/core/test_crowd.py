"""Charts of more series than can be told apart: cheap, and nothing is hidden in silence."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from opsdash.core.view.crowd import MOST_LAYERS, MOST_LINES, thinned
from opsdash.core.view.drawn import OTHERS, drawn_series
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind, Thresholds
from opsdash.core.view.plotted import PlotSpan, value_range
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from tests.fakes.panel_views import START_S, panel_view, window

LOOK = Look(now_s=START_S)
STYLES = ({}, {"draw": "points"}, {"draw": "bars"}, {"draw": "area"}, {"stacked": True, "draw": "area"})


def crowd(count: int, **spec: object) -> PanelView:
    """`s0` is at 0, `s1` at 1 and so on; `s3` was at 5,000 for an instant."""
    series: dict[str, list[float | None]] = {f"s{n}": [float(n)] * 20 for n in range(count)}
    series["s3"][10] = 5000.0
    return panel_view(PanelKind.TIMESERIES, window(series), **spec)


def bottom(view: PanelView, width: int = 120) -> str:
    return paint(view, width, 24, LOOK).lines()[-1]


def test_what_is_not_drawn_is_said() -> None:
    assert "drawn: 200 of 1,000 series, the largest on average; the others dim, as their edges" in bottom(crowd(1000))
    assert "drawn: 60 of 1,000 series" in bottom(crowd(1000, stacked=True))
    assert "drawn" not in bottom(crowd(MOST_LINES))


def test_where_less_is_worse_the_smallest_are_drawn() -> None:
    view = crowd(300, thresholds=Thresholds(warning=1, below=True))
    assert "the smallest on average" in bottom(view)
    (part,) = thinned(drawn_series(view, LOOK), view.spec)
    assert part.names[0] == "s0"


def test_the_largest_are_drawn_in_their_own_colours_and_order() -> None:
    view = crowd(1000)
    (part,) = thinned(drawn_series(view, LOOK), view.spec)
    assert part.indexes == (*range(800, 1000), OTHERS, OTHERS)
    assert part.names[:2] == ("s800", "s801")


def test_a_spike_of_a_series_that_is_not_drawn_is_seen() -> None:
    cells = paint(crowd(1000), 80, 24, LOOK)
    top = cells.inks[1:4, 8:-1] & 63
    assert ((top == Role.DIM) & (cells.codes[1:4, 8:-1] > 0x2800)).any()


@pytest.mark.parametrize("spec", STYLES)
def test_the_axis_is_that_of_all_series(spec: dict[str, object]) -> None:
    view = crowd(1000, **spec)
    drawn = drawn_series(view, LOOK)
    span = PlotSpan(view.start_s, view.end_s)
    low, high, from_zero = value_range(drawn, view.spec, span)
    few = value_range(thinned(drawn, view.spec), view.spec, span)
    assert few[1:] == pytest.approx((high, from_zero))
    assert from_zero or few[0] == pytest.approx(low)


def test_a_stack_keeps_its_total() -> None:
    view = crowd(1000, stacked=True, draw="area")
    (part,) = thinned(drawn_series(view, LOOK), view.spec)
    assert len(part.names) == MOST_LAYERS + 1
    assert part.window.values.sum(axis=0) == pytest.approx(view.queries[0].window.values.sum(axis=0))


@pytest.mark.parametrize("spec", STYLES)
@pytest.mark.parametrize("look", [LOOK, replace(LOOK, ascii_only=True), replace(LOOK, monochrome=True)])
def test_every_way_of_drawing_a_crowd_works_with_gaps_and_infinities(spec: dict[str, object], look: Look) -> None:
    values: dict[str, list[float | None]] = {f"s{n}": [float(n), None, float("nan"), 1.0] for n in range(300)}
    values["s1"] = [None, float("inf"), float("-inf"), None]
    view = panel_view(PanelKind.TIMESERIES, window(values), window({"other": [1.0] * 4}), **spec)
    cells = paint(view, 60, 14, replace(look, cursor_s=START_S + 10))
    assert (cells.codes != 32).any()


def test_the_legend_counts_all_series() -> None:
    lines = paint(crowd(1000), 80, 24, LOOK).lines()
    said = next(line for line in lines if "more" in line)
    shown = sum(line.count(" s8") for line in lines)
    assert f"+{1000 - shown} more" in said


def test_a_series_without_a_value_comes_last() -> None:
    values: dict[str, list[float | None]] = {f"s{n}": [float(n)] * 3 for n in range(400)}
    values["s399"] = [None, None, None]
    view = panel_view(PanelKind.TIMESERIES, window(values))
    (part,) = thinned(drawn_series(view, LOOK), view.spec)
    assert "s399" not in part.names
    assert np.isfinite(part.window.values).all()


def moving(steps: int) -> PanelView:
    """300 series that change places all the time, seen `steps` of 10 s later."""
    rng = np.random.default_rng(5)
    values = (10 + rng.normal(size=(300, 440)).cumsum(axis=1))[:, steps : steps + 361]
    shown = window({f"s{n}": row.tolist() for n, row in enumerate(values)})
    shown = replace(shown, times=shown.times + 10.0 * steps)
    return panel_view(PanelKind.TIMESERIES, shown)


def test_a_chart_that_moves_on_does_not_change_its_lines_at_each_refresh() -> None:
    sets = []
    for steps in range(64):
        view = moving(steps)
        (part,) = thinned(drawn_series(view, LOOK), view.spec)
        sets.append(part.names)
    changes = sum(before != after for before, after in pairwise(sets))
    assert changes <= 4, "the drawn lines change where a block of time begins or ends, and nowhere else"
