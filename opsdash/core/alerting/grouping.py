"""Groups of alerts that are told of together: those that agree on some labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from opsdash.core.alerting.alert import Alert
from opsdash.core.metrics.labels import Labels, label

ALL_LABELS = "..."
"""In `group_by`: each alert is a group of its own, as in Alertmanager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """Alerts that agree on the labels that they are grouped by."""

    labels: Labels
    """Those labels, without the ones that the alerts lack."""
    alerts: tuple[Alert, ...]
    """In the order in which they came."""

    @property
    def thread(self) -> str:
        """The same as long as the group lives, on every host: what a notice is threaded by."""
        text = "\xff".join(f"{name}\xfe{value}" for name, value in self.labels)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def grouped(alerts: Iterable[Alert], group_by: tuple[str, ...]) -> tuple[AlertGroup, ...]:
    """The groups in the order of their first alerts; nothing to group by makes one of all."""
    names = tuple(sorted(set(group_by)))
    groups: dict[Labels, list[Alert]] = {}
    for alert in alerts:
        groups.setdefault(_labels(alert, names), []).append(alert)
    return tuple(AlertGroup(labels=labels, alerts=tuple(members)) for labels, members in groups.items())


def _labels(alert: Alert, names: tuple[str, ...]) -> Labels:
    if ALL_LABELS in names:
        return alert.labels
    return tuple((name, value) for name in names if (value := label(alert.labels, name)))
