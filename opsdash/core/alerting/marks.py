"""What people put beside an alert: acknowledgements, silences, notes. Marks, never phases."""

from __future__ import annotations

from dataclasses import dataclass

from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Somebody owns an alert. It ends with the episode."""

    fingerprint: str
    episode: str
    owner: str
    by: str
    """Who set it: the owner, or who assigned it."""
    at_s: float
    expires_at_s: float | None
    severity: Severity
    """The alert's when it was acknowledged: a higher one breaks it."""
    value: float
    note: str = ""
    origin: str = ""
    """Name of the Alertmanager source that the alert comes from; empty for ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that match do not notify and are not counted, for a while."""

    id: str
    matchers: Matchers
    starts_at_s: float
    ends_at_s: float
    by: str
    comment: str
    created_at_s: float
    origin: str = ""
    """Name of the Alertmanager source that holds it; empty for ours."""

    def is_active(self, now_s: float) -> bool:
        """Whether it hides alerts now."""
        return self.starts_at_s <= now_s < self.ends_at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The newest thing that somebody wrote beside an alert; the history has all of them."""

    fingerprint: str
    text: str
    by: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """An episode that was handed to a higher level."""

    fingerprint: str
    episode: str
    level: int
    by: str
    at_s: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unowned:
    """Since when an alert is this severe and nobody's, where that is later than when it fired: its owner gave it back,
    it rose, or a silence ended. Escalation counts from then."""

    fingerprint: str
    episode: str
    severity: Severity
    """At least so severe."""
    since_s: float

    @property
    def key(self) -> str:
        """Of its document."""
        return f"{self.fingerprint}/{self.severity.word}"
