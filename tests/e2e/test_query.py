"""`opsdash query`: one question to one source."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.e2e.commands import config, opsdash
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.prometheus import PrometheusServer

RATE = "sum by (service) (rate(http_requests_total[1m]))"


@pytest.fixture
def board(tmp_path: Path, prometheus_server: PrometheusServer, elasticsearch_server: ElasticsearchServer) -> Path:
    """A configuration on the shared servers."""
    return config(tmp_path, prometheus=prometheus_server.url, elasticsearch=elasticsearch_server.url)


@pytest.mark.integration
def test_an_instant_is_what_prometheus_says(tmp_path, board, prometheus_server):
    done = opsdash(tmp_path, "query", "prom", RATE, str(board), "--at", "-5m", "--format", "json")
    found = json.loads(done.stdout)
    ours = {one["labels"]["service"]: one["last"] for one in found["series"]}
    at_s = found["series"][0]["points"][0][0]
    theirs = {one["metric"]["service"]: float(one["value"][1]) for one in prometheus_server.query(RATE, at_s=at_s)}
    assert done.returncode == 0
    assert ours == pytest.approx(theirs)
    assert found["query"] == RATE


@pytest.mark.integration
def test_a_range_is_a_row_a_step_in_csv(tmp_path, board):
    done = opsdash(tmp_path, "query", "prom", RATE, str(board), "--range", "10m", "--step", "30s", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0][0] == "time"
    assert '{service="orders"}' in rows[0]
    assert len(rows) == 22
    assert all(row[0].endswith(("00Z", "30Z")) for row in rows[1:])


@pytest.mark.integration
def test_text_has_a_line_a_series(tmp_path, board):
    instant = opsdash(tmp_path, "query", "prom", 'up{job="plant"}', str(board)).stdout
    assert instant.startswith("up{")
    assert instant.rstrip().endswith("1")
    ranged = opsdash(tmp_path, "query", "prom", RATE, str(board), "--range", "30m").stdout.splitlines()
    assert ranged[0].split()[:2] == ["series", "last"]
    assert any(line.startswith('{service="orders"}') for line in ranged)


@pytest.mark.integration
def test_an_expression_may_begin_with_a_minus(tmp_path, board):
    done = opsdash(tmp_path, "query", "prom", "-1 * vector(3)", str(board))
    assert done.stdout == "{}  -3\n"


@pytest.mark.integration
def test_grafanas_built_ins_and_variables_hold(tmp_path, board):
    expr = 'sum by (service) (rate(http_requests_total{service=~"$service"}[$__rate_interval]))'
    done = opsdash(tmp_path, "query", "prom", expr, str(board), "--var", "service=orders", "--format", "json")
    assert [one["labels"] for one in json.loads(done.stdout)["series"]] == [{"service": "orders"}]


@pytest.mark.integration
def test_nothing_is_said_on_stderr_and_is_no_failure(tmp_path, board):
    done = opsdash(tmp_path, "query", "prom", "no_such_metric", str(board))
    assert (done.returncode, done.stdout) == (0, "")
    assert "no data" in done.stderr


@pytest.mark.integration
def test_log_rows_come_newest_first_and_clean(tmp_path, board):
    done = opsdash(tmp_path, "query", "logs", "level:error", str(board), "--range", "2h", "--limit", "7")
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert lines == sorted(lines, key=lambda line: line[:29], reverse=True)
    assert all("ERROR" in line and line.isprintable() for line in lines)


@pytest.mark.integration
def test_esql_is_a_table_over_the_range(tmp_path, board):
    asked = "FROM logs-* | STATS n = COUNT(*) BY level | SORT n DESC"
    done = opsdash(tmp_path, "query", "logs", asked, str(board), "--range", "3h", "--format", "json")
    rows = json.loads(done.stdout)["rows"]
    assert {"info", "error"} <= {row["level"] for row in rows}
    assert [row["n"] for row in rows] == sorted((row["n"] for row in rows), reverse=True)
    text = opsdash(tmp_path, "query", "logs", asked, str(board), "--range", "3h").stdout.splitlines()
    assert text[0].split() == ["n", "level"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("source", "expr", "said"), [("prom", "sum(", "parse error"), ("logs", "level:(", "cannot be read")]
)
def test_the_servers_own_words_come_through_as_one_line(tmp_path, board, source, expr, said):
    done = opsdash(tmp_path, "query", source, expr, str(board))
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_source_that_does_not_answer_is_exit_code_3(tmp_path):
    done = opsdash(tmp_path, "query", "prom", "up", str(config(tmp_path)))
    assert done.returncode == 3
    assert "refused" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("pron", "up"), 'there is no source "pron"; did you mean prom?'),
        (("prom", " "), "the expression is empty"),
        (("prom", "up", "--step", "5s"), "--step needs a --range"),
        (("prom", "up", "--range", "soon"), '"soon" is not a duration'),
        (("prom", "up", "--range", "1h", "--step", "0s"), '"0s" is not a duration'),
        (("prom", "up", "--range", "30d", "--step", "1s"), "the smallest step for it is"),
        (("prom", "up", "--limit", "0"), "--limit is from 1"),
        (("prom", 'up{a="$service"}'), "$service has no value here; give --var service=VALUE"),
        (("prom", "up", "--var", "servce=x"), "did you mean service?"),
        (("prom", "up", "--at", "then"), '"then" is not a time'),
    ],
)
def test_a_wrong_command_line_is_exit_code_64(tmp_path, args, said):
    done = opsdash(tmp_path, "query", args[0], args[1], str(config(tmp_path)), *args[2:])
    assert done.returncode == 64
    assert said in done.stderr


def test_a_configuration_that_is_not_there_is_exit_code_78(tmp_path):
    assert opsdash(tmp_path, "query", "prom", "up", "nowhere.yaml").returncode == 78
