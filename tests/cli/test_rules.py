"""`opsdash rules test|backtest|import`: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.main import main

RULES = """\
groups:
  - name: g
    rules:
      - {alert: Down, expr: up == 0, for: 1m, labels: {severity: critical}}
"""
TEST = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - name: down fires
    interval: 1m
    input_series: [{series: 'up{job="a"}', values: '1 0 0 0 0'}]
    alert_rule_test:
      - {eval_time: 3m, alertname: Down, exp_alerts: [{exp_labels: {severity: critical, job: JOB}}]}
"""
CONFIG = """\
version: 1
sources: {prom: {kind: prometheus, url: "http://127.0.0.1:9", timeout: 1s}}
dashboards: [{title: D, panels: [{title: P, kind: text, text: hi}]}]
"""
RULE = "alerts: {groups: [{name: g, rules: [{alert: A, source: prom, expr: up, above: 1}]}]}\n"


def ran(*arguments: str) -> int:
    try:
        return int(main(["rules", *arguments]))
    except SystemExit as left:
        return int(left.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "holds.yaml").write_text(TEST.replace("JOB", "a"))
    (tmp_path / "fails.yaml").write_text(TEST.replace("JOB", "b"))
    return tmp_path


def test_a_test_that_holds_is_0_and_one_that_does_not_is_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("test", str(folder / "holds.yaml")) == ExitCode.OK
    assert capsys.readouterr().out.startswith("ok  ")
    assert ran("test", str(folder / "holds.yaml"), str(folder / "fails.yaml")) == ExitCode.WARNING
    told = capsys.readouterr().out
    assert "FAIL" in told
    assert 'expected  {alertname="Down", job="b", severity="critical"}' in told
    assert 'got       {alertname="Down", job="a", severity="critical"}' in told


def test_a_test_file_that_cannot_be_used_is_78(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(TEST.replace("rules.yaml", "none.yaml"))
    assert ran("test", str(folder / "wrong.yaml")) == ExitCode.CONFIG
    assert 'wrong.yaml:1:14: rule_files[0]: there is no file "none.yaml"' in capsys.readouterr().out


def test_the_json_of_tests_has_every_mismatch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran("test", "--json", str(folder / "fails.yaml"))
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file.keys() == {"file", "problems", "tests"}
    (test,) = file["tests"]
    assert test.keys() == {"name", "error", "mismatches"}
    assert test["mismatches"][0].keys() == {"what", "at_s", "expected", "got"}


@pytest.mark.parametrize("arguments", [[], ["tset"], ["test"], ["import"], ["import", "x", "--sorce", "y"]])
def test_a_command_line_that_is_wrong_is_64(arguments: list[str]) -> None:
    assert ran(*arguments) == ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (RULE, [], ExitCode.UNKNOWN),
        (RULE, ["--rule", "B"], ExitCode.USAGE),
        (RULE, ["--since", "soon"], ExitCode.USAGE),
        ("", [], ExitCode.USAGE),
        ("alerts: {groups: 1}\n", [], ExitCode.CONFIG),
    ],
)
def test_how_a_backtest_ends(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], code: ExitCode
) -> None:
    config = folder / "opsdash.conf"
    config.write_text(CONFIG + text)
    assert ran("backtest", "--since", "5m", *options, str(config)) == code
    told = capsys.readouterr()
    assert told.out or told.err


def test_the_json_of_a_backtest_says_why_a_rule_was_not_evaluated(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder / "opsdash.conf"
    config.write_text(CONFIG + RULE)
    ran("backtest", "--since", "5m", "--json", str(config))
    (rule,) = json.loads(capsys.readouterr().out)["rules"]
    assert rule.keys() == {"rule", "group", "error"}
    assert "127.0.0.1:9" in rule["error"]


def test_an_import_is_yaml_on_stdout_or_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("import", str(folder / "rules.yaml"), "--source", "metrics") == ExitCode.OK
    told = capsys.readouterr()
    assert "source: metrics" in told.out
    assert told.err == "1 rule in 1 group; 0 things not carried over as it was\n"

    out = folder / "out.yaml"
    assert ran("import", str(folder / "rules.yaml"), "--source", "metrics", "-o", str(out)) == ExitCode.OK
    assert capsys.readouterr().out == ""
    assert out.read_text() == told.out


def test_what_is_not_carried_over_is_a_line_and_with_strict_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "rules.yaml"
    file.write_text(RULES.replace("    rules:", "    limit: 3\n    rules:"))
    assert ran("import", str(file)) == ExitCode.OK
    assert f"{file}:3:5: groups[0].limit: warning: limit is not carried over" in capsys.readouterr().err

    out = folder / "out.yaml"
    assert ran("import", str(file), "--strict", "-o", str(out)) == ExitCode.WARNING
    assert not out.exists()


def test_a_rule_file_that_cannot_be_read_is_78(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("import", str(folder / "none.yaml")) == ExitCode.CONFIG
    assert "none.yaml:1:1: there is no such file" in capsys.readouterr().err


def test_the_json_of_an_import(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("import", "--json", str(folder / "rules.yaml")) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"ok", "written", "groups", "rules", "problems", "yaml"}
    assert (told["ok"], told["groups"], told["rules"], told["problems"]) == (True, 1, 1, [])
