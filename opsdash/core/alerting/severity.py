"""How bad an alert is, in the order of what is looked at first."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Comparable: critical is more than warning, warning more than info."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """`info`, `warning`, `critical`: as it is written in YAML, JSON and labels."""
        return self.name.lower()


def severity_of(word: str) -> Severity:
    """The severity that a label or a configuration names; what nobody knows counts as a warning."""
    return {"info": Severity.INFO, "critical": Severity.CRITICAL, "page": Severity.CRITICAL}.get(
        word.casefold(), Severity.WARNING
    )
