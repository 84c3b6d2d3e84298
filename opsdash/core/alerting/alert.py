"""One alert: an instance of a rule, with the label set that it is known by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.labels import Labels


class Phase(StrEnum):
    """Where an alert is. Inactive is not among them: an inactive alert is none."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Cause(StrEnum):
    """Why it is there."""

    VALUE = "value"
    NO_DATA = "no_data"
    ERROR = "error"


def fingerprint_of(labels: Labels) -> str:
    """16 hexadecimal digits of the whole label set; the same on every host and in every version."""
    text = "".join(f"{len(name)}:{name}{len(value)}:{value}" for name, value in labels)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert that is pending, fires, or did so lately. Times are UTC seconds."""

    fingerprint: str
    rule: str
    """`AlertRule.id`; empty for one that another system (an Alertmanager) evaluates."""
    name: str
    labels: Labels
    """The series' labels, `alertname`, and the rule's own: what it is known by."""
    phase: Phase
    severity: Severity
    active_at_s: float
    """Since when it is wrong."""
    value: float
    """The newest value; NaN where there is none."""
    cause: Cause = Cause.VALUE
    threshold: float | None = None
    """The level that the value is held against now."""
    below: bool = False
    fired_at_s: float | None = None
    resolved_at_s: float | None = None
    seen_at_s: float = 0.0
    """When it was last seen wrong."""
    annotations: Labels = ()
    """Expanded; as hostile as the labels are."""
    message: str = ""
    """Of a NoData or Error alert: why, in the source's words."""
    origin: str = ""
    """Name of the Alertmanager source that it comes from; empty for ours."""
    hubs: tuple[str, ...] = ()
    """Every Alertmanager source that tells of it: the members of a cluster tell of the same alerts."""
    generator: str = ""
    """Where it can be looked into: the address that an Alertmanager is told, or tells."""

    @property
    def episode(self) -> str:
        """One time that it was wrong: what an acknowledgement is about."""
        return f"{self.fingerprint}@{self.fired_at_s if self.fired_at_s is not None else self.active_at_s:.3f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alert got into another phase, severity or cause; `before` is None for a new one."""

    alert: Alert
    before: Alert | None
    at_s: float
    why: str = ""
    """In words, where it is not the value: `no data counts as ok`, `the rule is gone`."""
    is_gone: bool = False
    """It never fired, or it was resolved long enough ago: it is forgotten."""
