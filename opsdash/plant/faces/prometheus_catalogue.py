"""What the face tells of the metrics beside their samples: families and the targets they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SUFFIXES = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}
"""Type of a family → what its series' names end with beside the family's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a metric is."""

    type: str
    """counter, gauge, histogram, summary or unknown."""
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where series come from."""

    labels: Mapping[str, str]
    """With `job` and `instance`."""
    scrape_url: str
    is_up: bool = True
    last_error: str = ""
    last_scrape_s: float = 0.0
    """UTC seconds."""
    scrape_duration_s: float = 0.0


class Catalogue(Protocol):
    """The plant, as far as the face needs it beside the samples. Asked on the event loop."""

    def families(self) -> Mapping[str, Family]:
        """Name → family; a counter's name has its `_total`, a histogram's has no suffix."""
        ...

    def targets(self) -> Sequence[Target]:
        """Every target, also those that are down."""
        ...


def family_of(name: str, families: Mapping[str, Family]) -> str:
    """The family that a series of this name belongs to; its own name where none is known."""
    if name in families:
        return name
    for suffix in SUFFIXES["histogram"]:
        stem = name.removesuffix(suffix)
        if stem != name and stem in families and suffix in SUFFIXES.get(families[stem].type, ()):
            return stem
    return name
