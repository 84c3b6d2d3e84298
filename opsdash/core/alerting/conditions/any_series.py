"""Prometheus's form: what the expression gives is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash.core.alerting.conditions.verdict import Sight, Verdict
from opsdash.core.alerting.rules import AnySeries
from opsdash.core.metrics.labels import Labels


def any_series(condition: AnySeries, readings: Mapping[Labels, float]) -> Sight:
    """Every series is wrong, whatever its value: NaN too, as in Prometheus."""
    level = int(condition.severity)
    return Sight(readings=readings, judge=lambda _, value, __: Verdict(level, value), absence_is_healthy=True)
