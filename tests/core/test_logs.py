"""Logs: the newest first, levels by shape, what is looked for in reverse, a row opened into its fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from opsdash.core.metrics.answers import Answer, LogRow
from opsdash.core.metrics.queries import LogQuery
from opsdash.core.metrics.window import empty_window
from opsdash.core.view.cells import REVERSE
from opsdash.core.view.draw.logs import draw
from opsdash.core.view.levels import Level
from opsdash.core.view.log_rows import level_of_row, rows_of
from opsdash.core.view.look import Look
from opsdash.core.view.panels import PanelKind, PanelQuery
from opsdash.core.view.roles import Role
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S)


def row(number: int, message: str = "", **details) -> LogRow:
    """A row that many seconds before now."""
    return LogRow(id=f"r{number}", at_s=START_S - number, message=message or f"message {number}", **details)


def logs_of(*rows: LogRow, fields: tuple[str, ...] = ()):
    spec = PanelQuery(query=LogQuery(source="logs", query="", fields=fields))
    return panel_view(
        PanelKind.LOGS, view={"queries": (query_view(empty_window(), spec=spec, answer=Answer(rows=rows)),)}
    )


def shown(view, width=80, height=8, look=LOOK):
    return [line.rstrip() for line in draw(view, width, height, look).lines()]


def test_the_newest_row_is_at_the_top_whatever_the_order_of_the_answer():
    lines = shown(logs_of(row(5), row(1), row(3)))
    assert [line[-1] for line in lines[:3]] == ["1", "3", "5"]


def test_times_are_in_the_zone_with_milliseconds_and_a_date_only_when_it_is_not_today():
    late = LogRow(id="x", at_s=START_S - 0.5, message="m")
    assert shown(logs_of(late))[0].startswith("14:13:19.500 ")
    seoul = replace(LOOK, zone=timezone(timedelta(hours=9)))
    assert shown(logs_of(late), look=seoul)[0].startswith("23:13:19.500 ")
    assert shown(logs_of(late, row(100_000)))[0].startswith("09-21 14:13:19.500 ")


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("ERROR", Level.CRITICAL), ("fatal", Level.CRITICAL), ("Warning", Level.WARNING), ("info", Level.OK),
        ("50", Level.CRITICAL), ("40", Level.WARNING), ("30", Level.OK), ("3", Level.CRITICAL), ("4", Level.WARNING),
        ("6", Level.OK), ("", Level.NONE), ("9999999999", Level.NONE), ("²", Level.NONE), ("\x1b", Level.NONE),
    ],
)  # fmt: skip
def test_levels_of_many_loggers_are_known(level, expected):
    assert level_of_row(level) is expected


def test_levels_differ_by_shape():
    view = logs_of(row(1, level="error"), row(2, level="warn"), row(3, level="info"), row(4))
    assert [line[13] for line in shown(view)[:4]] == ["●", "▲", "·", " "]
    cells = draw(view, 80, 8, LOOK)
    assert int(cells.inks[0, 13]) & 63 == Role.CRITICAL


def test_the_service_stands_beside_the_message():
    view = logs_of(row(1, fields={"service": "orders"}), row(2, fields={"service": "日本"}), row(3))
    lines = shown(view)
    assert lines[0][15:].startswith("orders message 1")
    assert rows_of(view, LOOK).fields == ("service",)
    wanted = logs_of(row(1, fields={"service": "orders", "status": 500}), fields=("status",))
    assert shown(wanted)[0][15:].startswith("500 message 1")


def test_a_filter_keeps_what_matches_anywhere_and_shows_it_in_reverse():
    view = logs_of(row(1, "pool Exhausted"), row(2, "fine"), row(3, "ok", fields={"cause": "exhausted"}))
    look = replace(LOOK, filter="EXHAUSTED")
    assert rows_of(view, look).ids() == ("r1", "r3")
    cells = draw(view, 80, 8, look)
    reversed_cells = [x for x in range(80) if int(cells.inks[0, x]) & REVERSE]
    assert "".join(chr(cells.codes[0, x]) for x in reversed_cells) == "Exhausted"


def test_what_is_looked_for_is_text_and_never_a_pattern():
    view = logs_of(row(1, "a(((((b"), row(2, "aaaa"))
    assert rows_of(view, replace(LOOK, filter="(((")).ids() == ("r1",)
    assert rows_of(view, replace(LOOK, filter="a.*b")).ids() == ()


def test_a_filter_that_finds_nothing_says_so():
    assert shown(logs_of(row(1)), look=replace(LOOK, filter="zz"))[0] == "none of 1 rows contains zz"


def test_an_expanded_row_shows_its_message_whole_and_a_field_a_line():
    message = "the quick brown fox jumps over the lazy dog " * 3
    view = logs_of(row(1, message, fields={"status": 500, "stack": "at a\n\tat b", "none": None}), row(2))
    lines = shown(view, width=60, height=14, look=replace(LOOK, expanded=frozenset({"r1"})))
    text = " ".join(line.lstrip("│ ") for line in lines)
    assert message.rsplit(maxsplit=1)[-1] in lines[3]
    assert "status 500" in text
    assert "at a" in text
    assert any("message 2" in line for line in lines)


def test_scrolling_goes_line_by_line_through_a_tall_row():
    view = logs_of(row(1, fields={f"f{n}": n for n in range(30)}), row(2))
    look = replace(LOOK, expanded=frozenset({"r1"}), row=0)
    assert "f10" in shown(view, height=6, look=replace(look, scroll=11))[0]
    end = shown(view, height=6, look=replace(look, row=None, scroll=99))
    assert "f26" in end[0]
    assert "message 2" in end[4]


def test_a_message_that_the_first_line_shows_whole_is_not_said_twice():
    view = logs_of(row(1, message="short"), row(2, message="long " * 40))
    lines = shown(view, height=20, look=replace(LOOK, expanded=frozenset({"r1", "r2"})))
    assert sum("short" in line for line in lines) == 1
    assert sum("long" in line for line in lines) > 2


def test_the_selected_row_is_always_in_sight():
    view = logs_of(*(row(n) for n in range(50)))
    lines = shown(view, look=replace(LOOK, row=40))
    assert any("❯" in line and line.endswith("message 40") for line in lines)
    assert lines[-1] == "rows 35–41 of 50"


def test_control_characters_are_seen_and_do_nothing():
    view = logs_of(row(1, "a\x1b[31mb\x07\r\x00\x9bc\u202ed\te"))
    assert shown(view)[0].endswith("a␛[31mb␇␍␀�c�d␉e")


def test_a_row_without_a_message_shows_its_fields():
    view = logs_of(LogRow(id="1", at_s=START_S, message="", fields={"status": 500, "path": "/x"}))
    assert shown(view)[0].endswith("status=500 path=/x")


def test_rows_of_several_queries_are_merged_and_counted_once():
    one, two = row(1), row(2)
    queries = tuple(query_view(empty_window(), answer=Answer(rows=rows)) for rows in ((one, two), (two,)))
    view = panel_view(PanelKind.LOGS, view={"queries": queries})
    assert rows_of(view, LOOK).ids() == ("r1", "r2")


def test_it_is_readable_at_30_by_8():
    lines = shown(logs_of(row(1, "upstream timed out", level="error")), width=28, height=6)
    assert lines[0] == "14:13:19 ● upstream timed o…"


def test_an_answer_of_series_where_rows_were_asked_for_is_said():
    view = panel_view(PanelKind.LOGS, window({"a": [1.0, 2.0]}))
    assert "no log rows in the answer" in shown(view)[0]


def test_a_message_that_begins_with_spaces_is_seen():
    assert "far right" in shown(logs_of(row(1, message=" " * 60 + "far right")), width=40)[0]
