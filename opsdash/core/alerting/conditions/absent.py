"""Nothing at all is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping

from opsdash.core.alerting.conditions.verdict import Sight, Verdict
from opsdash.core.alerting.rules import Absent
from opsdash.core.metrics.labels import Labels


def absent(condition: Absent, readings: Mapping[Labels, float]) -> Sight:
    """One series, that of the condition, while the query gives none. NaN is something: somebody wrote it."""
    level = int(condition.severity)
    missing = {} if readings else {condition.labels: math.nan}
    return Sight(readings=missing, judge=lambda _, value, __: Verdict(level, value), absence_is_healthy=True)
