"""Collects the problems of all files, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsdash.config.documents import Document
from opsdash.config.nodes import Mark, find, key_mark
from opsdash.config.problems import KeyPath, Problem, Severity, key_text

MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A key path in one file."""

    document: Document
    path: KeyPath = ()

    def __truediv__(self, part: str | int) -> Place:
        return Place(self.document, (*self.path, part))

    def at(self, path: KeyPath) -> Place:
        """Further down."""
        return Place(self.document, self.path + path)

    @property
    def mark(self) -> Mark:
        """Where the value stands, or what is around it where it is missing."""
        return find(self.document.root, self.path)[1].mark

    @property
    def key_mark(self) -> Mark:
        """Where the last key stands."""
        return key_mark(self.document.root, self.path) or self.mark

    def __str__(self) -> str:
        mark = self.key_mark
        return f"{self.document.file}:{mark.line}:{mark.column}"


@dataclass(slots=True, eq=False)
class Report:
    """The problems so far."""

    problems: list[Problem] = field(default_factory=list)

    def error(self, place: Place, message: str, *, key: bool = False) -> None:
        """A reason not to use the configuration; `key` puts it at the key instead of the value."""
        self._add(place, message, "error", key)

    def warning(self, place: Place, message: str, *, key: bool = False) -> None:
        """Something that is probably not meant."""
        self._add(place, message, "warning", key)

    def _add(self, place: Place, message: str, severity: Severity, key: bool) -> None:
        mark = place.key_mark if key else place.mark
        if len(self.problems) >= MOST_PROBLEMS:
            return
        self.problems.append(
            Problem(
                file=place.document.file,
                line=mark.line,
                column=mark.column,
                key=key_text(place.path),
                message=message,
                severity=severity,
            )
        )

    @property
    def has_errors(self) -> bool:
        """Whether one of them forbids to use the configuration."""
        return any(problem.severity == "error" for problem in self.problems)
