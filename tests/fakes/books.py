"""Alerts, rules and books of them, in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsdash.core.alerting.alert import Alert, Phase, fingerprint_of
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after, kind_and_key, written
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.health import RuleHealth
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence
from opsdash.core.alerting.rules import AlertRule, RuleGroup, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.documents import Changes, Document
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import PromQuery

NOW_S = 1_790_000_000.0


def rule(name: str = "HighErrorRatio", **fields: object) -> AlertRule:
    """A rule of the group `shop`."""
    basic = AlertRule(
        name=name,
        group="shop",
        queries=(PromQuery(source="prom", expr="errors"),),
        condition=Threshold(warning=0.01, critical=0.05),
    )
    return replace(basic, **fields)  # type: ignore[arg-type]


def spec(*rules: AlertRule, **fields: object) -> AlertingSpec:
    """A configuration with these rules in one group."""
    return AlertingSpec(groups=(RuleGroup(name="shop", interval_s=15.0, rules=rules or (rule(),)),), **fields)  # type: ignore[arg-type]


def alert(name: str = "HighErrorRatio", /, *, labels: str = "service=orders", **fields: object) -> Alert:
    """A firing critical alert; labels as `service=orders,zone=a`."""
    pairs = dict(pair.split("=", 1) for pair in labels.split(",") if pair)
    all_labels = labels_of({"alertname": name, **pairs})
    basic = Alert(
        fingerprint=fingerprint_of(all_labels),
        rule=f"shop/{name}",
        name=name,
        labels=all_labels,
        phase=Phase.FIRING,
        severity=Severity.CRITICAL,
        active_at_s=NOW_S - 400,
        fired_at_s=NOW_S - 360,
        seen_at_s=NOW_S - 360,
        value=0.06,
        threshold=0.05,
    )
    return replace(basic, **fields)  # type: ignore[arg-type]


def pending(name: str = "HighErrorRatio", /, **fields: object) -> Alert:
    """The same, not firing yet."""
    return alert(name, **{"phase": Phase.PENDING, "fired_at_s": None, **fields})  # type: ignore[arg-type]


def resolved(name: str = "HighErrorRatio", /, **fields: object) -> Alert:
    """The same, over since 20 s."""
    return alert(name, **{"phase": Phase.RESOLVED, "resolved_at_s": NOW_S - 20, **fields})  # type: ignore[arg-type]


def ack(of: Alert, owner: str = "mina", **fields: object) -> Ack:
    """An acknowledgement a minute old that holds for four hours."""
    basic = Ack(
        fingerprint=of.fingerprint,
        episode=of.episode,
        owner=owner,
        by=owner,
        at_s=NOW_S - 60,
        expires_at_s=NOW_S + 4 * 3600,
        severity=of.severity,
        value=of.value,
    )
    return replace(basic, **fields)  # type: ignore[arg-type]


def health(of: AlertRule, values: dict[str, float], at_s: float = NOW_S) -> RuleHealth:
    """The newest evaluation of a rule."""
    return RuleHealth(rule=of.id, evaluated_at_s=at_s, took_s=0.01, state=Freshness.FRESH, values=values)


def book(*values: Alert | Ack | Silence | Note | Escalation | RuleHealth, **fields: object) -> Book:
    """A book with these, each at a version of its own."""
    return replace(_folded(values), **fields)  # type: ignore[arg-type]


def _folded(values: Iterable[Alert | Ack | Silence | Note | Escalation | RuleHealth]) -> Book:
    documents = []
    for version, value in enumerate(values, 1):
        kind, key = kind_and_key(value)
        documents.append(Document(kind=kind, key=key, version=version, body=written(value).body))
    return book_after(Book(), Changes(revision=len(documents), documents=tuple(documents), is_all=True))


def after(before: Book, deed: Deed) -> Book:
    """The book once the deed is committed; a version that is not the expected one fails the test."""
    documents = []
    for write in deed.writes:
        version = before.versions.get((write.kind, write.key), 0)
        assert write.expects in (None, version), (write, version)
        documents.append(Document(kind=write.kind, key=write.key, version=before.revision + 1, body=write.body))
    return book_after(before, Changes(revision=before.revision + 1, documents=tuple(documents)))
