"""Deviation and burn rates: what is wrong, what is healthy, and what nobody knows."""

from __future__ import annotations

import math

import pytest

from opsdash.core.alerting.conditions.burn_rate import burn_rate, verdict_on
from opsdash.core.alerting.conditions.deviation import share
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.machine import RuleState, advance
from opsdash.core.alerting.observation import Failed
from opsdash.core.alerting.rules import BurnRate, Deviation, MissingPolicy, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.slo_status import slo_status
from opsdash.core.alerting.spec import Slo
from opsdash.core.metrics.freshness import Freshness
from tests.core.alerting.rules_to_test import FAILS, ORDERS, SEARCH, START_S, answer, orders, rule, run, story

WINDOWS_S = (300.0, 1_800.0, 3_600.0, 21_600.0, 259_200.0, 2_592_000.0)
BURN = BurnRate(slo="checkout", objective=0.999, windows_s=WINDOWS_S)
SLO = Slo(name="checkout", objective=0.999, window_s=2_592_000.0, source="prom", good="good", total="total")


@pytest.mark.parametrize(
    ("now", "then", "direction", "expected"),
    [
        (150.0, 100.0, "both", 0.5),
        (50.0, 100.0, "both", 0.5),
        (50.0, 100.0, "up", -0.5),
        (50.0, 100.0, "down", 0.5),
        (-50.0, -100.0, "up", 0.5),
        (0.0, 0.0, "both", 0.0),
        (1.0, 0.0, "both", math.inf),
        (1.0, 0.0, "down", -math.inf),
    ],
)
def test_a_deviation_is_a_share_of_what_was_then(now: float, then: float, direction: str, expected: float) -> None:
    assert share(now, then, direction) == expected


@pytest.mark.parametrize(("now", "then"), [(math.nan, 1.0), (1.0, math.nan), (math.inf, math.inf)])
def test_a_deviation_from_or_of_nothing_is_not_known(now: float, then: float) -> None:
    assert math.isnan(share(now, then, "both"))


def test_a_rule_on_a_deviation_fires_on_what_differs_from_yesterday() -> None:
    of = rule(condition=Deviation(earlier_s=86_400.0, threshold=Threshold(warning=0.5, critical=1.0), direction="up"))
    then = {ORDERS: 100.0, SEARCH: 100.0}
    state, moves = run(of, [answer({ORDERS: 160.0, SEARCH: 10.0}, then), answer({ORDERS: 210.0, SEARCH: 10.0}, then)])
    assert story(moves) == ["firing warning", "firing critical"]
    assert moves[0][0].alert.value == pytest.approx(0.6)
    assert state.health is not None
    assert state.health.state is Freshness.FRESH


def test_a_deviation_without_a_yesterday_is_no_data_and_says_why() -> None:
    of = rule(
        condition=Deviation(earlier_s=86_400.0, threshold=Threshold(warning=0.5)),
        no_data=MissingPolicy(state="alert", for_s=0.0),
    )
    state, moves = run(of, [answer({ORDERS: 160.0}, {})])
    assert moves[0][0].alert.message == "there is no value of 1d ago to compare with"
    assert state.health is not None
    assert state.health.state is Freshness.NO_DATA


def test_fewer_answers_than_queries_are_a_failure() -> None:
    of = rule(condition=Deviation(earlier_s=86_400.0, threshold=Threshold(warning=0.5)))
    state, moves = advance(of, RuleState(), orders(1), at_s=START_S)
    assert moves == ()
    assert state.health is not None
    assert state.health.message == "only 1 of its 2 queries were answered"


@pytest.mark.parametrize(
    ("rates", "level", "value"),
    [
        ({300: 20, 3_600: 15, 1_800: 20, 21_600: 15, 259_200: 3}, Severity.CRITICAL, 15),
        ({300: 1, 3_600: 15, 1_800: 20, 21_600: 7, 259_200: 3}, Severity.CRITICAL, 7),
        ({300: 1, 3_600: 15, 1_800: 2, 21_600: 7, 259_200: 3}, Severity.WARNING, 3),
        ({300: 14.4, 3_600: 14.4, 1_800: 6, 21_600: 1, 259_200: 1}, 0, 14.4),
        ({300: 99, 3_600: 1, 1_800: 1, 21_600: 1, 259_200: 0.5}, 0, 1),
        ({3_600: 1, 21_600: 1, 259_200: 0.5}, 0, 1),
    ],
)
def test_a_budget_burns_when_both_windows_do(rates: dict[float, float], level: int, value: float) -> None:
    verdict = verdict_on(BURN, rates)
    assert verdict is not None
    assert (verdict.level, verdict.value) == (level, value)


@pytest.mark.parametrize("rates", [{}, {3_600.0: 20.0, 21_600.0: 1.0, 259_200.0: 0.5}])
def test_a_budget_of_which_a_window_is_missing_is_not_healthy(rates: dict[float, float]) -> None:
    assert verdict_on(BURN, rates) is None


@pytest.mark.parametrize(
    ("ratio", "objective", "expected"), [(0.001, 0.999, 1.0), (0.0, 1.0, 0.0), (0.1, 1.0, math.inf), (1.0, 0.9, 10.0)]
)
def test_a_burn_rate_of_1_is_what_is_allowed(ratio: float, objective: float, expected: float) -> None:
    assert burn_rate(ratio, objective) == pytest.approx(expected)


def test_a_rule_on_an_slo_fires_and_is_over_when_the_short_window_is() -> None:
    of = rule(condition=BURN)
    bad = answer(*({(): 0.02} for _ in WINDOWS_S))
    better = answer({(): 0.0}, *({(): 0.02} for _ in WINDOWS_S[1:4]), {(): 0.0}, {(): 0.0})
    good = answer(*({(): 0.0} for _ in WINDOWS_S))
    _, moves = run(of, [bad, better, good])
    assert story(moves) == ["firing critical", "", "resolved critical"]
    assert moves[0][0].alert.value == pytest.approx(20.0)
    assert moves[0][0].alert.threshold == 14.4


def test_the_status_of_an_slo_is_what_is_left_of_its_budget() -> None:
    ratios = (0.002, 0.001, 0.0005, 0.0004, 0.0003, 0.00025)
    status = slo_status(SLO, BURN, answer(*({(): ratio} for ratio in ratios)), at_s=START_S)
    assert status.budget_left == pytest.approx(0.75)
    assert list(status.burn_rates) == ["5m", "30m", "1h", "6h", "3d", "30d"]
    assert status.burn_rates["5m"] == pytest.approx(2.0)
    assert status.message == ""


def test_an_slo_whose_queries_fail_keeps_its_last_numbers_with_the_reason() -> None:
    before = slo_status(SLO, BURN, answer(*({(): 0.0005} for _ in WINDOWS_S)), at_s=START_S)
    after = slo_status(SLO, BURN, FAILS, at_s=START_S + 15, before=before)
    assert (after.budget_left, after.at_s, after.message) == (before.budget_left, START_S, "connection refused")
    unknown: SloStatus = slo_status(SLO, BURN, Failed(message="\x1b[31mno"), at_s=START_S)
    assert math.isnan(unknown.budget_left)
    assert "\x1b" not in unknown.message
    assert slo_status(SLO, BURN, answer({}), at_s=START_S).message == "only 1 of its 6 queries were answered"


def test_an_slo_is_as_its_worst_series_and_without_events_it_is_not_known() -> None:
    status = slo_status(SLO, BURN, answer(*({ORDERS: 0.0, SEARCH: 0.001} for _ in WINDOWS_S)), at_s=START_S)
    assert status.budget_left == pytest.approx(0.0)
    assert status.message == "2 series; the worst counts"
    nothing = slo_status(SLO, BURN, answer(*({(): math.nan} for _ in WINDOWS_S)), at_s=START_S)
    assert math.isnan(nothing.budget_left)
    assert nothing.message == "there was no event in 30d"
