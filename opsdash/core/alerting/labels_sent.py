"""One of our alerts as an Alertmanager knows it."""

from __future__ import annotations

from opsdash.core.alerting.alert import Alert
from opsdash.core.metrics.labels import Labels, labels_of


def labels_sent(alert: Alert) -> Labels:
    """Its label set there: with the severity, without empty labels, which Alertmanager refuses."""
    labels = {**dict(alert.labels), "severity": alert.severity.word}
    return labels_of((name, value) for name, value in labels.items() if value)
