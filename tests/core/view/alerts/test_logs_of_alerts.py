"""What is asked for as the logs of an alert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.alerting.picture import AlertLine
from opsdash.core.metrics.labels import labels_of
from opsdash.core.view.alerts.logs import logs_asked
from tests.fakes.alerts import ERRORS, alert


def line(logs: str, service: str = "orders") -> AlertLine:
    made = replace(ERRORS, logs=logs)
    return AlertLine(alert=alert(made, labels_of({"service": service})), rule=made, where=service)


def test_labels_are_put_in_where_the_rule_wants_them() -> None:
    assert logs_asked(line("service:{{ $labels.service }} AND level:error")) == "service:orders AND level:error"


@pytest.mark.parametrize("hostile", ["a) OR (*", 'x" OR *:*', "a b", "../*", "\\"])
def test_a_hostile_label_stays_one_term(hostile: str) -> None:
    asked = logs_asked(line("service:{{ $labels.service }}", hostile))
    bare = "".join("" if asked[at - 1] == "\\" else char for at, char in enumerate(asked) if at)
    for special in '"()* ':
        assert special not in bare.replace("\\", "")


def test_a_template_that_fails_leaves_what_was_written() -> None:
    assert logs_asked(line("{{ nothing }}")) == "{{ nothing }}"


def test_a_rule_without_logs_and_an_alert_without_a_rule_name_none() -> None:
    assert logs_asked(line("")) == ""
    assert logs_asked(replace(line("x"), rule=None)) == ""
