"""Rules and looks that the tests of the machine share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from opsdash.core.alerting.alert import Transition
from opsdash.core.alerting.machine import RuleState, advance
from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.rules import AlertRule, AnySeries, MissingPolicy, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import PromQuery

START_S = 1_790_000_000.0
INTERVAL_S = 15.0
ORDERS: Labels = (("service", "orders"),)
SEARCH: Labels = (("service", "search"),)
QUIET = MissingPolicy(state="keep")


def rule(**changed: Any) -> AlertRule:
    """Above 10 is a warning, above 20 critical; nothing is waited for unless a test says so."""
    plain = AlertRule(
        name="TooMany",
        group="shop",
        queries=(PromQuery(source="prom", expr="errors"),),
        condition=Threshold(warning=10.0, critical=20.0),
        interval_s=INTERVAL_S,
        no_data=QUIET,
        error=QUIET,
    )
    return replace(plain, **changed)


def any_series(**changed: Any) -> AlertRule:
    """Prometheus's form, critical."""
    return rule(condition=AnySeries(severity=Severity.CRITICAL), **changed)


def orders(value: float) -> Answered:
    """One series with this value."""
    return answer({ORDERS: float(value)})


def answer(*readings: Mapping[Labels, float], cut: tuple[str, ...] = ()) -> Answered:
    """What the queries gave."""
    return Answered(readings=readings, cut=cut)


NOTHING = answer({})
FAILS = Failed(message="connection refused")


def run(
    of: AlertRule,
    looks: Iterable[Observation],
    *,
    state: RuleState | None = None,
    start_s: float = START_S,
    step_s: float = INTERVAL_S,
) -> tuple[RuleState, list[list[Transition]]]:
    """The looks one after another; the last state, and the transitions of each look."""
    state = state or RuleState()
    moves = []
    for number, seen in enumerate(looks):
        state, moved = advance(of, state, seen, at_s=start_s + number * step_s)
        moves.append(list(moved))
    return state, moves


def story(moves: list[list[Transition]]) -> list[str]:
    """`pending warning`, `firing critical`, `resolved warning`, `gone`: what happened at each look."""
    return [
        ", ".join("gone" if one.is_gone else f"{one.alert.phase.value} {one.alert.severity.word}" for one in moved)
        for moved in moves
    ]
