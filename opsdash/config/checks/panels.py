"""Checks `dashboards:`: titles, the grid, and what each kind of panel takes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from opsdash.config.build import query_name
from opsdash.config.checks.queries import check_queries
from opsdash.config.checks.units import check_unit
from opsdash.config.models.panel import Grid, Panel, Thresholds
from opsdash.config.parsing import Parsed, ParsedDashboard
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.union import Union
from opsdash.core.suggest import did_you_mean

COLUMNS = 24
ONLY_FOR: Mapping[str, frozenset[str]] = {
    "draw": frozenset({"timeseries"}),
    "stacked": frozenset({"timeseries"}),
    "legend": frozenset({"timeseries"}),
    "calc": frozenset({"stat", "gauge", "bargauge", "toplist", "cost", "table"}),
    "text": frozenset({"text"}),
    "columns": frozenset({"table", "logs"}),
    "sort": frozenset({"table"}),
    "limit": frozenset({"toplist"}),
    "per": frozenset({"cost"}),
    "requests": frozenset({"cost"}),
    "matchers": frozenset({"alerts"}),
    "severity": frozenset({"alerts"}),
}
"""Keys that only some kinds of panel have."""


def check_dashboards(union: Union, report: Report) -> None:
    """Reports what is wrong with them."""
    if not union.dashboards and all(file.root.whole for file in union.files):
        report.error(union.files[0].root.place / "dashboards", "missing; there is nothing to show")
    titles: dict[str, Place] = {}
    for dashboard in union.dashboards:
        title, place = dashboard.head.model.title, dashboard.head.place / "title"
        if title in titles:
            report.error(place, f'a second dashboard "{shown(title)}"; the first is in {titles[title]}')
        titles.setdefault(title, place)
        _dashboard(dashboard, union, report)


def _dashboard(dashboard: ParsedDashboard, union: Union, report: Report) -> None:
    if not dashboard.written and dashboard.head.whole:
        report.warning(dashboard.head.place, "a dashboard without panels")
    titles: dict[str, Place] = {}
    for panel in dashboard.panels:
        title, place = panel.model.title, panel.place / "title"
        if title in titles:
            report.warning(place, f'a second panel "{shown(title)}" here; the first is in {titles[title]}')
        titles.setdefault(title, place)
        _panel(panel, report)
        check_queries(panel, union, report)
    _overlaps(dashboard, report)


def _panel(panel: Parsed[Panel], report: Report) -> None:
    model, place = panel.model, panel.place
    for key, kinds in ONLY_FOR.items() if panel.kind_known else ():
        if key in model.model_fields_set and model.kind not in kinds:
            report.warning(place / key, f"has no effect on a {model.kind} panel", key=True)
    _matchers(panel, report)
    if model.kind == "text" and not model.text and panel.whole:
        report.error(place, "a text panel needs text", key=True)
    if model.grid is not None and model.grid.x + model.grid.w > COLUMNS:
        report.error(place / "grid", f"x {model.grid.x} + w {model.grid.w} goes beyond the {COLUMNS} columns")
    if model.min is not None and model.max is not None and model.min >= model.max:
        report.error(place / "min", f"min {model.min:g} is not below max {model.max:g}")
    _thresholds(model.thresholds, place / "thresholds", report)
    check_unit(model.unit, place / "unit", report)
    _columns(panel, report)
    _mappings(panel, report)


def _matchers(panel: Parsed[Panel], report: Report) -> None:
    if not panel.model.matchers:
        return
    from opsdash.core.alerting.matcher_text import MatchersWrong, parse_matchers  # noqa: PLC0415 - 5 ms, for filters

    place, texts = panel.place / "matchers", panel.model.matchers
    for index, text in enumerate(texts):
        try:
            parse_matchers(text)
        except MatchersWrong as wrong:
            report.error(place / index if len(texts) > 1 else place, f'"{shown(text, 60)}": {wrong.message}')


def _thresholds(given: Thresholds | None, place: Place, report: Report) -> None:
    if given is None or given.warning is None or given.critical is None:
        return
    if given.below and given.warning < given.critical:
        report.error(place, f"below: critical {given.critical:g} is reached before warning {given.warning:g}")
    if not given.below and given.warning > given.critical:
        hint = "; did you mean below: true?"
        report.error(place, f"critical {given.critical:g} is reached before warning {given.warning:g}{hint}")


def _columns(panel: Parsed[Panel], report: Report) -> None:
    names: set[str] = set()
    for index, column in enumerate(panel.model.columns):
        place = panel.place / "columns" / index
        if column.name in names:
            report.error(place, f'a second column "{shown(column.name, 60)}"')
        names.add(column.name)
        check_unit(column.unit, place / "unit", report)
        _thresholds(column.thresholds, place / "thresholds", report)
    sort = panel.model.sort.removeprefix("-")
    known = [*names, *(column.title for column in panel.model.columns if column.title)]
    known += [query.name or query_name(index) for index, query in enumerate(panel.model.queries)]
    if sort and names and sort not in known:
        report.error(panel.place / "sort", f'there is no column "{shown(sort, 60)}"{did_you_mean(sort, known)}')


def _mappings(panel: Parsed[Panel], report: Report) -> None:
    for index, mapping in enumerate(panel.model.mappings):
        place = panel.place / "mappings" / index
        ranged = mapping.low is not None or mapping.high is not None
        if (mapping.value is not None) == ranged and panel.whole:
            report.error(place, "takes value, or low and high")
        if mapping.low is not None and mapping.high is not None and mapping.low > mapping.high:
            report.error(place / "low", f"low {mapping.low:g} is above high {mapping.high:g}")


def _overlaps(dashboard: ParsedDashboard, report: Report) -> None:
    placed = [(panel, panel.model.grid) for panel in dashboard.panels if panel.model.grid is not None][:_MOST_COMPARED]
    told: set[int] = set()
    for (first, one), (second, other) in combinations(placed, 2):
        if id(second) not in told and _overlap(one, other):
            told.add(id(second))
            report.warning(second.place / "grid", f'lies over "{shown(first.model.title, 60)}"')


_MOST_COMPARED = 500


def _overlap(one: Grid, other: Grid) -> bool:
    apart = one.x + one.w <= other.x or other.x + other.w <= one.x
    return not apart and not (one.y + one.h <= other.y or other.y + other.h <= one.y)
