"""`alerts:`, `slos:`, `notify:` and `store:`: what becomes of them, and what is refused."""

# ruff: noqa: E501 - a line a mistake reads better than two

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config import load
from opsdash.core.alerting.rules import Absent, AnySeries, BurnRate, Deviation, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.metrics.queries import EsQuery, PromQuery

HEAD = """\
version: 1
refresh: 10s
sources:
  prom: {kind: prometheus, url: "http://127.0.0.1:9090"}
  logs: {kind: elasticsearch, url: "http://127.0.0.1:9200"}
  am: {kind: alertmanager, url: "http://127.0.0.1:9093"}
dashboards: [{title: D, panels: [{title: P, kind: text, text: hi}]}]
"""


def alerting(folder: Path, text: str) -> AlertingSpec:
    file = folder / "opsdash.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    loaded = load(file)
    assert loaded.board is not None, loaded.problems
    return loaded.board.alerting


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "opsdash.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return [f"{problem.key}: {problem.message}" for problem in load(file).problems]


def rules(*lines: str) -> str:
    return "alerts: {groups: [{name: g, interval: 5s, rules: [" + ", ".join(lines) + "]}]}\n"


def test_each_form_of_a_rule_becomes_its_condition(tmp_path: Path) -> None:
    text = rules(
        "{alert: A, source: prom, expr: x, above: {warning: 1, critical: 2}, clear: 0.5, for: 1m}",
        "{alert: B, source: prom, expr: up == 0, severity: critical}",
        "{alert: C, source: prom, expr: 'up{job=\"a\"}', absent: true, severity: info}",
        "{alert: D, source: prom, expr: x, deviation: {than: 1d, both: {warning: 50%}}}",
        "{alert: E, source: logs, query: 'level:error', group_by: service, above: 10}",
    )
    by_threshold, any_series, absent, deviation, logs = alerting(tmp_path, text).groups[0].rules

    assert by_threshold.condition == Threshold(warning=1, critical=2, clear=0.5)
    assert (by_threshold.for_s, by_threshold.interval_s, by_threshold.id) == (60, 5, "g/A")
    assert any_series.condition == AnySeries(severity=Severity.CRITICAL)
    assert any_series.no_data.state == "ok"
    assert absent.condition == Absent(severity=Severity.INFO, labels=(("job", "a"),))
    assert deviation.condition == Deviation(earlier_s=86_400, threshold=Threshold(warning=0.5))
    assert [query.offset_s for query in deviation.queries] == [0, 86_400]
    assert logs.queries == (
        EsQuery(source="logs", query="level:error", metric=logs.queries[0].metric, group_by=("service",), groups=100,
                interval_s=60.0),
    )  # fmt: skip
    assert logs.condition == Threshold(critical=10)


@pytest.mark.parametrize(
    ("written", "share"), [("100%", 1.0), ("250 %", 2.5), ("0.5", 0.5), ("3", 3.0), ("12.5%", 0.125)]
)
def test_a_deviation_may_be_of_all_that_it_was_and_more(tmp_path: Path, written: str, share: float) -> None:
    line = f"{{alert: D, source: prom, expr: x, deviation: {{than: 1w, above: {{critical: {written}}}}}}}"
    (rule,) = alerting(tmp_path, rules(line)).groups[0].rules
    assert rule.condition == Deviation(earlier_s=7 * 86_400, threshold=Threshold(critical=share), direction="up")


@pytest.mark.parametrize(
    ("written", "said"),
    [("0%", "not above 0"), ("-1", "not above 0"), ("much", "not a share"), ("5 percent", "write 50% or 0.5")],
)
def test_a_deviation_that_is_no_share_says_how_one_is_written(tmp_path: Path, written: str, said: str) -> None:
    line = f"{{alert: D, source: prom, expr: x, deviation: {{than: 1w, above: {{critical: {written}}}}}}}"
    assert [one for one in problems(tmp_path, rules(line)) if "deviation.above.critical" in one and said in one]


def test_rules_of_one_name_are_told_apart_by_a_label_and_have_an_id_each(tmp_path: Path) -> None:
    text = rules(
        "{alert: A, source: prom, expr: x > 1, labels: {severity: warning}}",
        "{alert: A, source: prom, expr: x > 2, labels: {severity: critical}}",
    )
    first, second = alerting(tmp_path, text).groups[0].rules
    assert (first.id, second.id) == ("g/A", "g/A#2")
    assert problems(tmp_path, text) == []


def test_rules_of_one_name_that_only_a_template_tells_apart_are_refused(tmp_path: Path) -> None:
    text = rules(
        "{alert: A, source: prom, expr: x > 1, labels: {severity: warning}}",
        "{alert: A, source: prom, expr: x > 2, labels: {severity: '{{ $labels.how }}'}}",
    )
    assert [
        one
        for one in problems(tmp_path, text)
        if 'a second rule "A" in this group' in one and "severity: critical" in one
    ]


def test_rules_of_one_name_in_two_groups_are_warned_of_unless_a_label_differs(tmp_path: Path) -> None:
    def two(label: str) -> str:
        rule = "{{alert: A, source: prom, expr: x, above: 1, labels: {{team: {}}}}}"
        return f"alerts: {{groups: [{{name: a, rules: [{rule.format('x')}]}}, {{name: b, rules: [{rule.format(label)}]}}]}}\n"

    assert [one for one in problems(tmp_path, two("x")) if "one ends the other's alert" in one]
    assert problems(tmp_path, two("y")) == []


def test_two_rules_that_the_store_would_call_the_same_are_refused(tmp_path: Path) -> None:
    text = (
        "alerts: {groups: [{name: a, rules: [{alert: b/c, source: prom, expr: x, above: 1}]},"
        " {name: a/b, rules: [{alert: c, source: prom, expr: x, above: 1}]}]}\n"
    )
    assert [one for one in problems(tmp_path, text) if '"a/b/c" is what' in one and "rename one" in one]


def test_an_objective_is_a_rule_that_asks_for_every_window(tmp_path: Path) -> None:
    text = "slos: [{name: s, objective: 99.9%, window: 30d, source: prom, good: 'sum(rate(g[$window]))', total: 'sum(rate(t[$window]))'}]\n"
    (rule,) = alerting(tmp_path, text).groups[0].rules

    assert isinstance(rule.condition, BurnRate)
    assert rule.condition.windows_s == (300, 1_800, 3_600, 21_600, 259_200, 2_592_000)
    assert rule.queries[0] == PromQuery(source="prom", expr="1 - (sum(rate(g[5m]))) / (sum(rate(t[5m])))", instant=True)


def test_a_store_beside_the_configuration_and_one_by_its_path(tmp_path: Path) -> None:
    assert alerting(tmp_path, 'store: {url: "sqlite://state.db"}\n').store == f"sqlite://{tmp_path}/state.db"
    assert alerting(tmp_path, 'store: {url: "sqlite:///var/x.db"}\n').store == "sqlite:///var/x.db"


def test_nothing_said_of_alerts_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(HEAD.replace('  am: {kind: alertmanager, url: "http://127.0.0.1:9093"}\n', ""))
    board = load(file).board
    assert board is not None
    assert board.alerting.is_empty


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{alert: A, source: promm, expr: x, above: 1}", 'alerts.groups[0].rules[0].source: there is no source "promm"'),
        ("{alert: A, source: prom, expr: 'sum(', above: 1}", "rules[0].expr: 1:5: parse error"),
        ("{alert: A, source: prom, expr: 'x[5m]', above: 1}", "rules[0].expr: gives a"),
        ("{alert: A, source: prom, expr: 'x{a=\"$b\"}', above: 1}", "rules[0].expr: $b: a rule is evaluated for everybody"),
        ("{alert: A, source: prom, query: x, above: 1}", "a Prometheus source takes no query; did you mean expr?"),
        ("{alert: A, source: logs, expr: x, above: 1}", "an Elasticsearch source takes no expr; did you mean query?"),
        ("{alert: A, source: prom, above: 1}", "expr is missing"),
        ("{alert: A, source: prom, expr: x}", "neither above nor below nor severity"),
        ("{alert: A, source: prom, expr: x, above: 1, below: 1}", "below beside above"),
        ("{alert: A, source: prom, expr: x, above: {warning: 5, critical: 1}}", "critical (1) would come before warning (5)"),
        ("{alert: A, source: prom, expr: x, below: {warning: 1, critical: 5}}", "critical (5) would come before warning (1)"),
        ("{alert: A, source: prom, expr: x, above: 1, clear: 2}", "2 has to be below the first level, 1"),
        ("{alert: A, source: prom, expr: x, below: 1, clear: 0.5}", "0.5 has to be above the first level, 1"),
        ("{alert: A, source: prom, expr: x, above: 1, for: 2s}", "rules[0].for: 2s is shorter than the interval (5s)"),
        ("{alert: A, source: prom, expr: x, above: 1, annotations: {a: '{{ $x }}'}}", "not a template: undefined variable"),
        ("{alert: A, source: prom, expr: x, above: 1, labels: {a-b: c}}", "is not a name"),
        ("{alert: A, source: prom, expr: x, above: 1, panel: Q}", 'rules[0].panel: there is no panel "Q"'),
        ("{alert: A, source: prom, expr: x, above: 1, actions: [go]}", 'there is no action "go"'),
        ("{alert: A, source: am, expr: x, above: 1}", "am is an Alertmanager"),
        ("{alert: A, source: prom, expr: x, above: 1}, {alert: A, source: prom, expr: x, above: 1}", 'a second rule "A"'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said_where_it_is(tmp_path: Path, line: str, said: str) -> None:
    assert [problem for problem in problems(tmp_path, rules(line)) if said in problem]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts: {inhibit: [{source: 'a=', target: 'b=\"c', equal: []}]}", "alerts.inhibit[0].target"),
        ("alerts: {maintenance: [{name: m, matchers: 'a=\"b\"'}]}", "takes either starts and ends"),
        ("alerts: {maintenance: [{name: m, matchers: 'a=\"b\"', from: '25:00', for: 1h}]}", "from is a time of day"),
        ("alerts: {maintenance: [{name: m, matchers: 'a=\"b\"', starts: '2026-11-24T04:00:00Z', ends: '2026-11-24T02:00:00Z'}]}",
         "starts has to be before ends"),
        ("alerts: {send_to: [prom]}", 'there is no Alertmanager "prom"'),
        ("slos: [{name: s, objective: 99%, window: 30d, source: prom, good: 'a', total: 'b[$window]'}]", "slos[0].good: $window"),
        ("slos: [{name: s, objective: 100%, window: 30d, source: prom, good: 'a[$window]', total: 'b[$window]'}]", "slos[0].objective"),
        ("notify: [{kind: webhook}]", "url is missing"),
        ("notify: [{kind: pagerduty, url: 'http://x'}]", "routing_key is missing"),
        ("notify: [{kind: webhook, url: 'http://x', channel: y}]", "channel belongs to slack"),
        ("notify: [{kind: webhok, url: 'http://x'}]", "did you mean webhook?"),
        ("notify: [{kind: pagerduty, routing_key: abc}]", "notify[0].routing_key"),
        ("notify: [{kind: apprise, url: 'no address'}]", "not an address of apprise"),
        ("notify: [{kind: apprise, url: 'mailto://user:s3cret@host'}]", "write env:NAME or file:PATH"),
        ("notify: [{kind: webhook, url: 'ntfy://host/topic'}]", "begins with http://"),
        ("alerts: {escalate: [{after: 15m}]}", "alerts.escalate[0].level: no notifier has the level 1"),
        ("alerts: {escalate: [{after: 15m, level: 2}]}\nnotify: [{kind: webhook, url: 'http://x', level: 3}]", "no notifier has the level 2"),
        ('store: {url: "mysql://x"}', "store.url: not a store"),
        ('store: {url: "postgresql://a:b@h/d"}', "secrets go by reference"),
    ],
)  # fmt: skip
def test_what_is_wrong_beside_the_rules_is_said_where_it_is(tmp_path: Path, text: str, said: str) -> None:
    found = problems(tmp_path, text + "\n")
    assert [problem for problem in found if said in problem]
    assert not [problem for problem in found if "s3cret" in problem]


def test_an_escalation_whose_notifiers_are_there_is_no_problem(tmp_path: Path) -> None:
    text = "alerts: {escalate: [{after: 15m}]}\nnotify: [{kind: apprise, url: 'ntfy://host/topic?x=1', level: 1}]\n"
    assert problems(tmp_path, text) == []
    spec = alerting(tmp_path, "environment: production\n" + text)
    assert spec.environment == "production"
    assert spec.notifiers[0].url == "ntfy://host/topic?x=1"
