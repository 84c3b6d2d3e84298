"""Checks that rules can be told apart: by what the store calls them, and by the labels of their alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsdash.config.build_alerts import ordinals
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.union import Union
from opsdash.core.alerting.rules import rule_id

if TYPE_CHECKING:
    from opsdash.config.models.alerts import Alerts

_TELLS = "a label with another value in each tells their alerts apart: labels: {severity: critical}"


@dataclass(frozen=True, slots=True)
class NamedRule:
    """One rule with what its alerts are known by."""

    group: str
    name: str
    id: str
    labels: Mapping[str, str]
    place: Place
    has_expr: bool
    """PromQL; else it is a query of Elasticsearch."""


def check_names(union: Union, report: Report) -> None:
    """Two rules of one name are fine while their labels differ: else one would end the other's alerts."""
    by_id: dict[str, NamedRule] = {}
    by_name: dict[str, list[NamedRule]] = {}
    for rule in named_rules(union):
        first = by_id.setdefault(rule.id, rule)
        if first is not rule and (first.group, first.name) != (rule.group, rule.name):
            report.error(
                rule.place / "alert", f'"{shown(rule.id, 60)}" is what {first.place} is called, too; rename one'
            )
        alike = next((one for one in by_name.get(rule.name, ()) if not _differ(one.labels, rule.labels)), None)
        by_name.setdefault(rule.name, []).append(rule)
        if alike is not None:
            _say(alike, rule, report)


def _say(first: NamedRule, rule: NamedRule, report: Report) -> None:
    name = shown(rule.name, 60)
    if first.group == rule.group:
        report.error(rule.place / "alert", f'a second rule "{name}" in this group; {_TELLS}')
    else:
        where = f'{first.place} has an alert "{name}", too'
        report.warning(rule.place / "alert", f"{where}: where both give a series, one ends the other's alert; {_TELLS}")


def named_rules(union: Union) -> Iterator[NamedRule]:
    """All alert rules in their order."""
    for part in union.sections.get("alerts", ()):
        alerts: Alerts = part.model
        for at, group in enumerate(alerts.groups):
            nths = ordinals([rule.alert for rule in group.rules])
            for index, (rule, nth) in enumerate(zip(group.rules, nths, strict=True)):
                yield NamedRule(
                    group.name,
                    rule.alert,
                    rule_id(group.name, rule.alert, nth),
                    {**group.labels, **rule.labels},
                    part.place / "groups" / at / "rules" / index,
                    rule.expr is not None,
                )


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether a label is certain to have two values: of a template nobody knows before."""
    return any(
        name in one and name in other and one[name] != other[name] and "{{" not in one[name] + other[name]
        for name in one.keys() | other.keys()
    )
