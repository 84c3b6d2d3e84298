"""The order in which alerts are looked at: what burns and belongs to nobody comes first."""

from __future__ import annotations

import math
from collections.abc import Iterable

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.picture import AlertLine

Rank = tuple[int, int, float, float, str, str]


def ranked(lines: Iterable[AlertLine]) -> tuple[AlertLine, ...]:
    """Firing and nobody's first, by severity, burn rate and age; then what is owned, quiet, pending, resolved.

    The same alerts always come in the same order: nothing jumps between two refreshes.
    """
    return tuple(sorted(lines, key=rank))


def rank(line: AlertLine) -> Rank:
    """What is smaller comes first; no two alerts have the same."""
    alert = line.alert
    if alert.phase is Phase.RESOLVED:
        newest_first = -(alert.resolved_at_s or alert.active_at_s)
        return 4, 0, 0.0, newest_first, alert.name, alert.fingerprint
    burn = line.burn_rate
    burning = -burn if burn is not None and not math.isnan(burn) else 0.0
    since = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    return _tier(line), -alert.severity, burning, since, alert.name, alert.fingerprint


def _tier(line: AlertLine) -> int:
    if line.alert.phase is Phase.PENDING:
        return 3
    if line.is_quiet:
        return 2
    return 0 if line.ack is None else 1
