"""Prometheus rule files and PrometheusRule manifests as `alerts:` of a configuration of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsdash.config.checks.alerts import check_promql
from opsdash.config.documents import Document, read_documents
from opsdash.config.models.alerts import Rule
from opsdash.config.models.prometheus_rules import PrometheusGroup, PrometheusRule, PrometheusRules
from opsdash.config.nodes import plain
from opsdash.config.parsing import parse_model
from opsdash.config.problems import Problem, shown
from opsdash.config.recordings import Recording, inlined
from opsdash.config.report import Place, Report
from opsdash.core.alerting.severity import severity_of
from opsdash.core.alerting.templates import check_template
from opsdash.core.duration import format_duration
from opsdash.core.metrics.labels import labels_of
from opsdash.core.promql import ParseError, parse

DEFAULT_INTERVAL_S = 60.0
"""Prometheus's own `evaluation_interval`, where a group has none."""
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S, LONGEST_S = 0.5, 86_400.0, 31_536_000.0
KNOWN_SEVERITIES = frozenset({"info", "warning", "critical", "page"})
_LISTS = ("List", "PrometheusRuleList")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of some files."""

    groups: tuple[Mapping[str, object], ...]
    """As they are written under `alerts.groups`; empty where a file could not be read."""
    problems: tuple[Problem, ...]
    """Errors forbid the import; each warning is something that was not carried over as it was."""

    @property
    def is_usable(self) -> bool:
        """Whether all files could be read."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def rules(self) -> int:
        """How many rules there are in all groups."""
        return sum(len(group["rules"]) for group in self.groups if isinstance(group["rules"], list))


@dataclass(frozen=True, slots=True)
class _Group:
    """A group with its place."""

    model: PrometheusGroup
    place: Place


@dataclass(slots=True)
class _Work:
    """What is known while files are carried over."""

    source: str
    report: Report
    recordings: dict[str, list[Recording]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def import_rules(files: Sequence[Path], source: str) -> Imported:
    """Reads all files and carries their rules over, for the source of this name. Never raises for what is in them."""
    report = Report()
    work = _Work(source, report)
    groups = [group for file in files for group in _read(file, report)]
    for group in groups:
        for place, rule in _recording(group):
            _keep(rule, group, place, work)
    carried: list[dict[str, object]] = []
    for group in groups:
        _of_group(group, report)
        carried += _carried(group, work, {str(one["name"]) for one in carried})
    for group in groups:
        for place, rule in _recording(group):
            if rule.record not in work.used and rule.record in work.recordings:
                report.warning(place / "record", f"{rule.record} is not recorded: nothing here asks for it", key=True)
    result = Imported(groups=tuple(carried), problems=tuple(report.problems))
    return result if result.is_usable else Imported(groups=(), problems=result.problems)


# --- reading -------------------------------------------------------------------------------------------------------


def _read(file: Path, report: Report) -> Iterator[_Group]:
    for document in read_documents(file):
        if isinstance(document, Problem):
            report.problems.append(document)
        else:
            for place in _tops(Place(document), plain(document.root), report):
                yield from _groups(document, place, report)


def _tops(place: Place, data: object, report: Report) -> Iterator[Place]:
    """The places at which `groups` stands: the file itself, or what a manifest specifies."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(data, dict) or kind is None:
        yield place
    elif kind in _LISTS:
        items = data.get("items")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            yield from _tops(place / "items" / index, item, report)
    elif kind == "PrometheusRule":
        yield place / "spec"
    else:
        report.warning(place / "kind", f"left out: a {shown(kind, 60)} is no PrometheusRule")


def _groups(document: Document, top: Place, report: Report) -> Iterator[_Group]:
    data = plain(document.root)
    for part in top.path:
        data = data[part] if isinstance(data, dict | list) and _has(data, part) else None  # type: ignore[index]  # just asked
    parsed = parse_model(PrometheusRules, data if data is not None else {}, top, report)
    if parsed is not None:
        yield from (_Group(group, top / "groups" / at) for at, group in enumerate(parsed.model.groups))


def _has(data: dict[str, object] | list[object], part: str | int) -> bool:
    return part in data if isinstance(data, dict) else isinstance(part, int) and part < len(data)


# --- recording -----------------------------------------------------------------------------------------------------


def _recording(group: _Group) -> Iterator[tuple[Place, PrometheusRule]]:
    for index, rule in enumerate(group.model.rules):
        if rule.record is not None:
            yield group.place / "rules" / index, rule


def _keep(rule: PrometheusRule, group: _Group, place: Place, work: _Work) -> None:
    assert rule.record is not None
    try:
        parse(rule.expr)
    except ParseError as error:
        work.report.warning(place / "expr", f"{rule.record} is left out: {error.message}")
        return
    labels = labels_of({**group.model.labels, **rule.labels})
    work.recordings.setdefault(rule.record, []).append(Recording(record=rule.record, expr=rule.expr, labels=labels))


# --- carrying over -------------------------------------------------------------------------------------------------


def _of_group(group: _Group, report: Report) -> None:
    """What a group of ours does not have."""
    model, place = group.model, group.place
    if model.limit:
        report.warning(place / "limit", "limit is not carried over: opsdash limits nothing here", key=True)
    if model.query_offset:
        report.warning(place / "query_offset", "query_offset is not carried over: rules ask for now", key=True)
    if model.partial_response_strategy:
        report.warning(place / "partial_response_strategy", "partial_response_strategy is not carried over", key=True)
    interval_s = model.interval
    if interval_s and not SHORTEST_INTERVAL_S <= interval_s <= LONGEST_INTERVAL_S:
        report.warning(place / "interval", f"{format_duration(interval_s)} becomes {_interval(model)}")


def _carried(group: _Group, work: _Work, taken: set[str]) -> Iterator[dict[str, object]]:
    """The group; where it has two rules of a name, the second of them stands in a group beside it."""
    rows: list[list[dict[str, object]]] = []
    for index, rule in enumerate(group.model.rules):
        if rule.alert is None:
            continue
        made = _rule(rule, group.model, group.place / "rules" / index, work)
        if made is not None:
            row = next((row for row in rows if all(one["alert"] != made["alert"] for one in row)), None)
            if row is None:
                rows.append(row := [])
            row.append(made)
    labels = _labels(group.model.labels, group.place / "labels", work.report)
    for row in rows:
        name = _free(group.model.name, taken)
        taken.add(name)
        head: dict[str, object] = {"name": name, "interval": _interval(group.model)}
        yield {**head, **({"labels": labels} if labels else {}), "rules": row}


def _interval(model: PrometheusGroup) -> str:
    return format_duration(min(max(model.interval or DEFAULT_INTERVAL_S, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S))


def _free(name: str, taken: set[str]) -> str:
    """The name, or `name-2`, `name-3`, … where it is taken: groups are unique over all files of a configuration."""
    number = 2
    wanted = name
    while wanted in taken:
        wanted, number = f"{name}-{number}", number + 1
    return wanted


def _rule(rule: PrometheusRule, group: PrometheusGroup, place: Place, work: _Work) -> dict[str, object] | None:
    """The rule as it is written; None where it is left out, which is said."""
    report = work.report
    try:
        given = inlined(rule.expr, work.recordings)
    except ParseError as error:
        report.warning(place / "expr", f"{rule.alert} is left out: {error.message}")
        return None
    work.used |= given.used
    for sentence in given.left:
        report.warning(place / "expr", sentence)
    labels = _labels(rule.labels, place / "labels", report)
    made: dict[str, object] = {"alert": rule.alert, "source": work.source, "expr": given.expr}
    for key, seconds in (("for", rule.for_), ("keep_firing_for", rule.keep_firing_for)):
        if seconds:
            made[key] = _length(seconds, place / key, report)
    if (severity := _severity({**group.labels, **labels}, rule, place, report)) is not None:
        made["severity"] = severity
    annotations = _annotations(rule.annotations, place / "annotations", report)
    made |= {name: texts for name, texts in (("labels", labels), ("annotations", annotations)) if texts}
    return made if _fits(made, place, report) else None


def _length(seconds: float, place: Place, report: Report) -> str:
    if seconds > LONGEST_S:
        report.warning(place, f"{format_duration(seconds)} becomes {format_duration(LONGEST_S)}")
    return format_duration(min(seconds, LONGEST_S))


def _severity(labels: Mapping[str, str], rule: PrometheusRule, place: Place, report: Report) -> str | None:
    """The severity to write; None where the label `severity` says it."""
    word = labels.get("severity")
    if word is None:
        report.warning(place / "alert", f"{rule.alert} has no label severity: it counts as a warning")
        return "warning"
    if word.casefold() not in KNOWN_SEVERITIES:
        report.warning(place / "labels" / "severity", f'severity "{shown(word, 60)}" counts as a warning')
    return None if "severity" in rule.labels else severity_of(word).word


def _labels(labels: Mapping[str, str], place: Place, report: Report) -> dict[str, str]:
    if "alertname" in labels:
        report.warning(place / "alertname", "left out: alertname is what `alert` says", key=True)
    return {name: text for name, text in _templates(labels, place, report) if name != "alertname"}


def _annotations(texts: Mapping[str, str], place: Place, report: Report) -> dict[str, str]:
    return dict(_templates(texts, place, report))


def _templates(texts: Mapping[str, str], place: Place, report: Report) -> Iterator[tuple[str, str]]:
    """Those that opsdash can expand."""
    for name, text in texts.items():
        wrong = check_template(text)
        if wrong is not None:
            report.warning(place / name, f"left out, not a template: {wrong.message}")
        elif not _LABEL.fullmatch(name):
            report.warning(
                place / name, f'left out: "{shown(name, 60)}" is not a name of letters, digits and _', key=True
            )
        else:
            yield name, text


def _fits(made: dict[str, object], place: Place, report: Report) -> bool:
    """Whether our own checks take it; if not, that is said and it is left out."""
    found = Report()
    parse_model(Rule, made, place, found)
    check_promql(str(made["expr"]), place / "expr", found)
    if found.problems:
        first = found.problems[0]
        report.problems.append(
            replace(first, severity="warning", message=f"{made['alert']} is left out: {first.message}")
        )
    return not found.problems
