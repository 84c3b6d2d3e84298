"""Reads a configuration: all of its problems at once, and the board if none of them is an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.checks import check
from opsdash.config.documents import gather
from opsdash.config.parsing import ParsedFile, parse_document
from opsdash.config.problems import Problem
from opsdash.config.references import Reference, references
from opsdash.config.report import Place, Report
from opsdash.config.union import Union, assemble, join
from opsdash.core.view.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of a configuration."""

    board: Board | None
    """None where a problem is an error."""
    problems: tuple[Problem, ...] = ()
    """In the order of the files and lines."""
    files: tuple[str, ...] = ()
    """Every file that was read or tried, also where there is no board: for hot reload."""
    places: dict[str, Problem] | None = None
    """Where sources (`source:NAME`), variables (`variable:NAME`), queries (`panel:ID:INDEX`) and rules
    (`rule:GROUP/NAME`) stand, for `check --live`; None where there is no board."""

    references: tuple[Reference, ...] = ()
    """The secrets that its sources refer to; none where there is no board."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid to use it."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(path: Path, *, theme_folders: Sequence[Path] = ()) -> Loaded:
    """Reads a file, or a folder as the union of its YAML files. Never raises for what is in them.

    `theme_folders` are where themes are looked for; without any, `theme` is not checked.
    """
    gathered = gather(path)
    report = Report(list(gathered.problems))
    parsed = [parse_document(document, report) for document in gathered.documents]
    files: list[ParsedFile] = [file for file in parsed if file is not None]
    union = join(files, report)
    if files:
        check(union, report, theme_folders)
    complete = len(files) == len(gathered.files) and not report.has_errors
    board = assemble(union, gathered.files) if complete else None
    return Loaded(
        board=board,
        problems=_in_order(report.problems, gathered.files),
        files=gathered.files,
        places=_places(union) if board is not None else None,
        references=references(union) if board is not None else (),
    )


def _in_order(problems: Sequence[Problem], files: Sequence[str]) -> tuple[Problem, ...]:
    order = {file: index for index, file in enumerate(files)}
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda found: (order.get(found.file, -1), found.line, found.column, found.key)))


def _places(union: Union) -> dict[str, Problem]:
    places = {f"source:{name}": source.place for name, source in union.sources.items()}
    places |= {f"variable:{name}": variable.place for name, variable in union.variables.items()}
    for dashboard, row in zip(union.dashboards, union.identities(), strict=True):
        for panel, identity in zip(dashboard.panels, row, strict=True):
            for index in range(len(panel.model.queries)):
                places[f"panel:{identity}:{index}"] = panel.place / "queries" / index
    places |= dict(_rule_places(union))
    places |= {section: part.place / "url" for section in ("store",) for part in union.sections.get(section, ())}
    return {name: _as_problem(place) for name, place in places.items()}


def _rule_places(union: Union) -> Iterator[tuple[str, Place]]:
    if union.sections.get("alerts"):
        from opsdash.config.checks.rule_names import named_rules  # noqa: PLC0415 - only for who has rules

        yield from (
            (f"rule:{rule.id}", rule.place / ("expr" if rule.has_expr else "query")) for rule in named_rules(union)
        )
    objectives = union.sections.get("slos", ())
    if not objectives:
        return
    from opsdash.core.alerting.slo import GROUP  # noqa: PLC0415 - only for who has objectives

    for part in objectives:
        yield f"rule:{GROUP}/{part.model.name}", part.place / "good"


def _as_problem(place: Place) -> Problem:
    report = Report()
    report.error(place, "")
    return report.problems[0]
