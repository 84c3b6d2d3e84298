"""What is said of one series at one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from opsdash.core.metrics.labels import Labels

HEALTHY = 0
"""The level of what is not wrong; above it are the severities."""


class Verdict(NamedTuple):
    """How bad a series is. A tuple: there is one a series and an evaluation."""

    level: int
    """`HEALTHY`, or the severity of the highest level that it is beyond."""
    value: float
    threshold: float | None = None
    """The level that the value is held against."""


Judge = Callable[[Labels, float, bool], Verdict | None]
"""(series, value, whether its alert fires) → the verdict; None: nothing is known of it (NaN is no value)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An answer as the condition sees it."""

    readings: Mapping[Labels, float]
    judge: Judge
    absence_is_healthy: bool = False
    """Whether a series that a complete answer does not have is over. False: nothing is known of it."""
    below: bool = False
    hint: str = ""
    """Why nothing could be judged, where nothing can."""
