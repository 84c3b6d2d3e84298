"""What a notifier is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opsdash.core.alerting.alert import Alert
from opsdash.core.metrics.labels import Labels

MANY = 20
"""More alerts that begin to fire in one message are many: they are counted, and no longer told of one by one."""

NoticeKind = Literal["firing", "acknowledged", "resolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message: a group of alerts to which the same thing happened."""

    key: str
    """The same for the same happening, also from another process or after a restart: sent once."""
    thread: str
    """The same over the life of the group: what PagerDuty calls dedup_key, Alertmanager groupKey."""
    kind: NoticeKind
    group: Labels
    alerts: tuple[Alert, ...]
    at_s: float
    environment: str = ""
    actor: str = ""
    """Who acknowledged."""
    note: str = ""
    level: int = 0
    """How far it was escalated."""
    together: frozenset[str] = frozenset()
    """Fingerprints of those that were first told of in one message with many others."""
    others_together: int = 0
    """How many more of those go on: one incident for all of them is over when none is left."""
