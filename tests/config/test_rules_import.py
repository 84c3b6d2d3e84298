"""Prometheus rules as ours: what is carried over, what is said of the rest and where, and that the result is sound."""

# ruff: noqa: E501 - a line a mistake reads better than two

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.config import load
from opsdash.config.recordings import Recording, inlined
from opsdash.config.rules_import import Imported, import_rules
from opsdash.config.written import written
from opsdash.core.alerting.rules import AlertRule, AnySeries
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.promql import parse

MAIN = """\
version: 1
sources: {prom: {kind: prometheus, url: "http://127.0.0.1:9090"}}
dashboards: [{title: D, panels: [{title: P, kind: text, text: hi}]}]
"""


def imported(folder: Path, text: str) -> Imported:
    file = folder / "rules.yaml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return import_rules([file], "prom")


def said(found: Imported) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in found.problems]


def rules_of(found: Imported, folder: Path) -> list[AlertRule]:
    """The rules as opsdash reads them; the whole configuration has no error."""
    target = folder / "config"
    target.mkdir()
    (target / "main.yaml").write_text(MAIN)
    (target / "rules.yaml").write_text(written({"alerts": {"groups": list(found.groups)}}), encoding="utf-8")
    loaded = load(target)
    assert [str(problem) for problem in loaded.errors] == []
    assert loaded.board is not None
    return [rule for group in loaded.board.alerting.groups for rule in group.rules]


def expr_of(rule: AlertRule) -> str:
    (query,) = rule.queries
    assert isinstance(query, PromQuery)
    return query.expr


def test_a_rule_is_carried_over_with_all_that_it_has(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
        groups:
          - name: web
            interval: 30s
            labels: {team: shop}
            rules:
              - alert: Failing
                expr: |
                  sum(rate(a[5m]))
                  > 1
                for: 10m
                keep_firing_for: 5m
                labels: {severity: page, number: "1e3"}
                annotations: {summary: 'it is {{ $value }} for {{ $labels.job }}', link: "https://x/{{ .Labels.job }}"}
        """,
    )
    (rule,) = rules_of(found, tmp_path)

    assert found.problems == ()
    assert expr_of(rule) == "sum(rate(a[5m]))\n> 1"
    assert (rule.id, rule.interval_s, rule.for_s, rule.keep_firing_for_s) == ("web/Failing", 30, 600, 300)
    assert rule.condition == AnySeries(severity=Severity.CRITICAL)
    assert dict(rule.labels) == {"team": "shop", "severity": "page", "number": "1e3"}
    assert dict(rule.annotations)["link"] == "https://x/{{ .Labels.job }}"


def test_what_is_recorded_stands_in_the_expression_that_asks_for_it(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
        groups:
          - name: g
            rules:
              - {record: 'job:bad:rate', expr: "sum by (job) (rate(bad[5m])) # of all"}
              - {record: 'job:bad:percent', expr: "job:bad:rate * 100"}
              - {alert: A, expr: "job:bad:percent > 5 and on (job) up", labels: {severity: warning}}
        """,
    )
    (rule,) = rules_of(found, tmp_path)

    assert found.problems == ()
    assert expr_of(rule) == "((sum by (job) (rate(bad[5m]))) * 100) > 5 and on (job) up"


@pytest.mark.parametrize(
    ("expr", "because"),
    [
        ("rate(r:x[5m])", "a range of it is asked for"),
        ("r:x offset 5m", "it is asked for at another time"),
        ('r:x{job="a"}', "only some of its series are asked for (job)"),
        ('r:x{kind="b"}', "only some of its series are asked for (kind)"),
        ("twice:x", "several rules record it"),
    ],
)
def test_what_cannot_be_put_in_stays_and_is_said(expr: str, because: str) -> None:
    known = {
        "r:x": [Recording(record="r:x", expr="sum(x)", labels=(("kind", "a"),))],
        "twice:x": [Recording(record="twice:x", expr="x"), Recording(record="twice:x", expr="y")],
    }
    found = inlined(f"{expr} > 1", known)

    assert found.expr == f"{expr} > 1"
    assert [sentence for sentence in found.left if because in sentence]


def test_labels_that_a_rule_records_with_are_there_and_may_be_asked_for() -> None:
    known = {"r:x": [Recording(record="r:x", expr="sum(x)", labels=(("kind", "a$1"),))]}
    assert inlined('r:x{kind="a$1"}', known).expr == 'label_replace((sum(x)), "kind", "a$$1", "__name__", ".*")'


def test_a_recording_that_asks_for_itself_ends() -> None:
    known = {"a:b": [Recording(record="a:b", expr="a:b + c:d")], "c:d": [Recording(record="c:d", expr="a:b")]}
    assert inlined("a:b", known).left[0].endswith("it asks for itself")


def test_recordings_that_double_at_each_step_end() -> None:
    known = {f"r:{n}": [Recording(record=f"r:{n}", expr=f"r:{n - 1} + r:{n - 1}")] for n in range(1, 40)}
    found = inlined("r:39", known)
    assert len(found.expr) < 100_000
    assert any("too long" in sentence for sentence in found.left)


@given(st.lists(st.sampled_from(["a:x", "b:x", "up", "rate(a:x[5m])", "sum(b:x)", "1"]), min_size=1, max_size=6))
def test_the_result_is_always_a_query(terms: list[str]) -> None:
    known: Mapping[str, list[Recording]] = {
        "a:x": [Recording(record="a:x", expr="sum(y) or vector(1) # why", labels=(("k", 'v"'),))],
        "b:x": [Recording(record="b:x", expr="1 + 1")],
    }
    parse(inlined(" + ".join(terms), known).expr)


def test_manifests_lists_and_several_documents_are_read(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
        # a file of a cluster
        ---
        kind: PrometheusRule
        metadata: {name: one}
        spec: {groups: [{name: g, rules: [{alert: A, expr: up == 0, labels: {severity: info}}]}]}
        --- # and the next
        kind: List
        items:
          - kind: PrometheusRule
            spec: {groups: [{name: g, rules: [{alert: A, expr: 1, labels: {severity: critical}}]}]}
          - kind: ConfigMap
        ---
        """,
    )
    assert [rule.id for rule in rules_of(found, tmp_path)] == ["g/A", "g-2/A"]
    assert said(found) == ["11:11: left out: a ConfigMap is no PrometheusRule"]


def test_two_rules_of_a_name_stand_in_two_groups(tmp_path: Path) -> None:
    text = "groups: [{name: g, labels: {severity: critical}, rules: [{alert: A, expr: x}, {alert: A, expr: y}]}]"
    found = imported(tmp_path, text)
    rules = rules_of(found, tmp_path)

    assert found.problems == ()
    assert [(rule.id, rule.condition) for rule in rules] == [
        ("g/A", AnySeries(severity=Severity.CRITICAL)),
        ("g-2/A", AnySeries(severity=Severity.CRITICAL)),
    ]


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("limit: 5", "3:5", "limit is not carried over"),
        ("query_offset: 1m", "3:5", "query_offset is not carried over"),
        ("partial_response_strategy: warn", "3:5", "partial_response_strategy is not carried over"),
        ("interval: 2d", "3:15", "2d becomes 1d"),
        ("rules: [{record: 'a:b', expr: x}]", "3:14", "a:b is not recorded: nothing here asks for it"),
        ("rules: [{alert: A, expr: 'sum(', labels: {severity: info}}]", "3:30", "A is left out: 1:5: parse error"),
        ("rules: [{alert: A, expr: 'x[5m]', labels: {severity: info}}]", "3:30", "A is left out: gives a range vector"),
        ("rules: [{alert: A, expr: x}]", "3:21", "A has no label severity: it counts as a warning"),
        ("rules: [{alert: A, expr: x, labels: {severity: bad}}]", "3:52", 'severity "bad" counts as a warning'),
        ("rules: [{alert: A, expr: x, labels: {severity: info, alertname: B}}]", "3:58", "left out: alertname"),
        ("rules: [{alert: A, expr: x, labels: {severity: info, a-b: B}}]", "3:58", '"a-b" is not a name'),
        ("rules: [{alert: A, expr: x, labels: {severity: info}, annotations: {s: '{{ $x }}'}}]", "3:76", "not a template"),
        ("rules: [{alert: A, expr: x, labels: {severity: info}, for: 2y}]", "3:64", "becomes 365d"),
        ("rules: [{alert: A, expr: 'ALERTS > 0', labels: {severity: info}}]", "3:30", "ALERTS: the server knows nothing"),
    ],
)  # fmt: skip
def test_what_is_not_carried_over_is_said_where_it_is(tmp_path: Path, line: str, place: str, words: str) -> None:
    found = imported(tmp_path, f"groups:\n  - name: g\n    {line}\n")
    assert [one for one in said(found) if one.startswith(f"{place}: ") and words in one], said(found)
    rules_of(found, tmp_path)


@pytest.mark.parametrize(
    "text", ["groups: [{rules: []}]", "groups: {a", "- a", "\x00", "groups: [{name: g, rules: [{expr: x}]}]"]
)
def test_what_is_no_rule_file_is_an_error_and_nothing_comes_of_it(tmp_path: Path, text: str) -> None:
    found = imported(tmp_path, text)
    assert not found.is_usable
    assert found.groups == ()


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    texts = [
        "1e3",
        "0o7",
        "on",
        "~",
        "a: b",
        "two\nlines",
        " spaces ",
        "# x",
        "",
        "long " * 60 + "end",
        "é 🙂",
        "{{ $value }}",
    ]
    file = tmp_path / "t.yaml"
    for before, after in itertools.pairwise(texts):
        annotations = {"a": before or "-", "b": after or "-"}
        group = {"name": "g", "rules": [{"alert": "A", "source": "prom", "expr": "x", "severity": "info",
                                         "annotations": annotations}]}  # fmt: skip
        file.write_text(MAIN + written({"alerts": {"groups": [group]}}), encoding="utf-8")
        loaded = load(file)
        assert loaded.board is not None, loaded.problems
        assert dict(loaded.board.alerting.groups[0].rules[0].annotations) == annotations
