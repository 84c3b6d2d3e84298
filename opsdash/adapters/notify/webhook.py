"""A webhook with Alertmanager's payload, version 4: what receives Alertmanager's notices receives ours."""

from __future__ import annotations

from datetime import UTC, datetime

from opsdash.adapters.notify.sending import Poster
from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.notice import Notice
from opsdash.core.metrics.labels import Labels
from opsdash.core.text import clean

NEVER = "0001-01-01T00:00:00Z"
"""Alertmanager's end of an alert that goes on: Go's zero time."""
MOST_ALERTS = 1_000
LONGEST_TEXT = 4_000


class Webhook:
    """`kind: webhook`."""

    def __init__(self, name: str, poster: Poster) -> None:
        self.name = name
        self._poster = poster

    async def send(self, notice: Notice) -> str:
        """Posts the payload."""
        return await self._poster.post(payload_of(notice, receiver=self.name))

    async def aclose(self) -> None:
        """Closes connections."""
        await self._poster.aclose()


def payload_of(notice: Notice, *, receiver: str) -> dict[str, object]:
    """Alertmanager's webhook payload (prometheus.io, "webhook_config"), and beside it what only we know."""
    alerts = notice.alerts[:MOST_ALERTS]
    return {
        "version": "4",
        "groupKey": notice.thread,
        "truncatedAlerts": len(notice.alerts) - len(alerts),
        "status": "resolved" if notice.kind == "resolved" else "firing",
        "receiver": receiver,
        "groupLabels": _mapping(notice.group),
        "commonLabels": _common([alert.labels for alert in alerts]),
        "commonAnnotations": _common([alert.annotations for alert in alerts]),
        "externalURL": "",
        "alerts": [_alert(alert) for alert in alerts],
        "opsdash": {
            "key": notice.key,
            "kind": notice.kind,
            "environment": notice.environment,
            "actor": notice.actor,
            "note": clean(notice.note, longest=LONGEST_TEXT),
            "level": notice.level,
        },
    }


def _alert(alert: Alert) -> dict[str, object]:
    begins = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    ended = alert.phase is Phase.RESOLVED and alert.resolved_at_s is not None
    return {
        "status": "resolved" if ended else "firing",
        "labels": {**_mapping(alert.labels), "severity": alert.severity.word},
        "annotations": _mapping(alert.annotations),
        "startsAt": rfc3339(begins),
        "endsAt": rfc3339(alert.resolved_at_s) if ended and alert.resolved_at_s is not None else NEVER,
        "generatorURL": "",
        "fingerprint": alert.fingerprint,
    }


def rfc3339(at_s: float) -> str:
    """UTC with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mapping(labels: Labels) -> dict[str, str]:
    return {name: clean(value, longest=LONGEST_TEXT) for name, value in labels}


def _common(sets: list[Labels]) -> dict[str, str]:
    shared = set(sets[0]).intersection(*sets[1:]) if sets else set()
    return _mapping(tuple(sorted(shared)))
