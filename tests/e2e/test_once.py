"""`opsdash once`: one refresh of everything, as the contract has it, with values that the servers themselves give."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.commands import config, opsdash
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.prometheus import PrometheusServer

SCHEMA = json.loads((Path(__file__).parent / "once_schema.json").read_text())


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON, checked against the schema."""
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def panel(found: dict[str, Any], title: str) -> dict[str, Any]:
    return next(one for one in found["panels"] if one["title"] == title)


@pytest.fixture
def board(tmp_path: Path, prometheus_server: PrometheusServer, elasticsearch_server: ElasticsearchServer) -> Path:
    """A configuration on the shared servers."""
    return config(tmp_path, prometheus=prometheus_server.url, elasticsearch=elasticsearch_server.url)


@pytest.mark.integration
def test_json_is_the_document_of_the_contract(tmp_path, board):
    done = opsdash(tmp_path, "once", str(board), "--format", "json")
    found = document(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(found) == ["opsdash", "at", "environment", "sources", "panels", "alerts", "slos"]
    assert found["environment"] == "production"
    assert {source["state"] for source in found["sources"].values()} == {"ok"}
    assert [one["title"] for one in found["panels"]] == [
        "Requests",
        "Up",
        "Odd",
        "Nothing",
        "Services",
        "Errors",
        "Words",
    ]
    assert panel(found, "Requests")["dashboard"] == "Golden signals"


@pytest.mark.integration
def test_values_are_those_that_prometheus_gives_to_the_same_question(tmp_path, board, prometheus_server):
    found = document(opsdash(tmp_path, "once", str(board), "--format", "json", "--at", "-5m"))
    series = {one["legend"]: one for one in panel(found, "Requests")["series"]}
    times = [at for at, _ in series["orders"]["points"]]
    step = times[1] - times[0]
    theirs = prometheus_server.query_range(
        'sum by (service) (rate(http_requests_total{service=~"orders|users"}[1m]))',
        start_s=times[0],
        end_s=times[-1],
        step_s=step,
    )
    assert {one["metric"]["service"] for one in theirs} == set(series) == {"orders", "users"}
    for one in theirs:
        ours = series[one["metric"]["service"]]
        assert [at for at, _ in ours["points"]] == [at for at, _ in one["values"]]
        assert [value for _, value in ours["points"]] == pytest.approx([float(value) for _, value in one["values"]])
        assert ours["last"] == ours["points"][-1][1]
        assert ours["labels"] == one["metric"]


@pytest.mark.integration
def test_what_is_no_number_is_a_string_and_nothing_is_no_data(tmp_path, board):
    found = document(opsdash(tmp_path, "once", str(board), "--format", "json"))
    assert [one["last"] for one in panel(found, "Odd")["series"]] == ["NaN", "+Inf", "-Inf"]
    assert panel(found, "Nothing")["state"] == "no_data"
    assert panel(found, "Nothing")["error"] is None
    assert panel(found, "Nothing")["series"] == []


@pytest.mark.integration
def test_tables_and_logs_have_rows(tmp_path, board, elasticsearch_server):
    found = document(opsdash(tmp_path, "once", str(board), "--format", "json"))
    services = panel(found, "Services")["rows"]
    assert {"orders", "users"} <= {row["service"] for row in services}
    assert all(isinstance(row["rate"], int | float) for row in services)
    errors = panel(found, "Errors")["rows"]
    assert errors
    assert all(row["level"] == "error" for row in errors)
    assert [row["time"] for row in errors] == sorted((row["time"] for row in errors), reverse=True)
    assert panel(found, "Words")["rows"] is None


@pytest.mark.integration
def test_another_time_another_dashboard_and_variables(tmp_path, board):
    done = opsdash(
        tmp_path,
        "once",
        str(board),
        "--format",
        "json",
        "--dashboard",
        "golden SIGNALS",
        "--at",
        "now-10m",
        "--var",
        "service=orders",
    )
    found = document(done)
    assert {one["dashboard"] for one in found["panels"]} == {"Golden signals"}
    assert [one["legend"] for one in panel(found, "Requests")["series"]] == ["orders"]
    at = datetime.fromisoformat(found["at"])
    assert 500 < (datetime.now(UTC) - at).total_seconds() < 700
    several = document(opsdash(tmp_path, "once", str(board), "--format", "json", "--var", "service=orders,users"))
    assert {one["legend"] for one in panel(several, "Requests")["series"]} == {"orders", "users"}


@pytest.mark.integration
def test_text_shows_every_panel_without_a_control_character(tmp_path, board):
    done = opsdash(tmp_path, "once", str(board))
    assert done.returncode == 0
    for title in ("PRODUCTION", "Golden signals", "Requests", "Nothing", "Errors", "[bold]as it is[/bold]"):
        assert title in done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.integration
def test_text_is_ascii_where_the_locale_is(tmp_path, board):
    done = opsdash(tmp_path, "once", str(board), PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "+ Requests -" in done.stdout


@pytest.mark.integration
def test_svg_is_one_picture_of_all_dashboards(tmp_path, board):
    done = opsdash(tmp_path, "once", str(board), "--format", "svg")
    texts = [element.text or "" for element in ET.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Golden signals", "Logs", "Requests"} <= {text.strip() for text in texts}
    assert len(done.stdout) < 400_000


def test_a_source_that_does_not_answer_is_exit_code_3_with_the_reason(tmp_path):
    done = opsdash(tmp_path, "once", str(config(tmp_path)), "--format", "json")
    found = document(done)
    assert done.returncode == 3
    assert found["sources"]["prom"]["state"] == "error"
    assert "refused" in found["sources"]["prom"]["error"]
    assert panel(found, "Requests")["state"] == "error"
    assert panel(found, "Requests")["error"]
    assert panel(found, "Words")["state"] == "fresh"


def test_text_says_which_source_failed(tmp_path):
    done = opsdash(tmp_path, "once", str(config(tmp_path)))
    assert done.returncode == 3
    assert "✕ error" in done.stdout
    assert "[bold]as it is[/bold]" in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--dashboard", "Golden signal"), 'there is no dashboard "Golden signal"; did you mean Golden signals?'),
        (("--dashboard", "Zebra"), 'there is no dashboard "Zebra"; there are: Golden signals, Logs'),
        (("--var", "servce=x"), 'there is no variable "servce"; did you mean service?'),
        (("--var", "one=a", "--var", "one=b"), "$one takes one value and 2 were given"),
        (("--at", "yesterday"), '"yesterday" is not a time'),
        (("--format", "xml"), "invalid choice: 'xml'"),
        (("--var", "x"), "is not NAME=VALUE"),
        (("--theme", "defualt", "--format", "svg"), 'there is no theme "defualt"; did you mean default?'),
    ],
)
def test_a_wrong_command_line_is_exit_code_64_with_what_was_meant(tmp_path, args, said):
    done = opsdash(tmp_path, "once", str(config(tmp_path)), *args)
    assert done.returncode == 64
    assert said in done.stderr
    assert done.stdout == ""


def test_a_broken_configuration_is_exit_code_78(tmp_path):
    (tmp_path / "opsdash.yaml").write_text("version: 1\ndashboards: 5\n")
    done = opsdash(tmp_path, "once", "opsdash.yaml")
    assert done.returncode == 78
    assert "opsdash.yaml:2:13" in done.stderr
