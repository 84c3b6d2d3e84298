"""What a scenario is: what goes wrong and when, what a user sees of it, and what cures it.

Light on purpose: `opsdash demo --list` and the palette read the catalogue, and neither needs the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opsdash.plant.health import Health
    from opsdash.plant.plant import Plant


@dataclass(frozen=True, slots=True)
class Step:
    """At this second of the scenario, this goes wrong."""

    at_s: int
    fault: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Act:
    """One operation of a remedy."""

    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    at_s: int = 0
    """Seconds after the remedy began: what needs instances waits for their boot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One figure of `Health`, where more is worse."""

    figure: str
    """Name of the attribute of `Health`."""
    of: str = ""
    """Its key, where the figure is one for each service, queue, …"""
    healthy_below: float
    """In the figure's own unit; at any hour, calm is below it."""
    worse_by: float
    """How many times over that the scenario is, as the mean of a minute."""

    def read(self, health: Health) -> float:
        """What it is in that second."""
        value = getattr(health, self.figure)
        return float(value[self.of] if self.of else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An incident. Doing nothing does not end it."""

    name: str
    """As the command line calls it: `flash-sale`."""
    title: str
    seen: str
    """What a user sees on the dashboard of that title."""
    dashboard: str = "Golden signals"
    remedy: str
    """What cures it, and why, in words."""
    label: str
    """The remedy as a palette's line: `run 12 instances of orders`."""
    steps: tuple[Step, ...]
    cure: tuple[Act, ...]
    """The operations of the remedy, in order."""
    signal: Signal
    seen_within_s: int = 180
    """The signal is worse by then."""
    cured_within_s: int = 300
    """The signal is healthy again by then, counted from the remedy."""
    architectures: tuple[str, ...] = ("shop",)
    """Where what it names exists."""

    def is_cured(self, plant: Plant) -> bool:
        """Whether the signal is healthy in the newest second."""
        return self.signal.read(plant.health()) <= self.signal.healthy_below
