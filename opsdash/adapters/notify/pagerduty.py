"""PagerDuty, Events API v2: trigger, acknowledge and resolve, one incident an alert; of a storm one for them all."""

from __future__ import annotations

from collections import OrderedDict

from opsdash.adapters.notify.sending import Poster
from opsdash.adapters.notify.webhook import rfc3339
from opsdash.adapters.notify.words import line_of, lines_of, title_of
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
_HALF_SENT = 100
"""So many messages are remembered of which a part is sent: what went is not sent again."""


class PagerDuty:
    """`kind: pagerduty`."""

    def __init__(self, name: str, poster: Poster, routing_key: str | SecretRef, secrets: Secrets) -> None:
        self.name = name
        self._poster = poster
        self._routing_key = routing_key
        self._secrets = secrets
        self._sent: OrderedDict[str, set[str]] = OrderedDict()
        """By the notice's key: the incidents that PagerDuty took, while others of the same notice are missing."""

    async def send(self, notice: Notice) -> str:
        """An event for each incident; what is sent twice is one incident by its key.

        A temporary failure is raised when the others were tried, so that one bad alert holds nobody up; another try
        goes on where this one ended.
        """
        key = self._routing_key
        routing_key = await self._secrets.resolve(key) if isinstance(key, SecretRef) else key
        failures: list[OpsdashError] = []
        said, went = "", self._half_sent(notice.key)
        for event in events_of(notice, routing_key):
            incident = str(event["dedup_key"])
            if incident in went:
                continue
            try:
                said = await self._poster.post(event, path=_PATH)
            except OpsdashError as failed:
                failures.append(failed)
            else:
                went.add(incident)
        if failures:
            raise next((failed for failed in failures if not isinstance(failed, NeedsFixing)), failures[0])
        self._sent.pop(notice.key, None)
        return said or "nothing is left to be sent"

    def _half_sent(self, key: str) -> set[str]:
        went = self._sent.setdefault(key, set())
        while len(self._sent) > _HALF_SENT:
            self._sent.popitem(last=False)
        return went

    async def aclose(self) -> None:
        """Closes connections."""
        await self._poster.aclose()


def events_of(notice: Notice, routing_key: str) -> list[dict[str, object]]:
    """One event an alert; those that were told of together are one incident, which is over with the last of them."""
    alone = [alert for alert in notice.alerts if alert.fingerprint not in notice.together]
    events = [event_of(notice, alert, routing_key) for alert in alone]
    together = [alert for alert in notice.alerts if alert.fingerprint in notice.together]
    if together and (notice.kind == "firing" or notice.others_together == 0):
        events.append(_event_of_all(notice, together, routing_key))
    return events


def _event_of_all(notice: Notice, alerts: list[Alert], routing_key: str) -> dict[str, object]:
    event = event_of(notice, alerts[0], routing_key)
    event["dedup_key"] = f"opsdash/{notice.thread}"[:LONGEST_KEY]
    payload = event.get("payload")
    if isinstance(payload, dict):
        payload["summary"] = clean(title_of(notice), longest=LONGEST_SUMMARY)
        payload["custom_details"] = {"alerts": len(alerts), "list": list(lines_of(notice))}
    return event


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
        "custom_details": {
            **{name: clean(value, longest=LONGEST_SUMMARY) for name, value in alert.labels},
            **({"note": clean(notice.note, longest=LONGEST_SUMMARY)} if notice.note else {}),
        },
    }
    event["client"] = "opsdash"
    return event
