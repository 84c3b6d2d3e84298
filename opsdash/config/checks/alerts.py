"""Checks alert rules: what they ask, whether their levels make sense, and that what they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opsdash.config.build_alerts import moment_of, time_of_day_s
from opsdash.config.checks.rule_names import check_names
from opsdash.config.checks.variables import find_source
from opsdash.config.parsing import Parsed
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.texts import metric_fields
from opsdash.config.union import Union
from opsdash.core.alerting.matcher_text import MatchersWrong, parse_matchers
from opsdash.core.alerting.slo import uses_window
from opsdash.core.alerting.templates import check_template
from opsdash.core.duration import format_duration
from opsdash.core.promql import ParseError, parse
from opsdash.core.promql.nodes import Kind
from opsdash.core.suggest import did_you_mean

if TYPE_CHECKING:
    from opsdash.config.models.alerts import Alerts, Maintenance, Rule, RuleGroup, RuleLevels
    from opsdash.config.models.slo import Slo

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_VARIABLE = re.compile(r"\$(?:\{)?([A-Za-z_][A-Za-z0-9_]*)")
_ELASTICSEARCH_KEYS = ("query", "metric", "group_by", "groups", "filters", "interval", "index")
_FORMS = ("above", "below", "deviation", "absent")


def check_alerts(union: Union, report: Report) -> None:
    """Reports what is wrong with rules, windows and objectives."""
    names: dict[str, Place] = {}
    check_names(union, report)
    for part in union.sections.get("alerts", ()):
        alerts: Alerts = part.model
        for index, group in enumerate(alerts.groups):
            place = part.place / "groups" / index
            if group.name in names:
                report.error(
                    place / "name", f'a second group "{shown(group.name, 60)}"; the first is in {names[group.name]}'
                )
            names.setdefault(group.name, place)
            _group(group, place, union, report)
        _matchers_of(part, report)
        for index, window in enumerate(alerts.maintenance):
            _maintenance(window, part.place / "maintenance" / index, report)
        for index, name in enumerate(alerts.send_to or ()):
            _hub(name, part.place / "send_to" / index, union, report)
    for part in union.sections.get("slos", ()):
        _slo(part, union, report)


def _group(group: RuleGroup, place: Place, union: Union, report: Report) -> None:
    for index, rule in enumerate(group.rules):
        here = place / "rules" / index
        _query(rule, here, union, report)
        _form(rule, here, report)
        _times(rule, group.interval, here, report)
        _texts(rule, here, report)
        _links(rule, here, union, report)


def _query(rule: Rule, place: Place, union: Union, report: Report) -> None:
    kind = find_source(rule.source, place / "source", union, report)
    if kind == "alertmanager":
        report.error(place / "source", f"{rule.source} is an Alertmanager: it has alerts of its own and nothing to ask")
    elif kind == "elasticsearch":
        if rule.expr is not None:
            report.error(place / "expr", "an Elasticsearch source takes no expr; did you mean query?", key=True)
        elif rule.query is None and rule.metric is None:
            report.error(place, "query is missing: the Lucene query to count; empty for every document")
        if rule.metric is not None and len(list(metric_fields(rule.metric))) != 1:
            report.error(place / "metric", "takes one function")
    elif kind == "prometheus":
        for key in _ELASTICSEARCH_KEYS:
            if key in rule.model_fields_set:
                hint = "; did you mean expr?" if key == "query" else ""
                report.error(place / key, f"a Prometheus source takes no {key}{hint}", key=True)
        if rule.expr is None:
            report.error(place, "expr is missing: the PromQL to ask")
        else:
            check_promql(rule.expr, place / "expr", report)


def check_promql(expr: str, place: Place, report: Report) -> None:
    """Reports an expression that does not parse, or gives what no rule can judge."""
    variable = _VARIABLE.search(expr)
    if variable is not None:
        report.error(place, f"${variable[1]}: a rule is evaluated for everybody; variables are chosen on a screen")
        return
    try:
        kind = parse(expr).kind
    except ParseError as error:
        report.error(place, error.message)
        return
    if kind in (Kind.MATRIX, Kind.STRING):
        report.error(place, f"gives a {kind.value}; a rule needs an instant vector or a number")


def _form(rule: Rule, place: Place, report: Report) -> None:
    given = [name for name in _FORMS if getattr(rule, name)]
    if len(given) > 1:
        report.error(
            place / given[1],
            f"{given[1]} beside {given[0]}: a rule has one of above, below, deviation and absent",
            key=True,
        )
    if not given and rule.severity is None and "severity" not in rule.labels:
        report.error(place, "neither above nor below nor severity: from where on, or how bad, is it?", key=True)
    if given and given[0] in ("above", "below") and rule.severity is not None:
        report.error(place / "severity", f"the severity follows from the levels of {given[0]}", key=True)
    levels = rule.above or rule.below
    if levels is not None:
        _levels(levels, rule, place, report)
    elif rule.clear is not None:
        report.error(place / "clear", "clear belongs to above or below", key=True)
    if rule.deviation is not None:
        directions = [name for name in ("above", "below", "both") if getattr(rule.deviation, name) is not None]
        if len(directions) != 1:
            report.error(place / "deviation", "takes exactly one of above, below and both")


def _levels(levels: RuleLevels, rule: Rule, place: Place, report: Report) -> None:
    where = place / ("above" if rule.above is not None else "below")
    sign = 1 if rule.above is not None else -1
    if levels.warning is None and levels.critical is None:
        report.error(where, "has neither warning nor critical")
        return
    if levels.warning is not None and levels.critical is not None and sign * levels.critical < sign * levels.warning:
        report.error(where, f"critical ({levels.critical:g}) would come before warning ({levels.warning:g})")
    lowest = levels.warning if levels.warning is not None else levels.critical
    if rule.clear is not None and lowest is not None and sign * rule.clear > sign * lowest:
        side = "below" if sign > 0 else "above"
        report.error(place / "clear", f"{rule.clear:g} has to be {side} the first level, {lowest:g}, or equal to it")


def _times(rule: Rule, interval_s: float | None, place: Place, report: Report) -> None:
    if interval_s is not None and 0 < rule.for_ < interval_s:
        words = f"shorter than the interval ({format_duration(interval_s)}): it fires one evaluation later anyway"
        report.warning(place / "for", f"{format_duration(rule.for_)} is {words}")


def _texts(rule: Rule, place: Place, report: Report) -> None:
    for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, text in texts.items():
            if not _LABEL.fullmatch(name):
                report.error(place / key / name, f'"{shown(name, 60)}" is not a name: letters, digits and _', key=True)
            wrong = check_template(text)
            if wrong is not None:
                report.error(place / key / name, f"not a template: {wrong.message}")
    wrong = check_template(rule.logs)
    if wrong is not None:
        report.error(place / "logs", f"not a template: {wrong.message}")
    if "alertname" in rule.labels:
        report.error(place / "labels" / "alertname", "alertname is what `alert` says", key=True)


def _links(rule: Rule, place: Place, union: Union, report: Report) -> None:
    targets = [name for part in union.sections.get("actions", ()) for name in part.model.targets]
    for index, name in enumerate(rule.actions):
        if name not in targets:
            report.warning(
                place / "actions" / index, f'there is no action "{shown(name, 60)}"{did_you_mean(name, targets)}'
            )
    titles = [dashboard.head.model.title for dashboard in union.dashboards]
    panels = [panel.model.title for dashboard in union.dashboards for panel in dashboard.panels]
    for key, name, known in (("dashboard", rule.dashboard, titles), ("panel", rule.panel, panels)):
        if name and name not in known:
            report.error(place / key, f'there is no {key} "{shown(name, 60)}"{did_you_mean(name, known)}')


def _matchers_of(part: Parsed[Alerts], report: Report) -> None:
    for place, texts in _matcher_places(part):
        for index, text in enumerate(texts):
            try:
                parse_matchers(text)
            except MatchersWrong as wrong:
                report.error(place / index if len(texts) > 1 else place, f'"{shown(text, 60)}": {wrong.message}')


def _matcher_places(part: Parsed[Alerts]) -> Iterator[tuple[Place, Sequence[str]]]:
    for index, inhibit in enumerate(part.model.inhibit):
        yield part.place / "inhibit" / index / "source", inhibit.source
        yield part.place / "inhibit" / index / "target", inhibit.target
    for index, window in enumerate(part.model.maintenance):
        yield part.place / "maintenance" / index / "matchers", window.matchers
    for index, comment in enumerate(part.model.comments):
        yield part.place / "comments" / index / "matchers", comment.matchers


def _maintenance(window: Maintenance, place: Place, report: Report) -> None:
    once, again = bool(window.starts or window.ends), bool(window.days or window.from_)
    if once is again:
        report.error(place, "takes either starts and ends, or days, from and for")
        return
    try:
        if once and not (window.starts and window.ends and moment_of(window.starts) < moment_of(window.ends)):
            report.error(place, "starts has to be before ends")
    except ValueError:
        report.error(place / "starts", "times are written with their offset: 2026-11-24T02:00:00Z")
    if again:
        try:
            time_of_day_s(window.from_)
        except ValueError:
            report.error(place / "from" if window.from_ else place, "from is a time of day: 02:00")
        if not window.for_:
            report.error(place, "for is missing: how long it lasts")


def _slo(part: Parsed[Slo], union: Union, report: Report) -> None:
    slo: Slo = part.model
    kind = find_source(slo.source, part.place / "source", union, report)
    if kind is not None and kind != "prometheus":
        report.error(part.place / "source", "objectives are asked of a Prometheus")
    for key, expr in (("good", slo.good), ("total", slo.total)):
        if not uses_window(expr):
            report.error(part.place / key, "$window does not stand in it: it is asked for over several windows")
        else:
            check_promql(expr.replace("${window}", "5m").replace("$window", "5m"), part.place / key, report)


def _hub(name: str, place: Place, union: Union, report: Report) -> None:
    hubs = [known for known, source in union.sources.items() if source.model.kind == "alertmanager"]
    if name not in hubs:
        report.error(place, f'there is no Alertmanager "{shown(name, 60)}"{did_you_mean(name, hubs)}')
