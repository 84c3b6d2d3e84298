"""A glance says that something changed exactly when somebody could be told something new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.alerting.glance import glanced
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.severity import Severity
from tests.fakes.books import NOW_S, ack, alert

FIRES = AlertLine(alert=alert(), rule=None, where="orders")
OTHER = AlertLine(alert=alert("Other"), rule=None, where="orders")


def changes(before: list[AlertLine], after: list[AlertLine]) -> bool:
    return glanced(glanced(None, before)[0], after)[1]


def test_a_new_value_changes_nothing_and_the_order_does_not_either() -> None:
    measured = replace(FIRES, alert=replace(FIRES.alert, value=0.09))
    assert not changes([FIRES, OTHER], [OTHER, measured])


@pytest.mark.parametrize(
    "after",
    [
        [],
        [OTHER],
        [FIRES, OTHER],
        [replace(FIRES, ack=ack(FIRES.alert))],
        [replace(FIRES, maintenance="the move")],
        [replace(FIRES, alert=replace(FIRES.alert, severity=Severity.WARNING))],
        [replace(FIRES, alert=replace(FIRES.alert, fired_at_s=NOW_S))],
    ],
    ids=["gone", "another", "one more", "owned", "expected", "severity", "again"],
)
def test_what_somebody_could_be_told_of_is_a_change(after: list[AlertLine]) -> None:
    assert changes([FIRES], after)


def test_a_change_is_seen_once() -> None:
    first, _ = glanced(None, [FIRES])
    second, has_changed = glanced(first, [FIRES, OTHER])
    assert has_changed
    assert not glanced(second, [FIRES, OTHER])[1]
