"""Costs: an hour and a month of 730 hours, whatever period the values are for; unknown is not free."""

from __future__ import annotations

import math

import pytest

from opsdash.core.metrics.cost import per_hour, per_thousand_requests, trend_of
from opsdash.core.view.draw.cost import draw, spending_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, Thresholds
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S)
NAN = float("nan")


def cost_of(series, requests=None, **spec):
    queries = [query_view(window(series))]
    if requests is not None:
        queries.append(query_view(window({"": requests}), name="requests"))
    spec.setdefault("unit", "currencyUSD")
    return panel_view(PanelKind.COST, view={"queries": tuple(queries), "end_s": START_S + 3600}, **spec)


def shown(view, width=46, height=9):
    return [line.rstrip() for line in draw(view, width, height, LOOK).lines()]


@pytest.mark.parametrize(("period", "hourly"), [("hour", 730.0), ("day", 730.0 / 24), ("month", 1.0)])
def test_a_price_for_any_period_becomes_one_for_an_hour(period, hourly):
    assert per_hour(730.0, period) == pytest.approx(hourly)


def test_the_first_line_has_the_hour_and_the_month():
    assert shown(cost_of({"compute": [50.0], "db": [20.0]}))[0] == "$70.00/h   $51.1k/month"
    monthly = cost_of({"compute": [7300.0]}, per="month")
    assert shown(monthly)[0].startswith("$10.00/h")


def test_components_are_listed_dearest_first_with_their_share():
    lines = shown(cost_of({"db": [20.0], "compute": [60.0]}))
    assert lines[1].startswith("compute ████")
    assert lines[1].endswith("$60.00  75%")
    assert lines[2].startswith("db ")
    assert lines[2].endswith("$20.00  25%")


def test_a_component_without_a_number_is_not_free():
    spending = spending_of(cost_of({"db": [20.0], "compute": [NAN], "cdn": [None]}), LOOK)
    assert spending.hourly == 20.0
    assert spending.unknown == 2
    lines = shown(cost_of({"db": [20.0], "compute": [NAN]}))
    assert lines[2].endswith("–")
    assert "without 1 that gave no number" in lines


def test_a_thousand_requests_have_a_price():
    assert per_thousand_requests(71.4, 1180.0) == pytest.approx(0.0168, rel=1e-2)
    assert "$0.0168 per 1,000 requests" in shown(cost_of({"all": [71.4]}, requests=[1180.0]))


def test_no_requests_is_said_and_never_divided_by():
    assert math.isnan(per_thousand_requests(1.0, 0.0))
    assert "no requests" in shown(cost_of({"all": [71.4]}, requests=[0.0]))


def test_the_requests_are_no_component():
    spending = spending_of(cost_of({"all": [1.0]}, requests=[5.0]), LOOK)
    assert [name for name, _ in spending.components] == ["all"]


def test_the_change_is_counted_only_where_all_components_are_known():
    trend = trend_of([window({"a": [10.0, 10.0, 12.0], "b": [None, 10.0, 10.0]})])
    assert trend is not None
    assert trend.since_s == START_S + 10
    assert trend.ratio == pytest.approx(0.1)
    assert trend_of([window({"a": [1.0]})]) is None


def test_the_change_is_shown_with_its_start():
    lines = shown(cost_of({"a": [10.0, 11.0]}))
    assert any(line.startswith("↑ +10.0% since 14:13:20") for line in lines)


def test_a_budget_that_is_reached_is_marked():
    assert shown(cost_of({"a": [80.0]}, thresholds=Thresholds(warning=50.0, critical=70.0)))[0].startswith("● $80.00/h")


def test_components_that_do_not_fit_are_summed():
    lines = shown(cost_of({f"c{n}": [10.0] for n in range(10)}), height=4)
    assert [line.split()[0] for line in lines[1:4]] == ["c0", "c1", "8"]


def test_currencies_come_from_the_unit():
    assert "€" in shown(cost_of({"a": [5.0]}, unit="currencyEUR"))[0]


def test_it_is_readable_at_30_by_8():
    lines = shown(cost_of({"compute": [41.2], "database": [18.5]}, requests=[1000.0]), width=28, height=6)
    assert lines[0].startswith("$59.70/h")
    assert "$41.20" in lines[1]
    assert "█" in lines[1]


def test_the_sum_of_the_rest_does_not_dwarf_the_bars_of_the_others():
    view = panel_view(PanelKind.COST, window({f"team-{n:02}": [10.0, 10.0] for n in range(30)}))
    lines = draw(view, 60, 8, LOOK).lines()
    rest = next(line for line in lines if "more" in line)
    assert "█" not in rest
    assert lines[1].count("█") > 20


def test_no_price_at_all_is_said_in_words():
    view = panel_view(PanelKind.COST, window({"a": [float("nan")] * 3}))
    lines = draw(view, 60, 8, LOOK).lines()
    assert lines[0].startswith("no price now")
    assert not any("NaN" in line for line in lines)


def test_a_price_far_below_a_cent_is_not_nothing():
    view = panel_view(PanelKind.COST, window({"a": [2e-9, 2e-9], "b": [1e-9, 1e-9]}))
    assert "$2e-9" in draw(view, 60, 8, LOOK).lines()[1]
