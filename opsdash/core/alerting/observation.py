"""What one evaluation of a rule saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsdash.core.metrics.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Every query of the rule was answered. One mapping a query, in their order: series → value."""

    readings: tuple[Mapping[Labels, float], ...]
    cut: tuple[str, ...] = ()
    """What the source or the limits left out; an answer that was cut resolves nothing that is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A query failed: nothing is known."""

    message: str


Observation = Answered | Failed
