"""How an alert moves, look by look."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting import round as one_round
from opsdash.core.alerting.alert import Cause, Phase
from opsdash.core.alerting.counting import BRIDGED_INTERVALS
from opsdash.core.alerting.identity import CAUSE_LABEL, LONGEST_VALUE, MOST_LABELS
from opsdash.core.alerting.machine import RuleState, advance, restored, retired
from opsdash.core.alerting.observation import Answered
from opsdash.core.alerting.rules import Absent, MissingPolicy, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.templates import Expansion, expand
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import label
from tests.core.alerting.rules_to_test import (
    FAILS,
    INTERVAL_S,
    NOTHING,
    ORDERS,
    SEARCH,
    START_S,
    answer,
    any_series,
    orders,
    rule,
    run,
    story,
)

ALERTS_OF_ITS_OWN = {
    "no_data": MissingPolicy(state="alert", for_s=30.0),
    "error": MissingPolicy(state="alert", for_s=30.0),
}


@pytest.mark.parametrize(
    ("changed", "values", "expected"),
    [
        ({}, [1, 11, 1], ["", "firing warning", "resolved warning"]),
        ({}, [10, 20, 21, 20], ["", "firing warning", "firing critical", "firing warning"]),
        ({"for_s": 30}, [11, 11, 11], ["pending warning", "", "firing warning"]),
        (
            {"for_s": 30},
            [11, 11, 1, 11, 11, 11],
            ["pending warning", "", "gone", "pending warning", "", "firing warning"],
        ),
        ({"for_s": 30}, [11, math.nan, 11], ["pending warning", "", "firing warning"]),
        ({"for_s": 30}, [21, 21, 21], ["pending critical", "", "firing critical"]),
        ({"for_s": 30}, [11, 11, 11, 21, 11], ["pending warning", "", "firing warning", "", ""]),
        ({"for_s": 30}, [11, 21, 11], ["pending warning", "pending critical", "firing warning"]),
        ({"keep_firing_for_s": 30}, [11, 1, 1, 1], ["firing warning", "", "", "resolved warning"]),
        ({"keep_firing_for_s": 30}, [11, 1, 11, 1, 1], ["firing warning", "", "", "", ""]),
        ({"keep_firing_for_s": 15}, [21, 11, 11], ["firing critical", "", "firing warning"]),
        ({}, [math.inf, -math.inf], ["firing critical", "resolved critical"]),
        ({}, [math.nan, math.nan], ["", ""]),
        ({}, [11, math.nan, math.nan], ["firing warning", "", ""]),
    ],
)
def test_an_alert_moves_as_its_values_do(changed: dict[str, float], values: list[float], expected: list[str]) -> None:
    _, moves = run(rule(**changed), [orders(value) for value in values])
    assert story(moves) == expected


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (
            Threshold(warning=10.0, clear=8.0),
            [9, 11, 9, 8],
            ["", "firing warning", "", "resolved warning"],
        ),
        (
            Threshold(warning=10.0, critical=20.0, clear=8.0),
            [21, 9, 7],
            ["firing critical", "firing warning", "resolved warning"],
        ),
        (Threshold(critical=10.0, clear=8.0), [11, 9], ["firing critical", ""]),
        (
            Threshold(below=True, warning=5.0, critical=2.0, clear=6.0),
            [5, 4, 5.5, 1, 6],
            ["", "firing warning", "", "firing critical", "resolved critical"],
        ),
        (Threshold(), [11], [""]),
    ],
)
def test_hysteresis_holds_what_fires_until_its_value_has_passed_back(
    condition: Threshold, values: list[float], expected: list[str]
) -> None:
    _, moves = run(rule(condition=condition), [orders(value) for value in values])
    assert story(moves) == expected


def test_hysteresis_does_not_hold_what_is_pending() -> None:
    _, moves = run(rule(condition=Threshold(warning=10.0, clear=8.0), for_s=15.0), [orders(11), orders(9), orders(11)])
    assert story(moves) == ["pending warning", "gone", "pending warning"]


def test_in_prometheus_form_every_series_fires_and_a_missing_one_is_over() -> None:
    both = answer({ORDERS: 0.0, SEARCH: math.nan})
    state, moves = run(any_series(), [both, orders(0.0), NOTHING])
    assert story(moves) == ["firing critical, firing critical", "resolved critical", "resolved critical"]
    assert state.health is not None
    assert state.health.state is Freshness.FRESH, "nothing is what such a rule hopes for"


def test_absent_fires_while_there_is_nothing_at_all() -> None:
    of = rule(condition=Absent(severity=Severity.CRITICAL, labels=(("job", "api"),)), for_s=15.0)
    _, moves = run(of, [orders(1), NOTHING, NOTHING, orders(math.nan)])
    assert story(moves) == ["", "pending critical", "firing critical", "resolved critical"]
    assert moves[1][0].alert.labels == (("alertname", "TooMany"), ("job", "api"))


def test_a_resolved_alert_is_seen_for_15_minutes_and_the_same_series_begins_a_new_episode() -> None:
    state, moves = run(rule(), [orders(11), orders(1), orders(11)])
    assert story(moves) == ["firing warning", "resolved warning", "firing warning"]
    assert moves[0][0].alert.episode != moves[2][0].alert.episode
    state, moves = run(rule(), [orders(11)] + [orders(1)] * 63)
    assert [one for one in story(moves) if one] == ["firing warning", "resolved warning", "gone"]
    assert story(moves)[62] == "gone"
    assert state.alerts == {}


def test_a_failed_query_moves_nothing_however_long_it_fails() -> None:
    looks = [orders(11), *[FAILS] * 500, orders(11)]
    _state, moves = run(rule(for_s=0.0), looks)
    assert [one for one in story(moves) if one] == ["firing warning"]
    _, moves = run(rule(for_s=60.0), looks)
    assert [one for one in story(moves) if one] == ["pending warning"], "the gap does not count for its `for`"


def test_short_gaps_count_for_the_wait_and_long_ones_as_one_interval() -> None:
    of = rule(for_s=45.0)
    _, moves = run(of, [orders(11), FAILS, FAILS, orders(11)])
    assert story(moves)[-1] == "firing warning"
    assert BRIDGED_INTERVALS == 3.0
    _, moves = run(of, [orders(11), *[FAILS] * 3, orders(11), orders(11), orders(11)])
    assert [one for one in story(moves) if one] == ["pending warning", "firing warning"]
    assert story(moves)[-1] == "firing warning"


@pytest.mark.parametrize("jump_s", [3_600.0, -3_600.0, 86_400.0 * 400])
def test_a_clock_that_jumps_fires_and_resolves_nothing(jump_s: float) -> None:
    of = rule(for_s=60.0, keep_firing_for_s=60.0)
    state, _ = run(of, [orders(11)] * 3)
    state, moves = run(of, [orders(11)], state=state, start_s=START_S + 45 + jump_s)
    assert story(moves) == [""]
    state, _ = run(of, [orders(11)] * 4, state=state, start_s=START_S + 60 + jump_s)
    assert [alert.phase for alert in state.alerts.values()] == [Phase.FIRING]
    state, moves = run(of, [orders(1)], state=state, start_s=START_S + 120 + jump_s)
    state, moves = run(of, [orders(1)], state=state, start_s=START_S + 135)
    assert story(moves) == [""]


def test_a_rule_that_fails_says_so_after_a_while_with_an_alert_of_its_own() -> None:
    _, moves = run(rule(**ALERTS_OF_ITS_OWN), [orders(11), FAILS, FAILS, FAILS, FAILS, orders(11)])
    assert story(moves) == ["firing warning", "", "", "firing warning", "", "resolved warning"]
    own = moves[3][0].alert
    assert (own.cause, own.message, label(own.labels, CAUSE_LABEL)) == (Cause.ERROR, "connection refused", "error")
    assert own.active_at_s == START_S + INTERVAL_S


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("alert", ["firing warning", "", "", "firing warning", "resolved warning"]),
        ("ok", ["firing warning", "", "", "resolved warning", "firing warning"]),
        ("keep", ["firing warning", "", "", "", ""]),
    ],
)
def test_no_data_does_what_the_rule_says_after_its_own_wait(policy: str, expected: list[str]) -> None:
    of = rule(no_data=MissingPolicy(state=policy, for_s=30.0))  # type: ignore[arg-type]
    _, moves = run(of, [orders(11), NOTHING, NOTHING, NOTHING, orders(11)])
    assert story(moves) == expected


def test_a_value_that_is_nan_is_no_data() -> None:
    state, moves = run(rule(**ALERTS_OF_ITS_OWN), [orders(math.nan)] * 3)
    assert story(moves) == ["", "", "firing warning"]
    assert moves[2][0].alert.message == "its values are all NaN"
    assert state.health is not None
    assert state.health.state is Freshness.NO_DATA


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("alert", "firing warning"), ("ok", "resolved warning"), ("keep", "")],
)
def test_a_series_that_vanishes_beside_others_is_not_healthy(policy: str, expected: str) -> None:
    of = rule(no_data=MissingPolicy(state=policy, for_s=30.0))  # type: ignore[arg-type]
    both, one = answer({ORDERS: 11.0, SEARCH: 1.0}), answer({SEARCH: 1.0})
    state, moves = run(of, [both, one, one, one])
    assert story(moves) == ["firing warning", "", "", expected]
    if policy == "alert":
        assert moves[3][0].alert.cause is Cause.NO_DATA
        _, moves = run(of, [both, answer({ORDERS: 1.0, SEARCH: 1.0})], state=state, start_s=START_S + 60)
        assert story(moves) == ["firing warning", "resolved warning"]
        assert [found.alert.cause for found in (moves[0][0], moves[1][0])] == [Cause.VALUE, Cause.VALUE]


def test_a_series_that_was_gone_for_a_day_is_over() -> None:
    of = rule(interval_s=3_600.0)
    looks = [answer({ORDERS: 11.0, SEARCH: 1.0}), *[answer({SEARCH: 1.0})] * 25]
    _, moves = run(of, looks, step_s=3_600.0)
    assert [one for one in story(moves) if one] == ["firing warning", "resolved warning"]
    assert story(moves)[25] == "resolved warning"


def test_a_cut_answer_resolves_nothing_that_is_not_in_it() -> None:
    cut = answer({SEARCH: 1.0}, cut=("kept 1 of 2 series",))
    state, moves = run(any_series(), [orders(1), cut, cut])
    assert [one.alert.labels[1] for moved in moves for one in moved] == [("service", "orders"), ("service", "search")]
    assert state.health is not None
    assert state.health.message == "kept 1 of 2 series"
    _, moves = run(any_series(), [orders(1), answer({}, cut=("too large",))])
    assert story(moves) == ["firing critical", ""]


def test_two_series_with_one_label_set_are_an_error_and_move_nothing() -> None:
    of = rule(labels=(("service", "all"),))
    state, moves = run(of, [answer({ORDERS: 99.0, SEARCH: 1.0})])
    assert story(moves) == [""]
    assert state.health is not None
    assert state.health.state is Freshness.ERROR
    assert state.health.message == (
        'two of its series have the same labels once the rule\'s are added: {alertname="TooMany", service="all"}'
    )


def test_more_alerts_than_are_kept_are_counted_in_words() -> None:
    many = answer({(("pod", f"p{number}"),): 99.0 for number in range(one_round.MOST_ALERTS + 5)})
    state, _ = run(rule(), [many])
    assert len(state.alerts) == one_round.MOST_ALERTS
    assert state.health is not None
    assert state.health.message == "10,005 of its series are wrong; alerts are kept for 10,000 of them"


def test_hostile_labels_are_bounded_and_stay_apart() -> None:
    long = answer({(("a", "x" * 20_000 + end),): 99.0 for end in ("1", "2")})
    state, _ = run(rule(), [long])
    assert len(state.alerts) == 2
    assert all(len(value) <= LONGEST_VALUE for alert in state.alerts.values() for _, value in alert.labels)
    odd = answer({(("__name__", "m"), ("bad", "\ud800\x1b[31m"), *((f"l{n:03}", "v") for n in range(500))): 99.0})
    state, _ = run(rule(), [odd])
    (labels,) = state.alerts
    assert len(labels) <= MOST_LABELS
    assert label(labels, "alertname") == "TooMany"
    assert label(labels, "bad") == "?\x1b[31m"
    assert label(labels, "__name__") == ""


def test_a_template_that_fails_is_the_text_and_is_said() -> None:
    of = rule(
        annotations=(("summary", "{{ nosuch }}"), ("runbook", "https://x")), labels=(("at", "{{ $labels.service }}"),)
    )
    state, moves = advance(of, RuleState(), orders(11), at_s=START_S, expand=expand)
    alert = moves[0].alert
    assert label(alert.labels, "at") == "orders"
    assert dict(alert.annotations)["summary"].startswith("<error expanding template: ")
    assert state.health is not None
    assert state.health.message.startswith("the template of its annotation summary fails: ")


def test_annotations_are_expanded_when_the_alert_moves() -> None:
    def shown(template: str, given_: Expansion) -> str:
        return f"{dict(given_.labels)['service']}={given_.value}"

    of = rule(annotations=(("summary", "{{ it }}"),))
    state, moves = advance(of, RuleState(), orders(11), at_s=START_S, expand=shown)
    assert moves[0].alert.annotations == (("summary", "orders=11.0"),)
    _, moves = advance(of, state, orders(21), at_s=START_S + 15, expand=shown)
    assert moves[0].alert.annotations == (("summary", "orders=21.0"),)


def test_a_label_that_depends_on_the_value_is_part_of_what_an_alert_is_known_by() -> None:
    of = any_series(labels=(("size", "{{ if gt $value 10.0 }}big{{ else }}small{{ end }}"),))
    state, _ = advance(of, RuleState(), orders(1.0), at_s=START_S, expand=expand)
    state, moves = advance(of, state, orders(11.0), at_s=START_S + 15, expand=expand)
    assert sorted((one.alert.phase.value, label(one.alert.labels, "size")) for one in moves) == [
        ("firing", "big"),
        ("resolved", "small"),
    ]


def test_what_was_counted_for_another_condition_does_not_count() -> None:
    state, _ = run(rule(for_s=30.0), [orders(11), orders(11)])
    stricter = rule(for_s=30.0, condition=Threshold(warning=5.0))
    _, moves = run(stricter, [orders(11)] * 3, state=state, start_s=START_S + 30)
    assert story(moves) == ["", "", "firing warning"]
    same = rule(for_s=30.0, annotations=(("summary", "new"),))
    _, moves = run(same, [orders(11)], state=state, start_s=START_S + 30)
    assert story(moves) == ["firing warning"]


def test_alerts_that_a_changed_rule_would_call_otherwise_are_over_and_say_so() -> None:
    state, _ = run(rule(labels=(("team", "shop"),)), [orders(11)])
    _, moves = run(rule(labels=(("team", "pay"),)), [orders(11)], state=state, start_s=START_S + 15)
    assert [(one.alert.phase, one.why) for one in moves[0]] == [
        (Phase.FIRING, ""),
        (Phase.RESOLVED, "the rule was changed: it names its alerts otherwise now"),
    ]


def test_a_rule_that_was_changed_while_its_queries_failed_calls_its_alerts_by_their_new_names() -> None:
    state, _ = run(rule(labels=(("team", "shop"),)), [orders(1)])
    _, moves = run(rule(labels=(("team", "pay"),)), [FAILS, orders(11)], state=state, start_s=START_S + 15)
    assert label(moves[1][0].alert.labels, "team") == "pay"


def test_the_alerts_of_a_rule_that_is_gone_are_over() -> None:
    state, _ = run(rule(), [orders(11)])
    (move,) = retired(state, at_s=START_S + 15)
    assert (move.alert.phase, move.why, move.is_gone) == (Phase.RESOLVED, "the rule is gone", False)
    state, _ = run(rule(for_s=60.0), [orders(11)])
    (move,) = retired(state, at_s=START_S + 15)
    assert move.is_gone


def test_the_wait_goes_on_after_a_restart() -> None:
    of = rule(for_s=60.0)
    state, _ = run(of, [orders(11)] * 3)
    again = restored(of, state.alerts.values(), at_s=START_S + 44, health=state.health)
    assert again.alerts == dict(state.alerts)
    _, moves = run(of, [orders(11)] * 2, state=again, start_s=START_S + 45)
    assert story(moves) == ["", "firing warning"]
    late = restored(of, state.alerts.values(), at_s=START_S + 4_000, health=state.health)
    _, moves = run(of, [orders(11)] * 2, state=late, start_s=START_S + 4_000)
    assert story(moves) == ["", "firing warning"], "the long gap counted as one interval"


def test_without_the_document_of_its_rule_a_wait_begins_anew() -> None:
    of = rule(for_s=30.0)
    state, _ = run(of, [orders(11)])
    again = restored(of, state.alerts.values(), at_s=START_S + 15)
    _, moves = run(of, [orders(11)] * 3, state=again, start_s=START_S + 15)
    assert story(moves) == ["", "", "firing warning"]


def test_steady_alerts_are_the_same_values_and_their_newest_readings_are_in_the_health() -> None:
    before, _ = run(rule(), [orders(11)])
    after, moves = run(rule(), [orders(12)], state=before, start_s=START_S + 15)
    ((labels, alert),) = after.alerts.items()
    assert before.alerts[labels] is alert
    assert moves == [[]]
    assert after.health is not None
    assert after.health.values == {alert.fingerprint: 12.0}
    assert [(series, one.value) for series, one in after.current()] == [(ORDERS, 12.0)]


@given(
    st.lists(st.sampled_from([1.0, 11.0, 21.0, None]), max_size=30),
    st.sampled_from([0, 15, 30]),
    st.sampled_from([0, 15, 30]),
)
def test_the_machine_agrees_with_a_slow_one_that_reads_the_whole_history(
    values: list[float | None], for_s: float, keep_s: float
) -> None:
    of = rule(for_s=for_s, keep_firing_for_s=keep_s)
    state = RuleState()
    for number, value in enumerate(values):
        seen = FAILS if value is None else Answered(readings=({ORDERS: value},))
        state, _ = advance(of, state, seen, at_s=START_S + number * INTERVAL_S)
        alerts = [alert for alert in state.alerts.values() if alert.phase is Phase.FIRING]
        assert (alerts[0].severity if alerts else 0) == slow(values[: number + 1], for_s, keep_s)


def slow(values: list[float | None], for_s: float, keep_s: float) -> int:
    """The highest severity that fires: each level by itself, over everything that was ever seen."""
    highest = 0
    for severity, limit in ((2, 10.0), (3, 20.0)):
        fires, runs = False, []
        for number, value in enumerate(values):
            if value is None:
                continue
            wrong = value > limit
            runs = [*runs, number] if wrong is not fires else []
            if runs and waited(runs) >= (keep_s if fires else for_s):
                fires, runs = not fires, []
        highest = severity if fires else highest
    return highest


def waited(looks: list[int]) -> float:
    """Seconds between looks: up to three intervals whole, a longer gap as one."""
    steps = [after - before for before, after in itertools.pairwise(looks)]
    return sum(step if step <= 3 else 1 for step in steps) * INTERVAL_S
