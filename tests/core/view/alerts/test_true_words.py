"""What the alert screens say is what is: values of now beside a summary of then, units, pairs of windows."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC

import pytest

from opsdash.core.alerting.alert import Phase, Transition
from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.journal import entries_of
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, RuleLine
from opsdash.core.alerting.rules import Absent, AnySeries, BurnRate, Condition, Deviation, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.audit import NewEntry
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.alerts.card import BY_HAND, CardLook, draw_card, standing_text, suggested
from opsdash.core.view.alerts.rule_table import condition_words, rule_words
from opsdash.core.view.alerts.slo_table import draw_slos, slo_words
from opsdash.core.view.alerts.timeline import said_of
from opsdash.core.view.alerts.triage_table import TableLook, draw_table
from opsdash.core.view.cells import Cells
from tests.fakes.alerts import ERRORS, POOL, flash_sale, health, lines, rule
from tests.fakes.engine import NOW_S


def text(cells: Cells) -> str:
    return "\n".join(line.rstrip() for line in cells.lines())


def moved(**more: object) -> NewEntry:
    """The entry of an alert of ERRORS that fires."""
    alert = replace(lines()[0].alert, **more)  # type: ignore[arg-type]
    before = replace(alert, phase=Phase.PENDING)
    return entries_of([Transition(alert=alert, before=before, at_s=NOW_S)])[0]


def test_since_when_it_fires_is_not_since_when_it_is_critical() -> None:
    said = standing_text(lines()[0], NOW_S, UTC)
    assert said == "critical, firing 6m since 14:07:20: now 5.8% > 5%"


def test_a_card_without_room_for_a_chart_still_shows_the_last_hour() -> None:
    drawn = text(draw_card(lines()[0], flash_sale(), 78, 9, CardLook(now_s=NOW_S)))
    assert "Last hour " in drawn
    assert "▇" in drawn


def test_actions_that_are_not_carried_out_say_so_however_long_their_names_are() -> None:
    line = replace(lines()[0], rule=replace(ERRORS, actions=("x" * 300,)))
    assert suggested(line, 100).endswith(BY_HAND)
    assert len(suggested(line, 100)) <= 100


def test_the_history_has_the_values_in_the_unit_of_the_rule() -> None:
    assert said_of(moved(), ERRORS) == "fires, critical: 5.8% > 5%"
    assert said_of(moved(below=True, value=0.01), ERRORS) == "fires, critical: 1% < 5%"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_history_without_a_number_keeps_its_words(value: float) -> None:
    entry = moved(value=value)
    assert said_of(entry, ERRORS) == entry.text


def test_a_history_whose_rule_is_gone_keeps_its_plain_numbers() -> None:
    assert said_of(moved(), None) == "HighErrorRatio fires, critical, 0.058 above 0.05"


def test_one_window_that_burns_is_no_alert_and_has_no_mark() -> None:
    slo = SloStatus(
        name="orders", objective=0.999, window_s=30 * 86_400, at_s=NOW_S, budget_left=0.5,
        burn_rates={"5m": 20.0, "1h": 1.7, "6h": 2.0, "3d": 1.5},
    )  # fmt: skip
    drawn = text(draw_slos((slo,), 170, 3, NOW_S))
    assert "●" not in drawn
    assert "▲ 2.0×" in drawn
    assert "▲ 1.5×" in drawn


def test_an_slo_says_what_its_budget_is_in_time() -> None:
    slo = SloStatus(name="orders", objective=0.999, window_s=30 * 86_400, at_s=NOW_S, budget_left=0.25)
    assert slo_words(slo).startswith(
        "75% of the budget of 30d is spent; what is left is 10m48s in which everything fails, of 43m12s."
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Threshold(warning=0.01, critical=0.05, clear=0.005), "> 1% warning, > 5% critical, over at 0.5%"),
        (Threshold(critical=0.9, below=True), "< 90% critical"),
        (AnySeries(severity=Severity.WARNING), "any series, warning"),
        (Absent(severity=Severity.CRITICAL), "no series at all, critical"),
        (Deviation(earlier_s=86_400, threshold=Threshold(warning=0.5)), "> 50% warning off 1d before"),
        (
            BurnRate(slo="x", objective=0.999, windows_s=()),
            "burning > 14.4× critical, > 6× critical, > 1× warning",
        ),
    ],
)
def test_a_rule_says_when_it_is_wrong(condition: Condition, words: str) -> None:
    assert condition_words(rule("R", condition, unit="percentunit")) == words


def test_a_rule_that_fails_says_when_it_was_last_answered() -> None:
    failing = health(POOL, state=Freshness.ERROR, answered_at_s=NOW_S - 600)
    line = RuleLine(rule=POOL, health=failing, is_late=False)
    assert rule_words(line, NOW_S) == "shop/PoolWaiting: > 0 warning, for 5m, every 15s, last answered 10m ago"


def test_a_small_chart_shows_the_level_that_the_alert_is_held_against() -> None:
    small = text(draw_card(lines()[0], flash_sale(), 118, 13, CardLook(now_s=NOW_S)))
    assert "5%┼" in small
    assert "1%┼" not in small
    assert "1%┼" in text(draw_card(lines()[0], flash_sale(), 118, 24, CardLook(now_s=NOW_S)))


# --- what is not seen now


def failing(**more: object) -> AlertsPicture:
    """The flash sale while the source of its first rule fails."""
    bad = health(ERRORS, state=Freshness.ERROR, message="prom did not answer", answered_at_s=NOW_S - 240, **more)
    rules = tuple(replace(line, health=bad) if line.rule is ERRORS else line for line in flash_sale().rules)
    return flash_sale(rules=rules)


def long_ago() -> AlertLine:
    return replace(lines()[0], alert=replace(lines()[0].alert, seen_at_s=0.0))


def test_a_value_that_nobody_can_see_now_says_since_when() -> None:
    drawn = text(draw_card(long_ago(), failing(), 118, 16, CardLook(now_s=NOW_S)))
    assert "critical, firing 6m since 14:07:20: 5.8% > 5% when last seen, 4m ago" in drawn


def test_the_table_marks_values_that_nobody_can_see_now() -> None:
    drawn = text(draw_table((long_ago(), *lines()[1:]), failing(), 118, 9, TableLook(now_s=NOW_S)))
    assert "⟲ 5.8%" in drawn
    assert "⟲ 14.9×" not in drawn
    assert "⟲ no data" not in drawn


def test_until_when_is_seen_however_long_the_names_are() -> None:
    ack = lines()[2].ack
    assert ack is not None
    line = replace(lines()[2], ack=replace(ack, owner="한국어" * 30, by="x" * 300))
    assert "until 18:11: the pool, I think" in text(draw_card(line, flash_sale(), 118, 16, CardLook(now_s=NOW_S)))


def test_a_foreign_alert_says_whose_it_is_where_ours_say_the_threshold() -> None:
    alert = replace(lines()[0].alert, rule="", origin="am", hubs=("am", "am2"), value=math.nan, threshold=None)
    line = AlertLine(alert=alert, rule=None, where="orders")
    assert "@am" in text(draw_table((line,), flash_sale(), 118, 3, TableLook(now_s=NOW_S)))
    assert standing_text(line, NOW_S, UTC).endswith(": told by am, am2")
