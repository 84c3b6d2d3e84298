"""The moments at which alerts of a panel fired: marks on its chart, and in its frame while they still do."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.alerting.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMoment:
    """One alert of what a panel shows."""

    at_s: float
    """When it fired, UTC seconds."""
    severity: Severity
    who: str
    """What it is about, as the triage table says; as hostile as the labels are."""
    is_firing: bool = True
    """Whether it fires now, and is neither acknowledged nor quiet."""
    sign: str = ""
    """Another mark than its severity's: no data, error."""
