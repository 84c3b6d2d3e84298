"""The book: all that the store says of alerts and their marks, as values. Every process has one and keeps it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence, Unowned
from opsdash.core.alerting.mirror import Mirror


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """By fingerprint, rule id, SLO name or silence id. `book_after` (core/alerting/codec.py) makes the next one."""

    alerts: Mapping[str, Alert] = field(default_factory=lambda: MappingProxyType({}))
    health: Mapping[str, RuleHealth] = field(default_factory=lambda: MappingProxyType({}))
    slos: Mapping[str, SloStatus] = field(default_factory=lambda: MappingProxyType({}))
    acks: Mapping[str, Ack] = field(default_factory=lambda: MappingProxyType({}))
    silences: Mapping[str, Silence] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    escalations: Mapping[str, Escalation] = field(default_factory=lambda: MappingProxyType({}))
    unowned: Mapping[str, Unowned] = field(default_factory=lambda: MappingProxyType({}))
    """By the document's key."""
    seen_operators: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Operator → UTC seconds at which a key of theirs was last heard, on any screen."""
    mirrors: Mapping[str, Mirror] = field(default_factory=lambda: MappingProxyType({}))
    """What is to stand in Alertmanagers, by the document's key."""
    versions: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    """(kind, key) → version of the document: what a write expects."""
    unreadable: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """(kind, key) → why a document cannot be read; what was known before it is kept."""
    revision: int = 0
