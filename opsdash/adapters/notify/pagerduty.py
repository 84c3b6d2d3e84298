"""PagerDuty, Events API v2: trigger, acknowledge and resolve, one incident an alert."""

from __future__ import annotations

from opsdash.adapters.notify.sending import Poster
from opsdash.adapters.notify.webhook import rfc3339
from opsdash.adapters.notify.words import line_of
from opsdash.adapters.secrets import Secrets
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.notice import Notice
from opsdash.core.errors import NeedsFixing, OpsdashError
from opsdash.core.metrics.labels import label
from opsdash.core.secret import SecretRef
from opsdash.core.text import clean

EVENTS_URL = "https://events.pagerduty.com"
_PATH = "/v2/enqueue"
_ACTIONS = {"firing": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
LONGEST_SUMMARY = 1_024
LONGEST_KEY = 255


class PagerDuty:
    """`kind: pagerduty`."""

    def __init__(self, name: str, poster: Poster, routing_key: str | SecretRef, secrets: Secrets) -> None:
        self.name = name
        self._poster = poster
        self._routing_key = routing_key
        self._secrets = secrets

    async def send(self, notice: Notice) -> str:
        """An event for each alert; what is sent twice is one incident by its key.

        A temporary failure is raised when the others were tried, so that one bad alert holds nobody up.
        """
        key = self._routing_key
        routing_key = await self._secrets.resolve(key) if isinstance(key, SecretRef) else key
        failures: list[OpsdashError] = []
        said = ""
        for alert in notice.alerts:
            try:
                said = await self._poster.post(event_of(notice, alert, routing_key), path=_PATH)
            except OpsdashError as failed:
                failures.append(failed)
        if failures:
            raise next((failed for failed in failures if not isinstance(failed, NeedsFixing)), failures[0])
        return said

    async def aclose(self) -> None:
        """Closes connections."""
        await self._poster.aclose()


def event_of(notice: Notice, alert: Alert, routing_key: str) -> dict[str, object]:
    """The event of one alert. Only a trigger has a payload."""
    event: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": _ACTIONS[notice.kind],
        "dedup_key": f"opsdash/{alert.fingerprint}"[:LONGEST_KEY],
    }
    if notice.kind != "firing":
        return event
    begins = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    event["payload"] = {
        "summary": clean(f"{alert.name}: {line_of(alert)}", longest=LONGEST_SUMMARY),
        "source": clean(label(alert.labels, "instance") or notice.environment or "opsdash", longest=255),
        "severity": alert.severity.word,
        "timestamp": rfc3339(begins),
        "component": clean(label(alert.labels, "service") or label(alert.labels, "job"), longest=255),
        "group": clean(notice.environment, longest=255),
        "class": clean(alert.name, longest=255),
        "custom_details": {name: clean(value, longest=LONGEST_SUMMARY) for name, value in alert.labels},
    }
    event["client"] = "opsdash"
    return event
