"""Unit tests of rules: what opsdash says fires is what the real promtool says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from opsdash.config.rule_tests import load_rule_tests
from opsdash.core.alerting.templates import Expansion, expand
from opsdash.core.alerting.trial.rounds import Rounds
from opsdash.core.alerting.trial.samples import Samples
from opsdash.core.alerting.trial.unit_tests import Waiting, run_unit_test
from tests.servers import prometheus
from tests.servers.needs import missing

RULES = """
groups:
- name: a
  interval: 30s
  rules:
  - record: job:errors:ratio
    expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))
    labels: {level: job}
  - alert: HighErrors
    expr: job:errors:ratio > 0.05
    for: 3m
    keep_firing_for: 2m
    labels: {severity: critical, team: "{{ $labels.job }}-team"}
    annotations:
      summary: "{{ $labels.job }} fails {{ $value | humanizePercentage }}"
      up: '{{ with query "up" | sortByLabel "job" }}{{ . | first | value }}{{ end }}'
  - alert: Down
    expr: up == 0
    labels: {severity: page, instance: ""}
  - alert: Waiting
    expr: ALERTS{alertname="HighErrors", alertstate="pending"} == 1
  - alert: Since
    expr: time() - ALERTS_FOR_STATE{alertname="HighErrors"} > 60
  - alert: Absent
    expr: absent(nothing{job="x"})
    for: 10m
- name: b
  rules:
  - alert: Fraction
    expr: job:errors:ratio{job="a"} > bool 0.05
    for: 90s
  - alert: Twice
    expr: HighErrors or Down or vector(1) > 2
"""
SERIES = {
    'errors_total{job="a"}': "0+1x10 10x10 10+5x5 _x5 35x10",
    'errors_total{job="b"}': "0+10x40",
    'requests_total{job="a"}': "0+10x40",
    'requests_total{job="b"}': "0+100x40",
    'up{job="a", instance="1"}': "1x5 0x3 _x4 0 stale 1x20",
    'up{job="b", instance="2"}': "1 0 1 0 0 _ 0 NaN 0x20",
    'flap{job="a"}': "0 1 0 1 1 1 1 0 1 1 1 1 1 1 1 0 0 1 1 1 1 Inf -Inf 1e3 0x5",
}
NAMES = ("HighErrors", "Down", "Waiting", "Since", "Absent", "Fraction", "Twice", "Flap")
FLAP = {"alert": "Flap", "expr": "flap > 0", "for": "3m", "annotations": {"value": "{{ $value }}"}}


@pytest.mark.integration
@pytest.mark.parametrize("evaluation", ["1m", "30s", "2m"])
def test_every_alert_fires_when_promtool_says_so(tmp_path: Path, evaluation: str) -> None:
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    written = yaml.safe_load(RULES)
    written["groups"][1]["rules"].append(FLAP)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(written))
    asked = [{"eval_time": f"{minute}m", "alertname": name} for minute in range(40) for name in NAMES]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    test: dict[str, object] = {"interval": "1m", "input_series": series, "alert_rule_test": asked}
    order = ["a", "b"]  # else promtool takes them in the order of a hash table
    files = {"rule_files": ["rules.yaml"], "evaluation_interval": evaluation, "group_eval_order": order}
    whole = {**files, "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(whole))

    test["alert_rule_test"] = _as_we_say(tmp_path / "test.yaml")
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(whole))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],  # the one of the path is meant
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    loaded = load_rule_tests(tmp_path / "test.yaml")
    assert run_unit_test(loaded.tests[0], loaded.groups, evaluation_s=loaded.evaluation_s) == ()


def _as_we_say(path: Path) -> list[dict[str, object]]:
    """The expectations with what fires according to opsdash."""
    loaded = load_rule_tests(path)
    assert loaded.problems == ()
    (test,) = loaded.tests
    samples = Samples()
    waiting, rounds = Waiting(test, samples), Rounds(loaded.groups, samples, interval_s=loaded.evaluation_s)
    step_ms = round(loaded.evaluation_s * 1000)
    found: list[dict[str, object]] = []
    left = list(test.alerts)
    for at_ms in range(0, round(test.until_s * 1000) + 1, step_ms):
        waiting.load_until(at_ms)
        rounds.evaluate(at_ms)
        while left and left[0].at_s * 1000 < at_ms + step_ms:
            name = left[0].alert
            found.append(
                {"eval_time": f"{left.pop(0).at_s:.0f}s", "alertname": name, "exp_alerts": _firing(rounds, name)}
            )
    return found


def _firing(rounds: Rounds, name: str) -> list[dict[str, dict[str, str]]]:
    return [
        {
            "exp_labels": {key: value for key, value in alert.labels if key != "alertname"},
            "exp_annotations": {
                key: expand(text, Expansion(labels=series, value=alert.value, query=rounds.samples_now))
                for key, text in rule.annotations
            },
        }
        for rule, series, alert in rounds.firing(name)
    ]
