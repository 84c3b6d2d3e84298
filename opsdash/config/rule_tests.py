"""Unit tests of rules in promtool's form, with the rule files that they name: read, checked, ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.documents import Document, read_document
from opsdash.config.loading import load
from opsdash.config.models.prometheus_rules import RuleTest, RuleTests
from opsdash.config.nodes import plain
from opsdash.config.parsing import Parsed, parse_model
from opsdash.config.problems import Problem
from opsdash.config.prometheus_rules import read_rule_file
from opsdash.config.report import Place, Report
from opsdash.core.alerting.trial.rounds import Surroundings, TrialGroup
from opsdash.core.alerting.trial.unit_tests import AlertTest, ExprTest, UnitTest
from opsdash.core.metrics.labels import labels_of

DEFAULT_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRuleTests:
    """What came of one test file."""

    tests: tuple[UnitTest, ...] = ()
    groups: tuple[TrialGroup, ...] = ()
    evaluation_s: float = DEFAULT_INTERVAL_S
    problems: tuple[Problem, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it can be run."""
        return not any(problem.severity == "error" for problem in self.problems)


def load_rule_tests(path: Path) -> LoadedRuleTests:
    """Reads a test file and its rule files. Never raises for what is in them."""
    document = read_document(path)
    if isinstance(document, Problem):
        return LoadedRuleTests(problems=(document,))
    report = Report()
    parsed = parse_model(RuleTests, plain(document.root), Place(document), report)
    if parsed is None:
        return LoadedRuleTests(problems=tuple(report.problems))
    model = parsed.model
    groups = _ordered(_groups(model.rule_files, path.parent, parsed, report), parsed, report)
    evaluation_s = model.evaluation_interval or DEFAULT_INTERVAL_S
    return LoadedRuleTests(
        tests=tuple(_test(test, evaluation_s) for test in model.tests),
        groups=groups,
        evaluation_s=evaluation_s,
        problems=tuple(report.problems),
    )


def _groups(names: Sequence[str], folder: Path, parsed: Parsed[RuleTests], report: Report) -> tuple[TrialGroup, ...]:
    found: list[TrialGroup] = []
    for place, name in enumerate(names):
        here = parsed.place / "rule_files" / place
        files = sorted(folder.glob(name)) if not Path(name).is_absolute() else [Path(name)]
        if not files:
            report.error(here, f'there is no file "{name}"')
        for file in files:
            found += _groups_of(file, report)
    return tuple(found)


def _groups_of(file: Path, report: Report) -> Sequence[TrialGroup]:
    """The groups of a Prometheus rule file, or of one of our configurations."""
    document = read_document(file)
    if isinstance(document, Problem):
        report.problems.append(document)
        return ()
    if not _is_configuration(document):
        return read_rule_file(document, report)
    loaded = load(file)
    report.problems += loaded.errors
    if loaded.board is None:
        return ()
    return [
        TrialGroup(name=group.name, rules=(*group.recording, *group.rules)) for group in loaded.board.alerting.groups
    ]


def _is_configuration(document: Document) -> bool:
    top = document.root.value
    return isinstance(top, dict) and "groups" not in top


def _ordered(groups: Sequence[TrialGroup], parsed: Parsed[RuleTests], report: Report) -> tuple[TrialGroup, ...]:
    """As `group_eval_order` says, the others after those."""
    order = {name: place for place, name in enumerate(parsed.model.group_eval_order)}
    for name in order.keys() - {group.name for group in groups}:
        report.error(parsed.place / "group_eval_order" / order[name], f'there is no group "{name}"')
    return tuple(sorted(groups, key=lambda group: order.get(group.name, len(order))))


def _test(test: RuleTest, evaluation_s: float) -> UnitTest:
    return UnitTest(
        name=test.name,
        interval_s=test.interval or evaluation_s,
        series=tuple((each.series, str(each.values)) for each in test.input_series),
        alerts=tuple(
            AlertTest(
                at_s=each.eval_time,
                alert=each.alertname,
                expected=tuple(
                    (labels_of(alert.exp_labels), labels_of(alert.exp_annotations)) for alert in each.exp_alerts
                ),
            )
            for each in test.alert_rule_test
        ),
        exprs=tuple(
            ExprTest(
                at_s=each.eval_time,
                expr=each.expr,
                expected=tuple((sample.labels, sample.value) for sample in each.exp_samples),
            )
            for each in test.promql_expr_test
        ),
        around=Surroundings(external_labels=labels_of(test.external_labels), external_url=test.external_url),
    )
