"""What is wrong with a configuration, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem. Printed as `FILE:LINE:COL: KEY: MESSAGE`, or without KEY where it concerns the file as a whole."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    key: str
    """`dashboards[0].panels[3].kind`; empty for the file as a whole."""
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{shown(self.file, 4096)}:{self.line}:{self.column}"
        warning = "warning: " if self.severity == "warning" else ""
        return ": ".join(part for part in (place, self.key, warning + self.message) if part)


def key_text(path: KeyPath) -> str:
    """A key path as a person reads it: `sources.prom.auth`, `dashboards[0].panels[3]`, `headers."a.b"`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        plain = part.replace("_", "").replace("-", "").isalnum()
        text += ("." if text else "") + (part if plain else '"' + shown(part, 60) + '"')
    return text


def shown(text: object, longest: int = 80) -> str:
    """A value inside a message: one line, harmless, not too long."""
    cleaned = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(text)[: longest + 1])
    return cleaned if len(cleaned) <= longest else cleaned[: longest - 1] + "…"
