"""Unit tests and back-tests of rules, on plain values."""

from __future__ import annotations

import numpy as np
import pytest

from opsdash.core.alerting.machine import RuleState, advance
from opsdash.core.alerting.observation import Answered
from opsdash.core.alerting.rules import AlertRule, MissingPolicy, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.trial.backtest import replay
from opsdash.core.alerting.trial.failure import TrialWrong
from opsdash.core.alerting.trial.notation import read_labels, read_series, read_values
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.metrics.window import window_of

ORDERS = (("service", "orders"),)


def rule(for_s: float = 0.0) -> AlertRule:
    return AlertRule(
        name="High",
        group="g",
        queries=(PromQuery(source="prom", expr="x"),),
        condition=Threshold(warning=1.0, critical=5.0, clear=0.5),
        interval_s=10.0,
        for_s=for_s,
        no_data=MissingPolicy(state="keep"),
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2 3", [1, 2, 3]),
        ("0+10x3", [0, 10, 20, 30]),
        ("5-2x2", [5, 3, 1]),
        ("-1-1x1", [-1, -2]),
        ("7x2", [7, 7, 7]),
        ("0x5", [0, 0, 0, 0, 0, 0]),
        ("1 _ 2 _x2 3", [1, None, 2, None, None, 3]),
        ("1.5e1 -Inf", [15.0, -np.inf]),
        ("", []),
    ],
)
def test_values_are_written_as_in_promtool(text: str, values: list[float | None]) -> None:
    found, present = read_values(text)
    assert [value if there else None for value, there in zip(found.tolist(), present.tolist(), strict=True)] == values


@pytest.mark.parametrize("text", ["1 2 x", "1+x3", "one", "1x", "9x99999999", "stale5"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(TrialWrong):
        read_values(text)


def test_a_series_has_labels_and_no_conditions() -> None:
    assert read_series('up{job="a"}') == (("__name__", "up"), ("job", "a"))
    assert read_labels("{}") == ()
    with pytest.raises(TrialWrong, match="not conditions"):
        read_series('up{job=~"a"}')


def test_a_back_test_counts_episodes_their_length_and_their_flapping() -> None:
    values = [0, 2, 2, 6, 0.7, 0.4, 0, 2, 0, 0]
    times = [1000.0 + 10 * place for place in range(len(values))]

    found = replay(rule(), [window_of(times, [(ORDERS, values)])], times)

    assert [(one.fired_at_s, one.ended_at_s, one.severity, one.peak) for one in found.episodes] == [
        (1010, 1050, Severity.CRITICAL, 6.0),
        (1070, 1080, Severity.WARNING, 2.0),
    ]
    assert (found.firing_s, found.longest_s, found.flaps, found.only_pending) == (50.0, 40.0, 1, 0)


def test_what_is_wrong_for_less_than_its_for_only_waits() -> None:
    values = [0, 2, 0, 2, 2, 2, 2]
    times = [1000.0 + 10 * place for place in range(len(values))]

    found = replay(rule(for_s=20), [window_of(times, [(ORDERS, values)])], times)

    assert found.only_pending == 1
    assert [(one.fired_at_s, one.ended_at_s) for one in found.episodes] == [(1050, None)]
    assert found.firing_s == 10.0


def test_evaluations_without_data_are_counted() -> None:
    times = [1000.0, 1010.0, 1020.0]

    found = replay(rule(), [window_of(times[:1], [(ORDERS, [0.0])])], times)

    assert (found.without_data, found.evaluations) == (2, 3)


def test_the_threshold_that_is_told_is_that_of_the_severity_that_stands() -> None:
    state = RuleState()
    for at_s, value in ((1000.0, 2.0), (1010.0, 9.0), (1020.0, 9.0)):
        state, _ = advance(rule(for_s=20), state, Answered(readings=({ORDERS: value},)), at_s=at_s)

    ((_, alert),) = state.current()
    assert (alert.severity, alert.threshold, alert.value) == (Severity.WARNING, 1.0, 9.0)
