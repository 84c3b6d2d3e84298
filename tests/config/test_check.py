"""`opsdash check`: what it prints and how it ends, also against live sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from opsdash.cli.check import Finding, check
from opsdash.cli.live_check import live_findings
from opsdash.config import load
from opsdash.core.errors import QueryRejected, SourceUnavailable
from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.queries import LogQuery, MetricQuery, PromQuery, Span
from opsdash.core.variables import ValuesFrom
from opsdash.core.view.board import Board
from opsdash.ports import Probe
from tests.config.written import HEAD

SOUND = (
    HEAD.replace('  am: {kind: alertmanager, url: "http://127.0.0.1:9093"}\n', "")
    + """\
variables:
  service: {source: prom, label_values: service}
dashboards:
  - title: D
    panels:
      - {title: P, kind: stat, source: prom, queries: [{expr: 'up{s="$service"}'}, {expr: gone, hidden: true}]}
      - {title: Q, kind: gauge, source: prom, queries: [{expr: bad}]}
      - {title: L, kind: logs, source: logs, queries: [{query: ""}]}
"""
)
WARNED = SOUND + "actions: {enabled: false}\n"
BROKEN = SOUND.replace("kind: stat", "kind: stats")


def written(folder: Path, text: str) -> Path:
    file = folder / "opsdash.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_sound_file_is_said_to_be_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, SOUND)
    assert check(file) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{file}: ok: 2 sources, 1 dashboard, 3 panels\n")


def test_an_error_exits_78_with_its_line_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, BROKEN)
    assert check(file) == 78
    printed = capsys.readouterr()
    expected = f'{file}:10:26: dashboards[0].panels[0].kind: "stats" is not a panel kind; did you mean stat?\n'
    assert (printed.out, printed.err) == (expected, f"{file}: 1 error, 0 warnings\n")


def test_a_warning_fails_only_a_strict_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, WARNED)
    assert check(file) == 0
    assert check(file, strict=True) == 78
    assert capsys.readouterr().out.count("actions: warning: actions is read but not evaluated") == 2


def test_json_is_what_the_manual_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, WARNED)
    assert check(file, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "problems": [
            {
                "file": str(file),
                "line": 13,
                "column": 1,
                "key": "actions",
                "severity": "warning",
                "message": "actions is read but not evaluated by this version",
            }
        ],
    }
    assert check(file, as_json=True, strict=True) == 78
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_a_missing_file_is_a_problem_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path / "none.yaml", as_json=True) == 78
    assert json.loads(capsys.readouterr().out)["problems"][0]["message"] == "there is no such file"


def test_what_the_sources_say_stands_where_they_were_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def ask(board: Board) -> Sequence[Finding]:
        return [
            ("source:logs", "error", "logs refused the connection"),
            ("variable:service", "warning", "has no values now"),
            ("panel:D/Q:0", "error", "422: parse error"),
        ]

    file = written(tmp_path, SOUND)
    assert check(file, ask=ask) == 78
    assert capsys.readouterr().out.replace(str(file), "F").splitlines() == [
        "F:4:9: sources.logs: logs refused the connection",
        "F:6:12: variables.service: warning: has no values now",
        "F:11:57: dashboards[0].panels[1].queries[0]: 422: parse error",
    ]


def test_a_broken_file_asks_nobody(tmp_path: Path) -> None:
    async def ask(board: Board) -> Sequence[Finding]:
        raise AssertionError("asked")

    assert check(written(tmp_path, BROKEN), ask=ask) == 78


class Clock:
    def now_s(self) -> float:
        return 1_790_000_000.0

    def monotonic_s(self) -> float:
        return 5.0


class Scripted:
    """A source that answers by the text of the question."""

    def __init__(self, name: str, *, lost: bool = False) -> None:
        self.name = name
        self.lost = lost
        self.asked: list[str] = []

    async def probe(self) -> Probe:
        if self.lost:
            raise SourceUnavailable(f"{self.name} refused the connection")
        return Probe(product="Prometheus", version="2", rtt_s=0.001)

    async def values(self, wanted: ValuesFrom, start_s: float, end_s: float) -> tuple[str, ...]:
        return ("orders",)

    async def fetch(self, query: MetricQuery, span: Span) -> Answer:
        return self._answer(query)

    async def fetch_instant(self, query: MetricQuery, at_s: float) -> Answer:
        return self._answer(query)

    async def fetch_logs(
        self, query: LogQuery, start_s: float, end_s: float, *, after: Sequence[object] | None = None
    ) -> Answer:
        return Answer(rows=(LogRow(id="1", at_s=end_s, message="m"),), warnings=("1 of 5 shards failed",))

    async def aclose(self) -> None:
        pass

    def _answer(self, query: MetricQuery) -> Answer:
        assert isinstance(query, PromQuery)
        self.asked.append(query.expr)
        if query.expr == "bad":
            raise QueryRejected("422: parse error")
        return Answer()


async def test_every_shown_query_is_asked_once_with_its_variables(tmp_path: Path) -> None:
    board = load(written(tmp_path, SOUND)).board
    assert board is not None
    prom, logs = Scripted("prom"), Scripted("logs")
    assert await live_findings(board, {"prom": prom, "logs": logs}, Clock()) == [
        ("panel:D/P:0", "warning", "gives no data now"),
        ("panel:D/Q:0", "error", "422: parse error"),
        ("panel:D/L:0", "warning", "1 of 5 shards failed"),
    ]
    assert prom.asked == ['up{s="orders"}', "bad"]


class Explaining(Scripted):
    """Gives nothing, and knows why where it is a metric that does not exist."""

    async def explain_empty(self, query: PromQuery, start_s: float, end_s: float) -> str | None:
        return "there is no metric upp; did you mean up?" if "upp" in query.expr else None


async def test_the_query_of_every_rule_is_asked_and_a_metric_that_is_not_there_is_said(tmp_path: Path) -> None:
    rules = """\
alerts:
  groups:
    - name: g
      rules:
        - {alert: Typo, source: prom, expr: upp == 0, severity: info}
        - {alert: Calm, source: prom, expr: up == 0, severity: info}
        - {alert: Empty, source: prom, expr: up, above: 1}
        - {alert: Bad, source: prom, expr: bad, above: 1}
slos:
  - {name: s, objective: 99%, window: 30d, source: prom, good: 'sum(upp[$window])', total: 'sum(up[$window])'}
"""
    config = written(tmp_path, SOUND + rules.replace("sum(", "sum_over_time("))
    loaded = load(config)
    assert loaded.board is not None, loaded.problems
    findings = await live_findings(loaded.board, {"prom": Explaining("prom"), "logs": Scripted("logs")}, Clock())

    assert [finding for finding in findings if finding[0].startswith("rule:")] == [
        ("rule:g/Typo", "warning", "there is no metric upp; did you mean up?"),
        ("rule:g/Empty", "warning", "gives no data now"),
        ("rule:g/Bad", "error", "422: parse error"),
        ("rule:slo/s", "warning", "there is no metric upp; did you mean up?"),
    ]
    assert loaded.places is not None
    places = {what: place.key for what, place in loaded.places.items() if what.startswith("rule:")}
    assert places["rule:g/Typo"] == "alerts.groups[0].rules[0].expr"
    assert places["rule:slo/s"] == "slos[0].good"


async def test_a_lost_source_is_told_once_and_its_queries_are_left_out(tmp_path: Path) -> None:
    board = load(written(tmp_path, SOUND)).board
    assert board is not None
    prom, logs = Scripted("prom", lost=True), Scripted("logs")
    findings = await live_findings(board, {"prom": prom, "logs": logs}, Clock())
    assert findings[0] == ("source:prom", "error", "prom refused the connection")
    assert [what for what, _, _ in findings] == ["source:prom", "panel:D/L:0"]
    assert prom.asked == []


def test_a_variable_of_the_environment_that_is_not_set_is_a_warning_where_it_is_referred_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    auths = (
        "{bearer: env:TOKEN}",
        "{basic: {username: ops, password: env:TOKEN}}",
    )
    for auth in auths:
        text = SOUND.replace(
            "sources:\n", f'sources:\n  own: {{kind: prometheus, url: "http://127.0.0.1:9", auth: {auth}}}\n', 1
        )
        file = written(tmp_path, text)
        for env, code in (({}, 78), ({"TOKEN": " "}, 78), ({"TOKEN": "x"}, 0)):
            assert check(file, env=env) == 0
            assert check(file, env=env, strict=True) == code
            printed = capsys.readouterr()
            expected = "warning: the environment variable TOKEN is not set here"
            assert printed.out.count(expected) == (2 if code else 0)
            assert printed.out.count(f"{file}:") == (2 if code else 0)
            assert ": sources.own.auth." in printed.out or not code
        assert check(file) == 0
        assert "TOKEN" not in capsys.readouterr().out


def test_a_header_and_a_key_are_looked_for_too_and_files_and_commands_are_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = (
        'sources:\n  one: {kind: elasticsearch, url: "http://127.0.0.1:9", auth: {api_key: env:KEY},'
        " headers: {X-Tenant: env:TENANT}}\n"
        '  two: {kind: prometheus, url: "http://127.0.0.1:9", auth: {bearer: file:/nowhere}}\n'
    )
    assert check(written(tmp_path, SOUND.replace("sources:\n", more, 1)), env={}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "sources.one.headers.X-Tenant: warning: the environment variable TENANT is not set here",
        "sources.one.auth.api_key: warning: the environment variable KEY is not set here",
    ]
