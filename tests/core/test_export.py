"""Exports: the same picture as text, ANSI and SVG; the same numbers as CSV and JSON; safe to open."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.metrics.answers import Answer, LogRow, Table
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.queries import EsqlQuery, LogQuery, PromQuery
from opsdash.core.metrics.window import empty_window
from opsdash.core.view.cells import BOLD, REVERSE, UNDERLINE, Cells, ink
from opsdash.core.view.export.ansi import to_ansi
from opsdash.core.view.export.answer_text import answer_text
from opsdash.core.view.export.csv import answer_csv, panel_csv, written
from opsdash.core.view.export.formats import EXPORTERS
from opsdash.core.view.export.json_answer import answer_document
from opsdash.core.view.export.json_panel import dumped, panel_document
from opsdash.core.view.export.numbers import iso_time, plain_number
from opsdash.core.view.export.svg import CELL_HEIGHT, CELL_WIDTH, to_svg
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S)
NAN, INF = math.nan, math.inf
THEME = Theme(
    name="t", title="T", dark=True, colours={role: f"#{(int(role) * 1327 + 77) % 0xFFFFFF:06x}" for role in Role}
)
SVG = "{http://www.w3.org/2000/svg}"


def picture() -> Cells:
    """Some of everything."""
    cells = Cells(20, 4)
    cells.put(0, 0, "╭─ <a&b> ─╮", ink(Role.FRAME))
    cells.put(0, 1, "日本 text", ink(Role.CRITICAL, attributes=BOLD))
    cells.put(0, 2, "⣿⡀█▌▂░", ink(Role.SERIES_1))
    cells.put(0, 3, "sel", ink(Role.TEXT, Role.SELECTION, REVERSE | UNDERLINE))
    return cells


def test_text_has_the_lines_and_nothing_at_their_ends():
    assert to_text(picture()) == "╭─ <a&b> ─╮\n日本 text\n⣿⡀█▌▂░\nsel\n"


@pytest.mark.parametrize("depth", ["none", "16", "256", "truecolor"])
def test_a_terminal_shows_the_same_text_as_the_cells(depth):
    screen = pyte.Screen(20, 5)
    pyte.Stream(screen).feed(to_ansi(picture(), THEME, depth).replace("\n", "\r\n"))
    assert [line.rstrip() for line in screen.display][:4] == to_text(picture()).splitlines()
    assert screen.buffer[1][0].bold
    assert screen.buffer[3][0].reverse


def test_ansi_has_the_colours_of_its_depth_and_resets_each_line():
    by_depth = {depth: to_ansi(picture(), THEME, depth) for depth in ("none", "16", "256", "truecolor")}
    assert "38;2;" in by_depth["truecolor"]
    assert "38;5;" in by_depth["256"]
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9|10)8;|;[39][0-7]m", by_depth["none"])
    assert "38;" not in by_depth["16"]
    assert all(line.endswith("\x1b[0m") for line in by_depth["truecolor"].splitlines())


def test_svg_is_one_document_of_the_right_size_with_the_text_escaped():
    root = ET.fromstring(to_svg(picture(), THEME, title="A <title> & \x1b more"))
    assert root.tag == f"{SVG}svg"
    assert float(root.attrib["width"]) == pytest.approx(20 * CELL_WIDTH + 20, abs=0.2)
    assert float(root.attrib["height"]) == 4 * CELL_HEIGHT + 20
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "<a&b>" in texts
    assert "日本" in "".join(text or "" for text in texts)
    assert root.findtext(f"{SVG}title") == "A <title> & ␛ more"


def test_svg_draws_frames_and_dots_as_shapes():
    root = ET.fromstring(to_svg(picture(), THEME))
    text = "".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert not set(text) & set("╭─╮⣿⡀█▌▂░")
    paths = list(root.iter(f"{SVG}path"))
    assert sum(path.attrib["d"].count("h0") for path in paths) == 9


def test_svg_needs_nothing_from_elsewhere():
    text = to_svg(picture(), THEME)
    assert not re.search(r"href|url\(|<script|<style|<image|<foreignObject", text)


def test_svg_stays_small():
    cells = Cells(200, 50)
    cells.codes[:] = 0x28FF
    assert len(to_svg(cells, THEME)) < 1_500_000
    cells.codes[:] = ord("█")
    assert len(to_svg(cells, THEME)) < 10_000


def test_the_times_of_several_queries_become_one_column_and_gaps_stay_empty():
    slow = window({"b": [5.0]}, step_s=20.0)
    view = panel_view(PanelKind.TIMESERIES, window({"a": [1.0, None, NAN, INF]}), slow)
    rows = list(csv.reader(io.StringIO(panel_csv(view, LOOK))))
    assert rows[0] == ["time", "a", "b"]
    assert [row[1] for row in rows[1:]] == ["1", "", "NaN", "Inf"]
    assert [row[2] for row in rows[1:]] == ["5", "", "", ""]
    assert rows[1][0] == iso_time(START_S) == "2026-09-21T14:13:20Z"


def test_series_of_one_name_are_told_apart():
    view = panel_view(PanelKind.TIMESERIES, window({"a": [1.0]}), window({"a": [2.0]}))
    assert panel_csv(view, LOOK).splitlines()[0] == "time,a,a #2"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\u200b=1", "=cmd|' /C calc'!A0"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text):
    cell = next(csv.reader(io.StringIO(written([text], []))))[0]
    assert cell.startswith("'")


def test_numbers_are_not_touched():
    assert written(["n"], [[-1.5], [-0.0], [1e300], [10**400], [True], [None], [2.0]]) == (
        'n\n-1.5\n0\n1e+300\nInf\ntrue\n""\n2\n'
    )


def test_quotes_commas_and_line_ends_come_back_as_they_were():
    assert list(csv.reader(io.StringIO(written(['a "b", c'], [["x,y"]])))) == [['a "b", c'], ["x,y"]]
    assert written(["a\nb"], []) == "a␊b\n"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_any_text_gives_rows_of_the_same_length(rows):
    parsed = list(csv.reader(io.StringIO(written(["a", "b"], rows))))
    assert {len(row) for row in parsed} == {2}
    assert len(parsed) == len(rows) + 1


def test_logs_and_tables_become_rows():
    logs = panel_view(
        PanelKind.LOGS,
        view={
            "queries": (
                query_view(
                    empty_window(),
                    answer=Answer(rows=(LogRow(id="1", at_s=START_S + 0.25, message="m", fields={"s": 5}),)),
                ),
            )
        },
    )
    assert panel_csv(logs, LOOK) == "time,level,message,s\n2026-09-21T14:13:20.250Z,,m,5\n"
    table = panel_view(PanelKind.TABLE, window({"b": [2.0], "a": [1.0]}))
    assert panel_csv(table, LOOK) == "service,A\na,1\nb,2\n"


def test_json_writes_what_is_no_number_as_a_string_and_leaves_gaps_out():
    view = panel_view(PanelKind.TIMESERIES, window({"a": [1.0, None, NAN, INF, -INF]}))
    document = json.loads(dumped(panel_document(view, "d")))
    assert document["series"][0]["points"] == [
        [START_S, 1], [START_S + 20, "NaN"], [START_S + 30, "+Inf"], [START_S + 40, "-Inf"],
    ]  # fmt: skip
    assert document["series"][0]["last"] == "-Inf"
    assert document["rows"] is None


def test_json_of_a_series_of_gaps_has_no_last():
    view = panel_view(PanelKind.STAT, window({"a": [None]}))
    assert panel_document(view, "d")["series"][0]["last"] is None


def test_json_says_why_a_panel_failed_and_not_why_it_is_empty():
    failed = panel_view(PanelKind.STAT, view={"state": Freshness.ERROR, "message": "prom said no"})
    empty = panel_view(PanelKind.STAT, view={"state": Freshness.NO_DATA, "message": "no data: nothing"})
    assert panel_document(failed, "d")["error"] == "prom said no"
    assert panel_document(empty, "d")["error"] is None


def test_json_keeps_the_requests_of_a_cost_panel_out_of_its_series():
    queries = (query_view(window({"db": [1.0]})), query_view(window({"": [5.0]}), name="requests"))
    document = panel_document(panel_view(PanelKind.COST, view={"queries": queries}), "d")
    assert [series["legend"] for series in document["series"]] == ["db"]


@given(st.floats())
def test_every_number_survives_json(value):
    back = json.loads(json.dumps(plain_number(value), allow_nan=False))
    assert np.array_equal(float(back), value, equal_nan=True)


def test_a_panel_can_be_written_in_every_format():
    view = panel_view(PanelKind.TIMESERIES, window({"a": [1.0, 2.0]}), thresholds=Thresholds(warning=1.5))
    for name, export in EXPORTERS.items():
        assert export(view, LOOK, THEME), name
    assert json.loads(EXPORTERS["json"](view, LOOK, THEME))["title"] == "Panel"


def test_an_instant_answer_is_a_line_a_series_with_all_digits():
    text = answer_text(Answer(window=window({"a": [0.1234567891], "b": [NAN]})), ["up{a}", "up{longer}"], LOOK.zone)
    assert text == "up{a}       0.1234567891\nup{longer}           NaN\n"


def test_a_range_answer_is_a_line_a_series_with_what_it_did():
    text = answer_text(Answer(window=window({"a": [1.0, None, 3.0]})), ["up"], LOOK.zone)
    head, line = text.splitlines()
    assert head.split() == ["series", "last", "min", "max", "avg", "points", "trend"]
    assert line.split()[:6] == ["up", "3", "1", "3", "2", "2"]


def test_log_rows_and_tables_as_text_hold_no_control_character():
    rows = (LogRow(id="1", at_s=START_S, message="a\x1b[2J\nb", level="warn", fields={"k\x07": "v\x9b", "n": None}),)
    assert answer_text(Answer(rows=rows), [], LOOK.zone) == ("2026-09-21T14:13:20.000+00:00  WARN   a␛[2J␊b  k␇=v�\n")
    table = Table(columns=("a", "日本"), rows=((1, "x\x1b"), (20.5, None)))
    assert answer_text(Answer(table=table), [], LOOK.zone) == "   a  日本\n   1  x␛\n20.5  –\n"


def test_an_answer_as_json_is_series_or_rows():
    metric = answer_document(
        Answer(window=window({"a": [1.0]}), warnings=("w",)),
        PromQuery(source="prom", expr="up"),
        ["up"],
        version="1",
        at_s=START_S,
    )
    assert metric["query"] == "up"
    assert metric["rows"] is None
    assert metric["warnings"] == ["w"]
    assert metric["series"][0]["last"] == 1
    logs = answer_document(Answer(), LogQuery(source="l", query="x"), [], version="1", at_s=START_S)
    assert (logs["series"], logs["rows"]) == (None, [])
    table = Answer(table=Table(columns=("a",), rows=((NAN,),)))
    rows = answer_document(table, EsqlQuery(source="l", esql="ROW a=1"), [], version="1", at_s=START_S)["rows"]
    assert rows == [{"a": "NaN"}]
    assert answer_csv(table, []) == "a\nNaN\n"
