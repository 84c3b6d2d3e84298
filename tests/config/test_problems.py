"""Every problem at once, at its place, in words that say what to do."""

# ruff: noqa: E501 - a table reads better with one case a line

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.written import HEAD, of_panel, problems


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("titel: Shop", "5:1: titel: unknown key; did you mean title?"),
        ("title: 404", '5:8: title: 404 is not a text here; put it in quotes: "404"'),
        ("title: [a]", "5:8: title: a list, where a text is wanted"),
        ("title: ''", "5:8: title: empty"),
        ("refresh: 5", "5:10: refresh: 5 is not a duration such as 5s, 1h30m or 250ms; did you mean 5s?"),
        ("refresh: 5 sec", '5:10: refresh: "5 sec" is not a duration such as 5s, 1h30m or 250ms'),
        ("refresh: 1ms", "5:10: refresh: 1ms is not between 500ms and 1d"),
        ("range: 1s", "5:8: range: 1s is not between 30s and 400d"),
        ("timezone: Asia/Soul", '5:11: timezone: "Asia/Soul" is not a time zone; did you mean Asia/Seoul?'),
        ("timezone: ../etc", '5:11: timezone: "../etc" is not a time zone; try local, UTC or Europe/Berlin'),
        ("ascii: yes", '5:8: ascii: "yes" is neither true nor false'),
        ("keys: {pasue: p}", '5:15: keys.pasue: "pasue" is not a command; did you mean pause?'),
        ("keys: {pause: nokey}", '5:15: keys.pause: "nokey" is not a key; keys are written as in docs/keys.md, e.g. x, ctrl+x, f5'),
        ("variables: [a]", "5:12: variables: a list, where a mapping is wanted: lines of `name: …`"),
        ("variables: {__a: {free_text: true}}", "5:13: variables.__a: names that begin with __ are Grafana's built-ins"),
        ("variables: {a-b: {free_text: true}}", "5:13: variables.a-b: the name of a variable is made of letters, digits and _"),
        ("variables: {a: {}}", "5:13: variables.a: takes one of label_values, field_values, query_result, values and free_text; none of them is given"),
        ("variables: {a: {label_values: job}}", "5:13: variables.a: source is missing: where label_values are asked for"),
        ("variables: {a: {source: pro, label_values: job}}", '5:25: variables.a.source: there is no source "pro"; did you mean prom?'),
        ("variables: {a: {source: prom, field_values: x}}", "5:31: variables.a.field_values: needs a source of kind elasticsearch; prom is prometheus"),
        ("variables: {a: {values: [x, y], default: z}}", '5:42: variables.a.default: "z" is not one of its values; did you mean x?'),
        ("variables: {a: {values: [x, y], default: [x, y]}}", "5:42: variables.a.default: 2 values; only a variable with multi: true has several"),
        ("variables: {a: {free_text: true, regex: '('}}", "5:41: variables.a.regex: not a regular expression: missing ), unterminated subpattern at position 0"),
        ("variables: {a: {free_text: true, regex: '(a+)+'}}", "5:41: variables.a.regex: a repeat or a choice inside of a repeat; matching could take for ever"),
        ("variables: {a: {free_text: true, all_value: x}}", "5:34: variables.a.all_value: warning: has no effect without include_all: true"),
        ("variables: {a: {source: prom, label_values: {label: x, metric: 'm{a=\"$a\"}'}}}", "5:64: variables.a.label_values.metric: $a is used in its own values"),
        ("alerts: {groups: [{name: a, rules: [{alert: x, source: prom, severity: info, expr: up, fro: 1m}]}]}", "5:88: alerts.groups[0].rules[0].fro: unknown key; did you mean for?"),
        ("slos: [{name: a, objective: 100%, window: 30d, source: prom, good: x, total: y}]", '5:29: slos[0].objective: "100%" is not above 0 and below 100'),
        ("store: {url: 'postgresql://me:pw@h/d'}", "5:14: store.url: a password in an address; secrets go by reference: env:NAME, file:PATH"),
        ("notify: [{kind: webhok}]", '5:17: notify[0].kind: "webhok" is not a way to notify; did you mean webhook?'),
        ("actions: {enabled: maybe}", '5:20: actions.enabled: "maybe" is neither true nor false'),
    ],
)  # fmt: skip
def test_a_problem_at_the_top_says_where_and_what(tmp_path: Path, line: str, problem: str) -> None:
    text = (
        'version: 1\nsources:\n  prom: {kind: prometheus, url: "http://127.0.0.1:9090"}\n'
        f"dashboards: [{{title: D, panels: [{{title: P, kind: text, text: T}}]}}]\n{line}\n"
    )
    found = [one for one in problems(tmp_path, text) if "is read but not evaluated" not in one]
    assert found == [f"opsdash.yaml:{problem}"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("kind: prometeus, url: 'http://h'", 'kind: "prometeus" is not a kind of source; did you mean prometheus?'),
        ("url: 'http://h'", "kind: missing"),
        ("kind: prometheus", "url: missing"),
        ("kind: prometheus, url: '127.0.0.1:9090'", "url: this is not an address that opsdash can ask; it begins with http:// or https://"),
        ("kind: prometheus, url: 'ftp://h'", 'url: "ftp:" is not an address that opsdash can ask; it begins with http:// or https://'),
        ("kind: prometheus, url: 'http://'", "url: an address without a host"),
        ("kind: prometheus, url: 'http://h:99999'", "url: not an address: its host or port cannot be read"),
        ("kind: prometheus, url: 'http://h/a b'", "url: an address with a space or a character that cannot be shown"),
        ("kind: prometheus, url: 'http://me:hunter2@h'", "url: a user name or password in an address; secrets go by reference: auth: {basic: {username, password}}"),
        ("kind: prometheus, url: 'http://h?token=hunter2'", "url: an address with ? or #; opsdash adds the path and the question itself"),
        ("kind: prometheus, url: 'http://h', auth: {bearer: hunter2}", "auth.bearer: secrets go by reference: env:NAME, file:PATH or command:PROGRAM ARGUMENTS, not in the configuration"),
        ("kind: prometheus, url: 'https://h', auth: {bearer: 'env:A B'}", "auth.bearer: env: takes the name of an environment variable: letters, digits and _"),
        ("kind: prometheus, url: 'https://h', auth: {bearer: 'file:'}", "auth.bearer: file: names nothing"),
        ("kind: prometheus, url: 'https://h', auth: hunter2", "auth: this, where a mapping is wanted: lines of `key: value`"),
        ("kind: prometheus, url: 'https://h', auth: {basic: hunter2}", "auth.basic: this, where a mapping is wanted: lines of `key: value`"),
        ("kind: prometheus, url: 'https://h', auth: {bearer: [hunter2]}", "auth.bearer: secrets go by reference: env:NAME, file:PATH or command:PROGRAM ARGUMENTS, not in the configuration"),
        ("kind: prometheus, url: 'https://h', auth: {basic: {username: u, pasword: hunter2, password: 'env:P'}}", "auth.basic.pasword: unknown key; did you mean password?"),
        ("kind: prometheus, url: 'https://h', auth: {}", "auth: takes one of bearer, basic and api_key; none of them is given"),
        ("kind: prometheus, url: 'https://h', auth: {api_key: 'env:A'}", "auth.api_key: a source of kind prometheus knows bearer and basic"),
        ("kind: prometheus, url: 'http://h', auth: {bearer: 'env:A'}", "url: warning: credentials travel unencrypted over http:// to another host"),
        ("kind: prometheus, url: 'http://h', headers: {Authorization: hunter2}", "headers.Authorization: a header that lets us in; secrets go by reference: env:NAME, file:PATH or command:…"),
        ("kind: prometheus, url: 'http://h', headers: {'a b': x}", 'headers."a b": not the name of a header'),
        ("kind: prometheus, url: 'http://h', headers: {Host: x}", "headers.Host: opsdash sets this header itself"),
        ('kind: prometheus, url: "http://h", headers: {X: "a\\nb"}', "headers.X: holds a line break or a character that a header cannot carry"),
        ("kind: prometheus, url: 'http://h', index: x", "index: a source of kind prometheus has no index"),
        ("kind: elasticsearch, url: 'http://h', scrape_interval: 5s", "scrape_interval: a source of kind elasticsearch has no scrape_interval"),
        ("kind: prometheus, url: 'http://h', tls: {cert: /dev/null}", "tls.cert: cert without key; mutual TLS needs both"),
        ("kind: prometheus, url: 'http://h', tls: {insecure_skip_verify: true}", "tls.insecure_skip_verify: warning: whoever is in between can read and change everything"),
        ("kind: prometheus, url: 'http://h', limits: {bytes: 64MiX}", 'limits.bytes: "64MiX" is not a size such as 64MiB, 500kB or 1048576'),
        ("kind: prometheus, url: 'http://h', limits: {serie: 4}", "limits.serie: unknown key; did you mean series?"),
        ("kind: prometheus, url: 'http://h', timeout: 0s", "timeout: 0s is not between 100ms and 5m"),
    ],
)  # fmt: skip
def test_a_problem_of_a_source_says_what_and_never_shows_a_secret(tmp_path: Path, source: str, problem: str) -> None:
    text = f"version: 1\nsources:\n  s: {{{source}}}\ndashboards: [{{title: D, panels: [{{title: P, kind: text, text: T}}]}}]\n"
    found = problems(tmp_path, text)
    assert [one.partition(": sources.s.")[2] or one.partition(": sources.s: ")[2] for one in found] == [problem]
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    ("panel", "problem"),
    [
        ("kind: timeserie, source: prom, queries: [{expr: up}]", '10:26: P.kind: "timeserie" is not a panel kind; did you mean timeseries?'),
        ("kind: stat, source: promm, queries: [{expr: up}]", '10:40: P.source: there is no source "promm"; did you mean prom?'),
        ("kind: stat, queries: [{expr: up}]", "10:9: P: source is missing: which of `sources` is asked"),
        ("kind: stat, source: prom", "10:9: P: a stat panel needs queries"),
        ("kind: stat, source: prom, queries: [{}]", "10:56: P.queries[0]: expr is missing: the PromQL to ask"),
        ("kind: stat, source: logs, queries: [{}]", "10:56: P.queries[0]: query is missing: the Lucene query to ask; empty for every document"),
        ("kind: stat, source: am, queries: [{expr: up}]", "10:40: P.source: a source of kind alertmanager has nothing for a stat panel"),
        ("kind: logs, source: prom, queries: [{expr: up}]", "10:26: P.kind: logs come from Elasticsearch; a Prometheus source has none"),
        ("kind: stat, source: logs, queries: [{expr: up}]", "10:57: P.queries[0].expr: an Elasticsearch source takes no expr; did you mean query, or esql?"),
        ("kind: stat, source: prom, queries: [{query: up}]", "10:57: P.queries[0].query: a Prometheus source takes no query; did you mean expr?"),
        ("kind: stat, source: prom, queries: [{expr: up, lgend: x}]", "10:67: P.queries[0].lgend: unknown key; did you mean legend?"),
        ("kind: stat, source: prom, queries: [{expr: 'sum(up'}]", "10:63: P.queries[0].expr: the ( at character 4 is not closed"),
        ("kind: stat, source: prom, queries: [{expr: 'up{a=\"(}'}]", "10:63: P.queries[0].expr: the string that begins at character 6 does not end"),
        ("kind: stat, source: prom, queries: [{expr: 'up)'}]", "10:63: P.queries[0].expr: the ) at character 3 closes nothing"),
        ("kind: stat, source: prom, queries: [{expr: 'up{a=\"$srvice\"}'}]", "10:63: P.queries[0].expr: there is no variable $srvice; did you mean $service?"),
        ("kind: stat, source: prom, queries: [{expr: 'rate(a[$__rate_intervall])'}]", "10:63: P.queries[0].expr: there is no variable $__rate_intervall; did you mean $__rate_interval?"),
        ("kind: stat, source: prom, queries: [{expr: 'up{a=~\"${service:regx}\"}'}]", '10:63: P.queries[0].expr: warning: "regx" in ${service:…} is not a format; did you mean regex?'),
        ("kind: timeseries, source: prom, queries: [{expr: up, instant: true}]", "10:82: P.queries[0].instant: a timeseries panel shows a history; one instant is not enough"),
        ("kind: stat, source: prom, queries: {expr: up}", "10:55: P.queries: a mapping, where a list is wanted: lines that begin with `- `"),
        ("kind: stat, source: prom, queries: [{expr: a, name: x}, {expr: b, name: x}]", '10:92: P.queries[1].name: a second query "x"'),
        ("kind: stat, source: logs, queries: [{query: '', metric: {percentils: x}}]", "10:77: P.queries[0].metric.percentils: unknown key; did you mean percentiles?"),
        ("kind: stat, source: logs, queries: [{query: '', metric: cuont}]", '10:76: P.queries[0].metric: "cuont" is not known here; did you mean count?'),
        ("kind: stat, source: logs, queries: [{query: '', metric: {avg: a, max: b}}]", "10:76: P.queries[0].metric: takes one function; avg and max is given"),
        ("kind: stat, source: logs, queries: [{query: '', metric: {percentiles: {field: a, percents: [50, 100]}}}]", "10:116: P.queries[0].metric.percentiles.percents[1]: 100 is not above 0 and below 100"),
        ("kind: stat, source: logs, queries: [{query: '', metric: {percentiles: {field: a, percents: []}}}]", "10:111: P.queries[0].metric.percentiles.percents: an empty list"),
        ("kind: stat, source: logs, queries: [{esql: 'FROM a', query: b}]", "10:73: P.queries[0].query: query stands beside esql, which says it all"),
        ("kind: logs, source: logs, queries: [{query: '', metric: count}]", "10:68: P.queries[0].metric: a logs panel shows rows; it takes no metric"),
        ("kind: logs, source: logs, queries: [{esql: 'FROM a'}]", "10:57: P.queries[0].esql: a logs panel takes a query, not esql"),
        ("kind: stat, source: logs, queries: [{query: '', limit: 3}]", "10:68: P.queries[0].limit: a stat panel counts; it takes no limit"),
        ("kind: text", "10:9: P: a text panel needs text"),
        ("kind: text, text: a, source: prom", "10:41: P.source: warning: has no effect on a text panel"),
        ("kind: text, text: a, grid: {x: 20, y: 0, w: 8, h: 4}", "10:47: P.grid: x 20 + w 8 goes beyond the 24 columns"),
        ("kind: text, text: a, grid: {x: -1, y: 0, w: 8, h: 4}", "10:51: P.grid.x: -1 is not between 0 and 23"),
        ("kind: text, text: a, grid: {x: 1, y: 0, w: 8}", "10:47: P.grid.h: missing"),
        ("kind: text, text: a, stacked: true", "10:41: P.stacked: warning: has no effect on a text panel"),
        ("kind: text, text: a, unit: secs", '10:47: P.unit: warning: "secs" is not a known unit; it is shown as it is'),
        ("kind: text, text: a, unit: reqp", '10:47: P.unit: warning: "reqp" is not a known unit; did you mean reqps?'),
        ("kind: text, text: a, min: 5, max: 5", "10:46: P.min: min 5 is not below max 5"),
        ("kind: text, text: a, max: .inf", "10:46: P.max: inf is not a finite number"),
        ("kind: text, text: a, thresholds: {warning: 5, critical: 1}", "10:53: P.thresholds: critical 1 is reached before warning 5; did you mean below: true?"),
        ("kind: text, text: a, thresholds: {warning: 1, critical: 5, below: true}", "10:53: P.thresholds: below: critical 5 is reached before warning 1"),
        ("kind: text, text: a, thresholds: {below: {waring: 1}}", "10:62: P.thresholds.below.waring: unknown key; did you mean warning?"),
        ("kind: text, text: a, thresholds: {below: {warning: 1}, critical: 2}", "10:53: P.thresholds: below: {…} stands alone; warning and critical go into it"),
        ("kind: timeseries, source: prom, queries: [{expr: a}], legend: [lst]", '10:83: P.legend[0]: "lst" is not a number of a legend; did you mean last?'),
        ("kind: timeseries, source: prom, queries: [{expr: a}], draw: line", '10:80: P.draw: "line" is not a way to draw; did you mean lines?'),
        ("kind: table, source: prom, queries: [{expr: a}], columns: [a, a]", '10:82: P.columns[1]: a second column "a"'),
        ("kind: table, source: prom, queries: [{expr: a}], columns: [job], sort: -jbo", '10:91: P.sort: there is no column "jbo"; did you mean job?'),
        ("kind: stat, source: prom, queries: [{expr: a}], mappings: [{text: a, value: 1, low: 2}]", "10:79: P.mappings[0]: takes value, or low and high"),
        ("kind: alerts, severity: critcal", '10:44: P.severity: "critcal" is not a severity; did you mean critical?'),
        ("kind: slo, severity: info", "10:31: P.severity: warning: has no effect on a slo panel"),
        ("kind: alerts, matchers: ['team=']", '10:44: P.matchers: "team=": at 6: after team= comes a value in double quotes, not the end'),
    ],
)  # fmt: skip
def test_a_problem_of_a_panel_says_where_and_what(tmp_path: Path, panel: str, problem: str) -> None:
    assert of_panel(tmp_path, f"title: T, {panel}", variables="{service: {values: [a]}}") == [problem]


def test_all_problems_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    found = of_panel(
        tmp_path,
        "title: T, kind: table, source: logs, min: x, queries: [{expr: up, nam: a}, {query: '$b'}, {query: 5}]",
        variables="{a: {source: c, label_values: job}}",
    )
    assert [one.split(": ", 2)[1] for one in found] == [
        "variables.a.source", "P.min", "P.queries[0].expr", "P.queries[0].nam", "P.queries[1].query", "P.queries[2].query",
    ]  # fmt: skip


def test_a_reference_to_a_source_that_is_wrong_itself_is_not_a_second_problem(tmp_path: Path) -> None:
    text = HEAD.replace("kind: prometheus", "kind: prom")
    text += "dashboards: [{title: D, panels: [{title: P, kind: stat, source: prom, queries: [{expr: a}]}]}]\n"
    assert problems(tmp_path, text) == [
        'opsdash.yaml:3:16: sources.prom.kind: "prom" is not a kind of source; did you mean prometheus?'
    ]


def test_a_circle_of_variables_names_its_members(tmp_path: Path) -> None:
    text = HEAD + (
        "variables:\n"
        "  a: {source: prom, label_values: {label: x, metric: 'm{x=\"$b\"}'}}\n"
        "  b: {source: prom, label_values: {label: x, metric: 'm{x=\"$a\"}'}}\n"
        "dashboards: [{title: D, panels: [{title: P, kind: text, text: T}]}]\n"
    )
    assert problems(tmp_path, text) == [
        "opsdash.yaml:7:3: variables.a: waits for $b, which waits for $a",
        "opsdash.yaml:8:3: variables.b: waits for $a, which waits for $b",
    ]


def test_two_of_one_name_and_panels_over_each_other_are_told(tmp_path: Path) -> None:
    text = HEAD + (
        "dashboards:\n"
        "  - title: D\n"
        "    panels:\n"
        "      - {title: P, kind: text, text: T, grid: {x: 0, y: 0, w: 8, h: 8}}\n"
        "      - {title: P, kind: text, text: T, grid: {x: 7, y: 7, w: 8, h: 8}}\n"
        "      - {title: Q, kind: text, text: T, grid: {x: 15, y: 0, w: 8, h: 8}}\n"
        "  - {title: D, panels: []}\n"
    )
    found = [one.replace(f"{tmp_path}/", "") for one in problems(tmp_path, text)]
    assert found == [
        'opsdash.yaml:10:17: dashboards[0].panels[1].title: warning: a second panel "P" here; '
        "the first is in opsdash.yaml:9:10",
        'opsdash.yaml:10:47: dashboards[0].panels[1].grid: warning: lies over "P"',
        "opsdash.yaml:12:5: dashboards[1]: warning: a dashboard without panels",
        'opsdash.yaml:12:13: dashboards[1].title: a second dashboard "D"; the first is in opsdash.yaml:7:5',
    ]


def test_a_file_without_dashboards_or_version_says_so(tmp_path: Path) -> None:
    assert problems(tmp_path, "title: Shop\n") == [
        "opsdash.yaml:1:1: dashboards: missing; there is nothing to show",
        "opsdash.yaml:1:1: version: warning: missing; this format is version: 1",
    ]


def test_what_a_file_holds_cannot_break_a_message(tmp_path: Path) -> None:
    text = 'version: 1\n"\\e[31mkey\\n": 1\ntimezone: "\\e]0;x\\a\\u202e"\ndashboards: []\n'
    for line in problems(tmp_path, text):
        assert line.isprintable()


def test_what_is_wrong_in_a_panel_of_no_known_kind_is_told_with_its_kind(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
dashboards:
  - title: D
    panels:
      - {title: P, kind: timeserie, source: promm, unit: secnds, draw: bars, text: x, queries: [{expr: 'up{a="$nope"}', instant: true}]}
      - {title: Q, source: promm, queries: [{expr: up}]}
"""
    )
    said = problems(tmp_path, text)
    for part in (
        "is not a panel kind",
        'panels[0].source: there is no source "promm"',
        "secnds",
        "nope",
        "panels[1].kind: missing",
        "panels[1].source",
    ):
        assert any(part in line for line in said), (part, said)
    assert len(said) == 6, said
