"""How a rule and an SLO do, as the leader tells everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.metrics.freshness import Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHealth:
    """The newest evaluation of a rule."""

    rule: str
    evaluated_at_s: float
    took_s: float
    state: Freshness
    """FRESH, NO_DATA or ERROR; whoever shows it finds out by itself whether it is late."""
    message: str = ""
    series: int = 0
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Fingerprint → newest value of each alert that is pending or firing."""
    answered_at_s: float | None = None
    """The newest evaluation that was answered; None where none was yet."""
    progress: Mapping[str, tuple[float | None, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Fingerprint → for how many seconds each level (info, warning, critical) has been on its way to begin or to end,
    and how long before this evaluation that was; so `for` goes on in another process. Of the rule's NoData and Error
    alerts: one number."""
    about: str = ""
    """A digest of the queries and the condition: what was counted for another question does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SloStatus:
    """An SLO at its newest evaluation. Shares are of 1; NaN where there was no event."""

    name: str
    objective: float
    window_s: float
    at_s: float
    budget_left: float
    """1: untouched; 0: gone; below: overspent."""
    burn_rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """By window as written: `5m`, `1h`, …"""
    message: str = ""
    """Why it is not known, where it is not."""
