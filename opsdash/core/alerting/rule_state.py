"""What is known of a rule between two evaluations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.counting import NOT_CHANGING, Count, Since
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.labels import Labels


class Track(NamedTuple):
    """What each evaluation changes of an alert that is pending or fires. A tuple: there is one an alert and a round."""

    series: Labels | None
    """The series that it is about; None after a restart, until it is seen."""
    value: float
    known_at_s: float
    """The newest evaluation that could judge it."""
    since: Since = NOT_CHANGING
    gone: Count | None = None
    """For how long its series has been missing while others were there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleState:
    """The state of one rule. Empty: it was never evaluated."""

    alerts: Mapping[Labels, Alert] = field(default_factory=lambda: MappingProxyType({}))
    """By their labels, each as at its newest transition: exactly what the store has of them."""
    tracks: Mapping[Labels, Track] = field(default_factory=lambda: MappingProxyType({}))
    health: RuleHealth | None = None
    """Of the newest evaluation."""
    no_data: Count | None = None
    error: Count | None = None
    rule: AlertRule | None = None
    """The rule as it was evaluated last."""
    about: str = ""
    """A digest of what it asked: what was counted for another question does not count."""
    identities: Mapping[Labels, Labels] = field(default_factory=lambda: MappingProxyType({}))
    """Series of the newest answer → labels of its alert, where they depend on nothing else."""

    def current(self) -> Iterator[tuple[Labels, Alert]]:
        """(series, alert with its newest value) of each; the series of a NoData or Error alert is empty."""
        for labels, alert in self.alerts.items():
            track = self.tracks.get(labels)
            if track is None:
                yield (), alert
            else:
                same = track.value == alert.value or (math.isnan(track.value) and math.isnan(alert.value))
                yield track.series or (), alert if same else replace(alert, value=track.value)
