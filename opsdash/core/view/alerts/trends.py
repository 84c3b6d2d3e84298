"""Which series of a rule's last hour an alert is about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.window import Window

TREND_S = 3600.0


def trend_of(line: AlertLine, picture: AlertsPicture) -> tuple[Window, int] | None:
    """(the window, the row of the alert's own series); None while it is not known."""
    window = picture.trends.get(line.alert.rule)
    if window is None or not window.labels or not window.times.size:
        return None
    if len(window.labels) == 1:
        return window, 0
    row = _rows(window, _added(line)).get(_told(line.alert.labels, _added(line)))
    return None if row is None else (window, row)


def _added(line: AlertLine) -> frozenset[str]:
    """Names of labels that the rule sets: a series may have had others there."""
    own = line.rule.labels if line.rule is not None else ()
    return frozenset(("__name__", "alertname", *(name for name, _ in own)))


def _told(labels: Labels, added: frozenset[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] not in added)


@lru_cache(maxsize=64)
def _rows(window: Window, added: frozenset[str]) -> Mapping[Labels, int]:
    """Looked at for every line of a screen and every picture of it, so it is kept."""
    return {_told(labels, added): row for row, labels in enumerate(window.labels)}
