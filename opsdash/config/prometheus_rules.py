"""Prometheus rule files, read as they are written; every problem with its place."""

from __future__ import annotations

from opsdash.config.documents import Document
from opsdash.config.models.prometheus_rules import PrometheusGroup, PrometheusRule, PrometheusRules
from opsdash.config.nodes import plain
from opsdash.config.parsing import parse_model
from opsdash.config.report import Place, Report
from opsdash.core.alerting.rules import AlertRule, AnySeries, MissingPolicy, RecordingRule
from opsdash.core.alerting.severity import severity_of
from opsdash.core.alerting.templates import check_template
from opsdash.core.alerting.trial.rounds import TrialGroup
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery
from opsdash.core.promql import ParseError, parse


def read_rule_file(document: Document, report: Report) -> tuple[TrialGroup, ...]:
    """The groups of a file with their rules in order; what is wrong goes into the report."""
    top = Place(document)
    parsed = parse_model(PrometheusRules, plain(document.root), top, report)
    if parsed is None:
        return ()
    for place, group in enumerate(parsed.model.groups):
        if group.name in {other.name for other in parsed.model.groups[:place]}:
            report.error(top / "groups" / place / "name", f'a second group of the name "{group.name}"')
        for index, rule in enumerate(group.rules):
            _check(rule, top / "groups" / place / "rules" / index, report)
    return tuple(trial_group(group) for group in parsed.model.groups)


def _check(rule: PrometheusRule, place: Place, report: Report) -> None:
    try:
        parse(rule.expr)
    except ParseError as error:
        report.error(place / "expr", error.message)
    for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, text in texts.items():
            wrong = check_template(text) if rule.alert is not None else None
            if wrong is not None:
                report.error(place / key / name, f"not a template: {wrong.message}")


def trial_group(group: PrometheusGroup) -> TrialGroup:
    """The group as values, its rules in their order."""
    return TrialGroup(name=group.name, rules=tuple(_rule(rule, group) for rule in group.rules))


def _rule(rule: PrometheusRule, group: PrometheusGroup) -> AlertRule | RecordingRule:
    labels = labels_of({**group.labels, **rule.labels})
    if rule.record is not None:
        return RecordingRule(record=rule.record, expr=rule.expr, labels=labels)
    offset_s = group.query_offset or 0.0
    return AlertRule(
        name=rule.alert or "",
        group=group.name,
        queries=(PromQuery(source="", expr=rule.expr, instant=True, offset_s=offset_s),),
        condition=AnySeries(severity=severity_of(dict(labels).get("severity", ""))),
        for_s=rule.for_,
        keep_firing_for_s=rule.keep_firing_for,
        no_data=MissingPolicy(state="ok"),
        error=MissingPolicy(state="keep"),
        labels=labels,
        annotations=labels_of(rule.annotations),
    )
