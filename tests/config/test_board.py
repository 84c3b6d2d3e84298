"""What a sound configuration becomes."""

# ruff: noqa: E501 - a table reads better with one case a line

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsdash.config import Loaded, load
from opsdash.core.limits import Limits
from opsdash.core.metrics.queries import EsMetric, EsqlQuery, EsQuery, LogQuery, PromQuery
from opsdash.core.secret import SecretRef
from opsdash.core.sources import ApiKeyAuth, BasicAuth, BearerAuth, SourceSpec, Tls
from opsdash.core.variables import ALL, FieldValues, FixedValues, FreeText, LabelValues, QueryResult, VariableSpec
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Column, Grid, Mapping, PanelKind, PanelQuery, PanelSpec, Thresholds
from tests.config.written import HEAD, loaded

CONTRACT = Path(__file__).parent / "data" / "contract.yaml"
SHARED = Path(__file__).parents[3] / "shared" / "contract.md"


def board(folder: Path, text: str) -> Board:
    found = loaded(folder, text)
    assert found.board is not None, [str(problem) for problem in found.problems]
    return found.board


def panel(folder: Path, text: str) -> PanelSpec:
    panels = f"dashboards: [{{title: D, panels: [{{title: P, {text}}}]}}]\n"
    return board(folder, HEAD + "variables: {service: {values: [a]}}\n" + panels).dashboards[0].panels[0]


def assert_is_the_contract(found: Loaded) -> None:
    assert found.errors == ()
    assert found.board is not None
    assert [source.name for source in found.board.sources] == ["prom", "logs"]
    assert [one.id for one in found.board.dashboards[0].panels] == [
        "Golden signals/p99 latency", "Golden signals/Slow requests by service (logs)", "Golden signals/Errors",
    ]  # fmt: skip
    said = [problem.key for problem in found.problems if "is read but not evaluated" in problem.message]
    assert said == ["actions"]


def test_the_example_of_the_contract_loads_without_errors() -> None:
    assert_is_the_contract(load(CONTRACT))


@pytest.mark.skipif(not SHARED.exists(), reason="a clone alone has a copy of the contract's example only")
def test_the_example_is_the_one_in_the_contract(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", SHARED.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert found[1] == CONTRACT.read_text(encoding="utf-8")


def test_everything_at_the_top(tmp_path: Path) -> None:
    text = HEAD + (
        "title: Shop\nenvironment: production\nrefresh: 1s\nrange: 1h30m\ntimezone: Asia/Seoul\ntheme: night\n"
        "keys: {pause: p}\nascii: true\nbell: false\nx-anything: {a: 1}\n"
        "dashboards: [{title: D, description: about, panels: []}]\n"
    )
    found = board(tmp_path, text)
    assert (found.title, found.environment, found.refresh_s, found.range_s) == ("Shop", "production", 1.0, 5400.0)
    assert (found.timezone, found.theme, found.ascii_only, found.bell) == ("Asia/Seoul", "night", True, False)
    assert found.keys == {"pause": "p"}
    assert found.files == (str(tmp_path / "opsdash.yaml"),)
    assert found.dashboards[0].description == "about"


def test_a_source_with_everything(tmp_path: Path) -> None:
    text = """
        version: 1
        sources:
          p:
            kind: prometheus
            url: https://h:9090/prefix/
            timeout: 2500ms
            headers: {X-Scope-OrgID: 12, X-Key: "file:/run/key"}
            auth: {bearer: "env:TOKEN"}
            tls: {ca: ca.pem, cert: ~/c.pem, key: /k.pem, server_name: other, insecure_skip_verify: true}
            proxy: http://proxy:3128
            scrape_interval: 30s
            max_connections: 2
            limits: {bytes: 1MiB, points: 500, series: 20}
          e:
            kind: elasticsearch
            url: http://localhost:9200
            auth: {basic: {username: ops, password: "command:pass show es"}}
            index: a-*,b
            time_field: t
            message_field: m
            level_field: l
            ingest_lag: 0s
          k: {kind: elasticsearch, url: "https://h", auth: {api_key: "env:KEY"}}
        dashboards: [{title: D, panels: []}]
    """
    first, second, third = board(tmp_path, text).sources
    assert first == SourceSpec(
        name="p",
        kind="prometheus",
        url="https://h:9090/prefix",
        timeout_s=2.5,
        headers=(("X-Scope-OrgID", "12"), ("X-Key", SecretRef("file", "/run/key"))),
        auth=BearerAuth(token=SecretRef("env", "TOKEN")),
        tls=Tls(
            ca=str(tmp_path / "ca.pem"),
            cert=str(Path("~/c.pem").expanduser()),
            key="/k.pem",
            server_name="other",
            insecure_skip_verify=True,
        ),
        proxy="http://proxy:3128",
        scrape_interval_s=30.0,
        max_connections=2,
        limits=Limits(bytes=1024 * 1024, points=500, series=20),
    )
    assert second.auth == BasicAuth(username="ops", password=SecretRef("command", "pass show es"))
    assert (second.index, second.time_field, second.message_field) == ("a-*,b", "t", "m")
    assert (second.level_field, second.ingest_lag_s, second.limits) == ("l", 0.0, Limits())
    assert third.auth == ApiKeyAuth(key=SecretRef("env", "KEY"))
    assert "<secret>" in repr(third)


def test_variables_of_every_kind_stand_after_those_they_use(tmp_path: Path) -> None:
    text = """
        variables:
          pod: {source: prom, label_values: {metric: 'kube{ns="$ns"}', label: pod}, multi: true, include_all: true}
          ns: {source: prom, query_result: {expr: 'group by (ns) (up{c=~"$cluster"})', label: ns}}
          cluster: {source: prom, label_values: cluster, regex: "^(a.*)$", default: a1, label: where}
          svc: {source: logs, field_values: {field: service, query: "level:error"}, include_all: true, all_value: "*", default: All}
          code: {values: [200, 5xx, true], default: [200, 5xx], multi: true}
          words: {free_text: true, default: x}
    """
    specs = {
        spec.name: spec for spec in board(tmp_path, HEAD + _dedented(text) + "dashboards: [{title: D}]\n").variables
    }
    names = list(specs)
    assert names.index("cluster") < names.index("ns") < names.index("pod")
    assert specs["pod"] == VariableSpec(
        name="pod", source="prom", multi=True, include_all=True,
        values_from=LabelValues(label="pod", metric='kube{ns="$ns"}'),
    )  # fmt: skip
    assert specs["ns"].values_from == QueryResult(expr='group by (ns) (up{c=~"$cluster"})', label="ns")
    assert specs["cluster"].values_from == LabelValues(label="cluster")
    assert (specs["cluster"].regex, specs["cluster"].default, specs["cluster"].label) == ("^(a.*)$", ("a1",), "where")
    assert specs["svc"].values_from == FieldValues(field="service", query="level:error")
    assert (specs["svc"].default, specs["svc"].all_value) == ((ALL,), "*")
    assert specs["code"].values_from == FixedValues(values=("200", "5xx", "true"))
    assert specs["words"].values_from == FreeText()


def _dedented(text: str) -> str:
    from textwrap import dedent

    return dedent(text)


def test_a_panel_with_everything(tmp_path: Path) -> None:
    text = """
        version: 1
        sources: {prom: {kind: prometheus, url: "http://h"}}
        dashboards:
          - title: D
            panels:
              - title: P
                kind: table
                source: prom
                description: about
                unit: s
                decimals: 2
                grid: {x: 1, y: 2, w: 3, h: 4}
                queries:
                  - {expr: a, legend: "{{x}}", unit: ms, step: 30s, offset: 1h, instant: false}
                  - {expr: b, name: second, hidden: true}
                thresholds: {warning: 1, critical: 2}
                calc: max
                min: 0
                max: 10
                columns: [job, {name: A, title: first, unit: s, decimals: 1, width: 9, thresholds: {below: {critical: 1}}}]
                sort: "-A"
                mappings: [{text: up, value: 1, level: ok}, {text: 404, low: 2, high: 3}]
                max_series: 7
              - {title: C, kind: cost, source: prom, per: month, queries: [{expr: a}], requests: {expr: r}}
              - {title: L, kind: toplist, source: prom, limit: 3, queries: [{expr: a}]}
              - {title: T, kind: timeseries, source: prom, draw: area, stacked: true, legend: [last, max], queries: [{expr: a}]}
              - {title: T2, kind: timeseries, source: prom, legend: false, queries: [{expr: a}]}
    """
    table, cost, toplist, area, bare = board(tmp_path, text).dashboards[0].panels
    assert table == PanelSpec(
        id="D/P",
        title="P",
        kind=PanelKind.TABLE,
        source="prom",
        description="about",
        unit="s",
        decimals=2,
        grid=Grid(x=1, y=2, w=3, h=4),
        queries=(
            PanelQuery(
                query=PromQuery(source="prom", expr="a", step_s=30.0, offset_s=3600.0),
                name="A", legend="{{x}}", unit="ms",
            ),
            PanelQuery(query=PromQuery(source="prom", expr="b"), name="second", hidden=True),
        ),
        thresholds=Thresholds(warning=1.0, critical=2.0),
        calc="max",
        minimum=0.0,
        maximum=10.0,
        columns=(
            Column(name="job"),
            Column(name="A", title="first", unit="s", decimals=1, width=9,
                   thresholds=Thresholds(critical=1.0, below=True)),
        ),
        sort="-A",
        mappings=(Mapping(text="up", value=1.0, level="ok"), Mapping(text="404", low=2.0, high=3.0)),
        max_series=7,
    )  # fmt: skip
    assert (cost.per, cost.requests) == ("month", PromQuery(source="prom", expr="r", instant=True))
    assert toplist.limit == 3
    assert (area.draw, area.stacked, area.legend, bare.legend) == ("area", True, ("last", "max"), None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{warning: 1, critical: 2}", Thresholds(warning=1.0, critical=2.0)),
        ("{critical: 1, warning: 2, below: true}", Thresholds(warning=2.0, critical=1.0, below=True)),
        ("{above: {warning: 1}}", Thresholds(warning=1.0)),
        ("{below: {warning: 2, critical: 1}}", Thresholds(warning=2.0, critical=1.0, below=True)),
    ],
)
def test_thresholds_are_written_in_either_way(tmp_path: Path, given: str, expected: Thresholds) -> None:
    assert panel(tmp_path, f"kind: text, text: a, thresholds: {given}").thresholds == expected


@pytest.mark.parametrize(
    ("kind", "more", "instant"),
    [
        ("timeseries", "", False), ("stat", "", False), ("heatmap", "", False), ("status", "", False),
        ("table", "", True), ("gauge", "", True), ("bargauge", "", True), ("toplist", "", True), ("cost", "", True),
        ("gauge", "calc: max, ", False),
    ],
)  # fmt: skip
def test_only_what_shows_no_history_is_asked_at_one_instant(
    tmp_path: Path, kind: str, more: str, instant: bool
) -> None:
    query = panel(tmp_path, f"kind: {kind}, source: prom, {more}queries: [{{expr: up}}]").queries[0].query
    assert query == PromQuery(source="prom", expr="up", instant=instant)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query: ''", EsQuery(source="logs", query="", metric=EsMetric(function="count"))),
        ("query: a, metric: count", EsQuery(source="logs", query="a", metric=EsMetric(function="count"))),
        ("query: a, metric: {count: }", EsQuery(source="logs", query="a", metric=EsMetric(function="count"))),
        ("query: a, metric: rate", EsQuery(source="logs", query="a", metric=EsMetric(function="rate"))),
        ("query: a, metric: {rate: {per: 1m}}", EsQuery(source="logs", query="a", metric=EsMetric(function="rate", per_s=60.0))),
        ("query: a, metric: {rate: bytes}", EsQuery(source="logs", query="a", metric=EsMetric(function="rate", field="bytes"))),
        ("query: a, metric: {avg: t}", EsQuery(source="logs", query="a", metric=EsMetric(function="avg", field="t"))),
        ("query: a, metric: {cardinality: {field: u}}", EsQuery(source="logs", query="a", metric=EsMetric(function="cardinality", field="u"))),
        ("query: a, metric: {percentiles: t}", EsQuery(source="logs", query="a", metric=EsMetric(function="percentiles", field="t", percents=(50.0, 95.0, 99.0)))),
        ("query: a, metric: {percentiles: {field: t, percents: [50, 99.9%]}}", EsQuery(source="logs", query="a", metric=EsMetric(function="percentiles", field="t", percents=(50.0, 99.9)))),
        (
            "query: a, group_by: [x, y], groups: 3, interval: 30s, filters: {s: 500, ok: true}, index: i, offset: 1d",
            EsQuery(
                source="logs", query="a", metric=EsMetric(function="count"), group_by=("x", "y"), groups=3, index="i",
                interval_s=30.0, filters=(("s", "500"), ("ok", "true")), offset_s=86_400.0,
            ),
        ),
        ("esql: FROM a, time_column: t", EsqlQuery(source="logs", esql="FROM a", time_column="t")),
    ],
)  # fmt: skip
def test_elasticsearch_is_asked_what_is_written(tmp_path: Path, query: str, expected: EsQuery | EsqlQuery) -> None:
    assert panel(tmp_path, f"kind: timeseries, source: logs, queries: [{{{query}}}]").queries[0].query == expected


def test_a_log_panel_asks_for_rows(tmp_path: Path) -> None:
    found = panel(tmp_path, "kind: logs, source: logs, queries: [{query: a, limit: 5, fields: [x], filters: {y: 1}}]")
    assert found.queries[0].query == LogQuery(source="logs", query="a", limit=5, fields=("x",), filters=(("y", "1"),))


def test_a_query_may_have_a_source_of_its_own(tmp_path: Path) -> None:
    found = panel(tmp_path, "kind: timeseries, source: prom, queries: [{expr: a}, {query: b, source: logs}]")
    assert [type(query.query) for query in found.queries] == [PromQuery, EsQuery]
    assert [query.name for query in found.queries] == ["A", "B"]


def test_panels_of_one_title_keep_ids_of_their_own(tmp_path: Path) -> None:
    text = "dashboards: [{title: D, panels: [" + ", ".join(
        f"{{title: '{title}', kind: text, text: a}}" for title in ("P", "P", "P#2", "P", "P")
    ) + "]}]\n"  # fmt: skip
    ids = [one.id for one in board(tmp_path, HEAD + text).dashboards[0].panels]
    assert ids[:2] == ["D/P", "D/P#2"]
    assert len(set(ids)) == 5


def test_a_folder_is_the_union_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(HEAD + "title: Shop\ndashboards: [{title: A, panels: []}]\n")
    (tmp_path / "2.yml").write_text("variables: {v: {source: prom, label_values: job}}\ndashboards: [{title: B}]\n")
    (tmp_path / "3.txt").write_text("not: read\n")
    (tmp_path / ".4.yaml.swp").write_text("not: read\n")
    (tmp_path / ".5.yaml").write_text("not: read\n")
    found = load(tmp_path)
    assert found.board is not None
    assert [dashboard.title for dashboard in found.board.dashboards] == ["A", "B"]
    assert [variable.name for variable in found.board.variables] == ["v"]
    assert found.files == (str(tmp_path / "1.yaml"), str(tmp_path / "2.yml"))


def test_what_two_files_give_is_a_problem_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(HEAD + "title: A\ndashboards: [{title: D, panels: []}]\n")
    (tmp_path / "2.yaml").write_text('title: B\nsources:\n  prom: {kind: prometheus, url: "http://h"}\n')
    errors = [str(problem).replace(f"{tmp_path}/", "") for problem in load(tmp_path).errors]
    assert errors == [
        "2.yaml:1:1: title: given twice; also in 1.yaml:6:1",
        '2.yaml:3:3: sources.prom: a second source "prom"; the first is in 1.yaml:3:3',
    ]


def test_a_broken_file_in_a_folder_leaves_no_board_and_the_others_are_checked(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(HEAD + "dashboards: [{title: D, panles: []}]\n")
    (tmp_path / "2.yaml").write_text("a: [\n")
    found = load(tmp_path)
    assert found.board is None
    assert [problem.file.rpartition("/")[2] for problem in found.errors] == ["1.yaml", "2.yaml"]
    assert len(found.files) == 2
