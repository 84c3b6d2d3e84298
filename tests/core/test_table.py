"""Tables: joined by label, sorted stably, marked by the worst value, honest about what does not fit."""

from __future__ import annotations

from dataclasses import replace

from opsdash.core.metrics.answers import Answer, LogRow, Table
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import EsqlQuery
from opsdash.core.metrics.window import empty_window, window_of
from opsdash.core.view.draw.table import draw, first_row
from opsdash.core.view.levels import Level
from opsdash.core.view.look import Look
from opsdash.core.view.panels import Column, PanelKind, PanelQuery, Thresholds
from opsdash.core.view.roles import Role
from opsdash.core.view.table_rows import rows_of
from tests.fakes.panel_views import START_S, panel_view, query_view, window

LOOK = Look(now_s=START_S)
NAN = float("nan")


def table_of(queries: dict[str, dict[str, float | None]], **spec):
    """A table whose queries have one value a service."""
    views = tuple(
        query_view(window({service: [value] for service, value in values.items()}), name=name)
        for name, values in queries.items()
    )
    return panel_view(PanelKind.TABLE, view={"queries": views}, **spec)


def shown(view, width=80, height=12, look=LOOK):
    return [line.rstrip() for line in draw(view, width, height, look).lines()]


def test_queries_are_joined_by_their_labels():
    view = table_of({"rate": {"b": 2.0, "a": 1.0}, "p99": {"a": 0.3, "c": 0.4}})
    table = rows_of(view, LOOK)
    assert [column.name for column in table.columns] == ["service", "rate", "p99"]
    assert [row.values for row in table.rows] == [("a", 1.0, 0.3), ("b", 2.0, None), ("c", None, 0.4)]


def test_a_gap_is_a_dash_and_a_zero_is_a_zero():
    lines = shown(table_of({"rate": {"a": 0.0}, "p99": {"a": 1.0, "b": 2.0}}))
    assert lines[1].split()[:3] == ["a", "0", "1"]
    assert lines[2].split()[:3] == ["b", "–", "2"]


def test_only_labels_that_differ_become_columns_and_a_lone_row_shows_all():
    labels = [labels_of({"service": name, "env": "prod", "__name__": "up"}) for name in ("a", "b")]
    two = window_of([START_S], [(one, [1.0]) for one in labels])
    one = window_of([START_S], [(labels[0], [1.0])])
    assert [c.name for c in rows_of(panel_view(PanelKind.TABLE, two), LOOK).columns] == ["service", "A"]
    assert [c.name for c in rows_of(panel_view(PanelKind.TABLE, one), LOOK).columns] == ["env", "service", "A"]


def test_columns_that_name_labels_join_over_those_labels_alone():
    by_zone = window_of([START_S], [(labels_of({"service": "a", "zone": "x"}), [1.0])])
    plain = window_of([START_S], [(labels_of({"service": "a"}), [2.0])])
    queries = (query_view(by_zone, name="X"), query_view(plain, name="Y"))
    columns = (Column(name="service"), Column(name="X"), Column(name="Y"))
    view = panel_view(PanelKind.TABLE, view={"queries": queries}, columns=columns)
    assert [row.values for row in rows_of(view, LOOK).rows] == [("a", 1.0, 2.0)]


def test_no_series_is_swallowed_when_two_would_share_a_row():
    two = window_of([START_S], [(labels_of({"service": "a", "zone": zone}), [1.0]) for zone in "xy"])
    view = panel_view(PanelKind.TABLE, two, columns=(Column(name="service"), Column(name="A")))
    assert len(rows_of(view, LOOK).rows) == 2


def test_sorting_is_stable_and_puts_gaps_and_nan_last_in_both_directions():
    view = table_of({"rate": {"a": 2.0, "b": 1.0, "c": NAN, "d": 2.0, "e": None}, "n": dict.fromkeys("abcde", 1.0)})
    up = rows_of(view, replace(LOOK, sort="rate"))
    down = rows_of(view, replace(LOOK, sort="-rate"))
    assert [row.values[0] for row in up.rows] == ["b", "a", "d", "c", "e"]
    assert [row.values[0] for row in down.rows] == ["a", "d", "b", "c", "e"]


def test_text_sorts_as_people_count():
    view = table_of({"rate": {"node-10": 1.0, "node-9": 1.0, "Node-1": 1.0}})
    assert [row.values[0] for row in rows_of(view, LOOK).rows] == ["Node-1", "node-9", "node-10"]


def test_the_sorted_column_says_so_also_in_ascii():
    view = table_of({"rate": {"a": 1.0, "b": 2.0}})
    assert "rate▼" in shown(view, look=replace(LOOK, sort="-rate"))[0]
    assert "rate▲" in shown(view, look=replace(LOOK, sort="rate"))[0]
    assert "ratev" in shown(view, look=replace(LOOK, sort="-rate", ascii_only=True))[0]
    assert "rate^" in shown(view, look=replace(LOOK, sort="rate", ascii_only=True))[0]


def test_an_unknown_sort_column_changes_nothing():
    view = table_of({"rate": {"a": 1.0, "b": 2.0}}, sort="-nosuch")
    assert rows_of(view, LOOK).sorted_by is None


def test_a_row_carries_the_mark_of_its_worst_value():
    columns = (
        Column(name="service"),
        Column(name="rate"),
        Column(name="p99", unit="s", thresholds=Thresholds(warning=0.3, critical=1.0)),
    )
    view = table_of({"rate": dict.fromkeys("abc", 5.0), "p99": {"a": 1.2, "b": 0.3, "c": 0.1}}, columns=columns)
    assert [row.level for row in rows_of(view, LOOK).rows] == [Level.CRITICAL, Level.WARNING, Level.OK]
    assert [line[0] for line in shown(view)[1:4]] == ["●", "▲", " "]
    cells = draw(view, 60, 5, LOOK)
    assert int(cells.inks[1, 0]) & 63 == Role.CRITICAL


def test_thresholds_of_the_panel_hold_for_the_only_number():
    view = table_of({"rate": {"a": 9.0}}, thresholds=Thresholds(critical=5.0))
    assert rows_of(view, LOOK).rows[0].level is Level.CRITICAL
    two = table_of({"rate": {"a": 9.0}, "p99": {"a": 9.0}}, thresholds=Thresholds(critical=5.0))
    assert rows_of(two, LOOK).rows[0].level is Level.NONE


def test_numbers_end_in_the_same_cell_and_keep_their_width():
    small, large = (table_of({"rate": {"a": value, "b": 2.0}}, unit="s") for value in (0.001, 999.0))
    ends = {len(shown(view)[1]) for view in (small, large)}
    assert len(ends) == 1


def test_what_does_not_fit_is_said():
    view = table_of({"rate": {f"s{n:02}": float(n) for n in range(40)}, "p99": {"s00": 1.0}, "err": {"s00": 1.0}})
    lines = shown(view, width=22, height=8)
    assert lines[0].endswith("+2›")
    assert lines[-1] == "rows 1–6 of 40"
    assert shown(view, height=8, look=replace(LOOK, scroll=99))[-1] == "rows 35–40 of 40"


def test_the_selected_row_is_always_in_sight():
    view = table_of({"rate": {f"s{n:02}": float(n) for n in range(40)}})
    look = replace(LOOK, row=30, scroll=0)
    assert any(line.startswith(" ❯s30") for line in shown(view, height=8, look=look))
    assert first_row(view, 8, look) == 25
    cells = draw(view, 40, 8, look)
    assert (cells.inks[6] >> 6 & 63 == Role.SELECTION).all()


def test_a_filter_keeps_rows_that_contain_it_and_says_how_many():
    view = table_of({"rate": {"orders": 1.0, "users": 2.0, "Border": 3.0}})
    assert [row.values[0] for row in rows_of(view, replace(LOOK, filter="ORDER")).rows] == ["Border", "orders"]
    assert shown(view, look=replace(LOOK, filter="order"))[-1] == "2 of 3 rows with order"
    assert shown(view, look=replace(LOOK, filter="zz"))[-1] == "none of 3 rows has zz"


def test_history_gets_a_sparkline_when_there_is_room():
    view = panel_view(PanelKind.TABLE, window({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 1.0, None, None]}))
    wide = shown(view, width=60)
    assert "trend" in wide[0]
    assert "▇" in wide[1]
    assert "trend" not in shown(view, width=18)[0]


def test_a_series_that_stopped_is_marked_and_not_judged():
    gone = window({"a": [9.0] + [None] * 9, "b": [1.0] * 10})
    view = panel_view(PanelKind.TABLE, gone, thresholds=Thresholds(critical=5.0))
    row = rows_of(view, LOOK).rows[0]
    assert row.is_gone
    assert row.level is Level.NONE
    assert shown(view)[1].startswith("░ a")


def test_an_esql_table_keeps_its_columns_and_order():
    table = Table(columns=("status", "count", "share"), rows=((500, 12, 0.5), (200, 99, None), ("x", 1, 0.1)))
    query = query_view(
        empty_window(), spec=PanelQuery(query=EsqlQuery(source="logs", esql="FROM x")), answer=Answer(table=table)
    )
    view = panel_view(PanelKind.TABLE, view={"queries": (query,)})
    found = rows_of(view, LOOK)
    assert [column.name for column in found.columns] == ["status", "count", "share"]
    assert [row.values[1] for row in found.rows] == [12, 99, 1]
    assert [row.values[1] for row in rows_of(view, replace(LOOK, sort="-count")).rows] == [99, 12, 1]
    assert shown(view)[1].split() == ["500", "12", "0.5"]


def test_log_rows_can_be_a_table():
    rows = (LogRow(id="1", at_s=START_S, message="m", level="error", fields={"status": 500}),)
    query = query_view(empty_window(), answer=Answer(rows=rows))
    columns = (Column(name="time"), Column(name="status"), Column(name="message"))
    view = panel_view(PanelKind.TABLE, view={"queries": (query,)}, columns=columns)
    assert rows_of(view, LOOK).rows[0].values == ("2026-09-21 14:13:20.000", 500, "m")


def test_row_ids_do_not_change_with_the_values():
    before, after = table_of({"rate": {"a": 1.0, "b": 2.0}}), table_of({"rate": {"a": 3.0, "b": 0.0}})
    assert rows_of(before, LOOK).ids() == rows_of(after, LOOK).ids()
    assert len(set(rows_of(before, LOOK).ids())) == 2


def test_it_is_readable_at_30_by_8():
    view = table_of({"rate": {"orders": 214.0, "users": 92.0}, "p99": {"orders": 1.21, "users": 0.066}})
    lines = shown(view, width=28, height=6)
    assert lines[0].split() == ["service", "rate", "p99"]
    assert lines[1].split() == ["orders", "214", "1.21"]


def test_what_has_a_threshold_is_the_last_to_go_when_it_gets_narrow():
    columns = (
        Column(name="service"),
        *(Column(name=name) for name in ("rate", "p50", "p95")),
        Column(name="p99", thresholds=Thresholds(critical=1.0)),
    )
    view = table_of({name: {"orders": 1.5} for name in ("rate", "p50", "p95", "p99")}, columns=columns)
    assert shown(view, width=21)[0].split() == ["service", "p99", "+3›"]
