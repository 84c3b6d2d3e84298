"""Alertmanager's JSON (API v2, its OpenAPI file) to core values and back. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from opsdash.core.alerting.alert import Alert, Phase, fingerprint_of
from opsdash.core.alerting.labels_sent import labels_sent
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher, MatchOp
from opsdash.core.alerting.severity import severity_of
from opsdash.core.errors import AnswerUnusable
from opsdash.core.metrics.labels import Labels, label, labels_of
from opsdash.core.re2 import PatternRefused, compiled
from opsdash.core.text import clean

LONGEST_TEXT = 4_000
MOST_LABELS = 200
_FRACTION = re.compile(r"\.(\d{1,9})\d*")


def alerts_in(source: str, body: bytes) -> tuple[Alert, ...]:
    """The alerts of `GET /api/v2/alerts`. Raises AnswerUnusable."""
    return tuple(_alert(source, item) for item in _list(source, body))


def silences_in(source: str, body: bytes) -> tuple[Silence, ...]:
    """The silences of `GET /api/v2/silences`; those with a pattern that cannot be judged here are left out."""
    found = (_silence(source, item) for item in _list(source, body))
    return tuple(silence for silence in found if silence is not None)


def standing_in(source: str, body: bytes) -> tuple[float | None, frozenset[str]]:
    """UTC seconds since when it runs, and the members of its cluster, of `/api/v2/status`. Raises AnswerUnusable."""
    try:
        status = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable(f"{source} did not answer with JSON; is this an Alertmanager?") from error
    if not isinstance(status, dict):
        raise AnswerUnusable(f"{source} did not tell how it stands; is this an Alertmanager?")
    cluster = status.get("cluster")
    peers = cluster.get("peers") if isinstance(cluster, dict) else None
    named = [each for each in peers if isinstance(each, dict)] if isinstance(peers, list) else []
    names = frozenset(str(each.get("name")) for each in named[:MOST_LABELS] if each.get("name"))
    return (seconds_of(source, status["uptime"]) if status.get("uptime") else None), names


def once_each(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Members of a cluster tell of the same alert: one a label set, the one that has been wrong for longest."""
    known: dict[Labels, Alert] = {}
    for alert in alerts:
        before = known.get(alert.labels)
        if before is None or alert.active_at_s < before.active_at_s:
            known[alert.labels] = alert
    return tuple(known.values())


def _list(source: str, body: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable(
            f"{source} did not answer with JSON: {clean(body[:80].decode(errors='replace'))}"
        ) from error
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise AnswerUnusable(f"{source} did not answer with a list; is this an Alertmanager?")
    return items


def _alert(source: str, item: Mapping[str, Any]) -> Alert:
    labels = _labels(item.get("labels"))
    severity = label(labels, "severity")
    at_s = seconds_of(source, item.get("startsAt"))
    return Alert(
        fingerprint=fingerprint_of(labels),
        rule="",
        name=label(labels, "alertname") or "alert",
        labels=labels,
        phase=Phase.FIRING,
        severity=severity_of(severity),
        active_at_s=at_s,
        fired_at_s=at_s,
        seen_at_s=seconds_of(source, item.get("updatedAt")) if item.get("updatedAt") else at_s,
        value=math.nan,
        annotations=_labels(item.get("annotations")),
        origin=source,
        generator=clean(str(item.get("generatorURL") or ""), longest=LONGEST_TEXT),
    )


def _silence(source: str, item: Mapping[str, Any]) -> Silence | None:
    matchers = [_matcher(each) for each in item.get("matchers") or () if isinstance(each, dict)]
    whole = tuple(matcher for matcher in matchers if matcher is not None)
    if not whole or len(whole) != len(matchers):
        return None
    return Silence(
        id=clean(str(item.get("id", "")), longest=100),
        matchers=whole,
        starts_at_s=seconds_of(source, item.get("startsAt")),
        ends_at_s=seconds_of(source, item.get("endsAt")),
        by=clean(str(item.get("createdBy", "")), longest=200),
        comment=clean(str(item.get("comment", "")), longest=LONGEST_TEXT),
        created_at_s=seconds_of(source, item.get("updatedAt") or item.get("startsAt")),
        origin=source,
    )


def _matcher(item: Mapping[str, Any]) -> Matcher | None:
    equal, regex = bool(item.get("isEqual", True)), bool(item.get("isRegex", False))
    op: MatchOp = ("=~" if equal else "!~") if regex else ("=" if equal else "!=")
    value = str(item.get("value", ""))
    if regex:
        try:
            compiled(value)
        except PatternRefused:
            return None
    return Matcher(name=str(item.get("name", "")), op=op, value=value)


def _labels(given: object) -> Labels:
    """A label set as it came: it is cleaned where it is shown, since it has to match where it came from."""
    pairs = given.items() if isinstance(given, dict) else ()
    return labels_of([(str(name), str(value)[:LONGEST_TEXT]) for name, value in pairs][:MOST_LABELS])


def seconds_of(source: str, text: object) -> float:
    """UTC seconds of an RFC 3339 time; Go writes up to nine digits of a second. Raises AnswerUnusable."""
    try:
        shorter = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), str(text))
        return datetime.fromisoformat(shorter.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError) as error:
        raise AnswerUnusable(f"{source} answered with a time that is none: {clean(str(text), longest=40)}") from error


def rfc3339(at_s: float) -> str:
    """UTC with milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_silence(silence: Silence) -> dict[str, object]:
    """The body of `POST /api/v2/silences`; with the id of one that is there, it takes its place."""
    body: dict[str, object] = {
        "matchers": [
            {
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.op in ("=~", "!~"),
                "isEqual": matcher.op in ("=", "=~"),
            }
            for matcher in silence.matchers
        ],
        "startsAt": rfc3339(silence.starts_at_s),
        "endsAt": rfc3339(silence.ends_at_s),
        "createdBy": silence.by,
        "comment": silence.comment,
    }
    return {"id": silence.id, **body} if silence.id and silence.origin else body


def as_alert(alert: Alert, ends_at_s: float) -> dict[str, object]:
    """One alert of the body of `POST /api/v2/alerts`; empty labels are left out, as Alertmanager refuses them."""
    begins_s = alert.fired_at_s if alert.fired_at_s is not None else alert.active_at_s
    over = alert.phase is Phase.RESOLVED and alert.resolved_at_s is not None
    body: dict[str, object] = {
        "labels": dict(labels_sent(alert)),
        "annotations": {name: value for name, value in alert.annotations if value},
        "startsAt": rfc3339(begins_s),
        "endsAt": rfc3339(alert.resolved_at_s if over and alert.resolved_at_s is not None else ends_at_s),
    }
    return {**body, "generatorURL": alert.generator} if alert.generator else body
