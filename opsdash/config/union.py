"""The files of a folder joined: lists follow each other, names are unique over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from opsdash.config.build import identities, panel_spec, source_spec, variable_spec
from opsdash.config.models.source import Source
from opsdash.config.models.variable import Variable
from opsdash.config.parsing import Parsed, ParsedDashboard, ParsedFile
from opsdash.config.problems import shown
from opsdash.config.report import Place, Report
from opsdash.config.texts import variable_texts
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.substitution.substitute import references
from opsdash.core.view.board import Board
from opsdash.core.view.panels import Dashboard

T = TypeVar("T")
SCALARS = ("version", "title", "environment", "refresh", "range", "timezone", "theme", "keys", "ascii", "bell")
SINGLE = ("store",)
DEFAULT_REFRESH_S = 5.0


@dataclass(slots=True, eq=False)
class Union:
    """Everything that was understood of all files."""

    files: list[ParsedFile] = field(default_factory=list)
    top: dict[str, tuple[object, Place]] = field(default_factory=dict)
    sources: dict[str, Parsed[Source]] = field(default_factory=dict)
    variables: dict[str, Parsed[Variable]] = field(default_factory=dict)
    dashboards: list[ParsedDashboard] = field(default_factory=list)
    named_sources: dict[str, Place] = field(default_factory=dict)
    """Also those that are wrong in themselves."""
    named_variables: dict[str, Place] = field(default_factory=dict)
    sections: dict[str, list[Parsed[Any]]] = field(default_factory=dict)
    """`alerts`, `slos`, `actions`, `store`, `notify` of all files."""

    def identities(self) -> list[list[str]]:
        """Panel ids, by dashboard."""
        return identities(
            (dashboard.head.model.title, [panel.model.title for panel in dashboard.panels])
            for dashboard in self.dashboards
        )


def join(files: list[ParsedFile], report: Report) -> Union:
    """The union; a name or a setting that two files give is a problem that names both places."""
    union = Union(files=files)
    for file in files:
        for name in SCALARS:
            if name in file.root.model.model_fields_set and getattr(file.root.model, name) is not None:
                _once(union.top, name, (getattr(file.root.model, name), file.root.place / name), report)
        _named("source", file.named_sources, union.named_sources, report)
        _named("variable", file.named_variables, union.named_variables, report)
        union.sources = {**file.sources, **union.sources}
        union.variables = {**file.variables, **union.variables}
        union.dashboards.extend(file.dashboards)
        for name, parts in file.sections.items():
            _joined(name, parts, union.sections, report)
    union.sources = {name: union.sources[name] for name in union.named_sources if name in union.sources}
    union.variables = {name: union.variables[name] for name in union.named_variables if name in union.variables}
    return union


def _joined(name: str, parts: list[Parsed[Any]], into: dict[str, list[Parsed[Any]]], report: Report) -> None:
    if name in SINGLE and name in into and parts:
        report.error(parts[0].place, f"given twice; also in {into[name][0].place}", key=True)
        return
    into.setdefault(name, []).extend(parts)


def _named(kind: str, given: Mapping[str, Place], into: dict[str, Place], report: Report) -> None:
    for name, place in given.items():
        if name in into:
            report.error(place, f'a second {kind} "{shown(name, 60)}"; the first is in {into[name]}', key=True)
        else:
            into[name] = place


def _once(into: dict[str, tuple[object, Place]], name: str, given: tuple[object, Place], report: Report) -> None:
    if name == "version":
        into[name] = given
    elif name in into:
        report.error(given[1], f"given twice; also in {into[name][1]}", key=True)
    else:
        into[name] = given


def assemble(union: Union, files: tuple[str, ...]) -> Board:
    """The board of a union without errors."""
    kinds = {name: source.model.kind for name, source in union.sources.items()}
    rows = union.identities()
    top = {name: value for name, (value, _) in union.top.items()}
    renamed = {"refresh": "refresh_s", "range": "range_s", "ascii": "ascii_only"}
    return Board(
        dashboards=tuple(
            Dashboard(
                title=dashboard.head.model.title,
                description=dashboard.head.model.description,
                panels=tuple(
                    panel_spec(panel.model, identity, kinds)
                    for panel, identity in zip(dashboard.panels, row, strict=True)
                ),
            )
            for dashboard, row in zip(union.dashboards, rows, strict=True)
        ),
        sources=tuple(
            source_spec(name, source.model, Path(source.place.document.file).absolute().parent)
            for name, source in union.sources.items()
            if source.model.kind != "alertmanager"
        ),
        variables=tuple(variable_spec(name, union.variables[name].model) for name in in_order(union)),
        alerting=_alerting(union, top),
        files=files,
        **{renamed.get(name, name): value for name, value in top.items() if name != "version"},  # type: ignore[arg-type]
    )


def _alerting(union: Union, top: Mapping[str, object]) -> AlertingSpec:
    """What is said of alerts; nothing of it is imported where nothing is said."""
    if not union.sections and all(source.model.kind != "alertmanager" for source in union.sources.values()):
        return AlertingSpec()
    from opsdash.config.build_alerts import alerting_spec  # noqa: PLC0415 - it brings the grammar of PromQL

    refresh_s = top.get("refresh")
    return alerting_spec(union, refresh_s if isinstance(refresh_s, float) else DEFAULT_REFRESH_S)


def in_order(union: Union) -> list[str]:
    """The variables, each after those that it uses; those in a circle are left out."""
    waiting = {name: depends_on(variable.model) & union.variables.keys() for name, variable in union.variables.items()}
    ordered: list[str] = []
    while ready := [name for name, needs in waiting.items() if needs <= set(ordered)]:
        ordered.extend(ready[:1])
        del waiting[ready[0]]
    return ordered


def depends_on(variable: Variable) -> set[str]:
    """The variables that another one uses."""
    return {name for _, text in variable_texts(variable) for name in references(text)}
