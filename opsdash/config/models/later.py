"""`alerts:`, `slos:`, `actions:`, `store:` and `notify:` as they are written: read and checked, not evaluated yet."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import (
    DURATION_SCHEMA,
    Flag,
    LooseText,
    Number,
    Ratio,
    Strings,
    Words,
    checked_url,
    choice,
    choice_schema,
    duration,
    reference,
    refuse,
    text,
    whole,
    whole_schema,
)
from opsdash.core.secret import SecretRef

SEVERITIES = ("info", "warning", "critical")
NO_DATA_STATES = ("alert", "ok", "keep")
NOTIFIERS = (
    "webhook", "slack", "teams", "discord", "mattermost", "telegram", "pagerduty", "opsgenie", "email",
    "alertmanager", "bell", "desktop", "command",
)  # fmt: skip
STORE_SCHEMES = ("sqlite", "postgresql", "postgres", "memory")

Short = Annotated[float, PlainValidator(duration(0, 31_536_000)), WithJsonSchema(DURATION_SCHEMA)]
Interval = Annotated[float, PlainValidator(duration(0.5, 86_400)), WithJsonSchema(DURATION_SCHEMA)]
Window = Annotated[float, PlainValidator(duration(3600, 366 * 86_400)), WithJsonSchema(DURATION_SCHEMA)]
Severity = Annotated[str, PlainValidator(choice(SEVERITIES, "a severity")), choice_schema(SEVERITIES)]
NoDataState = Annotated[str, PlainValidator(choice(NO_DATA_STATES, "a state without data")),
                        choice_schema(NO_DATA_STATES)]  # fmt: skip
Notifier = Annotated[str, PlainValidator(choice(NOTIFIERS, "a way to notify")), choice_schema(NOTIFIERS)]
Replicas = Annotated[int, PlainValidator(whole(0, 1_000_000)), whole_schema(0, 1_000_000)]
Approvals = Annotated[int, PlainValidator(whole(0, 10)), whole_schema(0, 10)]


def _store_url(value: object) -> str | SecretRef:
    given = reference(value)
    if given is not None:
        return given
    url = text(value)
    scheme = url.partition("://")[0]
    if scheme not in STORE_SCHEMES:
        refuse("not a store; it begins with sqlite:///, postgresql:// or memory://")
    if "@" in url and ":" in url.partition("://")[2].partition("@")[0]:
        refuse("a password in an address; secrets go by reference: env:NAME, file:PATH")
    return url


def _notify_url(value: object) -> str | SecretRef:
    return reference(value) or checked_url(text(value), ("http", "https", "smtp", "smtps"))


StoreUrl = Annotated[str | SecretRef, PlainValidator(_store_url), WithJsonSchema({"type": "string"})]
NotifyUrl = Annotated[str | SecretRef, PlainValidator(_notify_url), WithJsonSchema({"type": "string"})]


class RuleLevels(Model):
    """From where on it is a warning, and critical."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "number", "description": "The critical level alone."}

    warning: Number | None = Field(None, description="From here on it is a warning.")
    critical: Number | None = Field(None, description="From here on it is critical.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"critical": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class NoData(Model):
    """What a rule does when its query gives nothing."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "enum": list(NO_DATA_STATES)}

    state: NoDataState = Field(description="alert, ok or keep.")
    for_: Short = Field(0.0, alias="for", description="How long there has to be nothing.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"state": value} if isinstance(value, str) else value


class Rule(Model):
    """One alert rule: with `above` or `below`, or in Prometheus's form, where any series fires."""

    alert: Words = Field(description="Its name.")
    source: Words = Field(description="Which source is asked.")
    expr: Words | None = Field(None, description="PromQL.")
    query: LooseText | None = Field(None, description="Elasticsearch: Lucene query_string.")
    above: RuleLevels | None = Field(None, description="Fires above these levels.")
    below: RuleLevels | None = Field(None, description="Fires below these levels.")
    clear: Number | None = Field(None, description="The level at which it is over (hysteresis).")
    for_: Short = Field(0.0, alias="for", description="How long it has to hold before it fires.")
    keep_firing_for: Short = Field(0.0, description="How long it goes on firing after it is over.")
    no_data: NoData | None = Field(None, description="What it does when its query gives nothing.")
    severity: Severity | None = Field(None, description="Severity of a rule in Prometheus's form.")
    labels: dict[Words, LooseText] = Field(default_factory=dict, description="Added to the alert.")
    annotations: dict[Words, LooseText] = Field(default_factory=dict, description="summary, runbook, …")
    actions: Strings = Field((), description="Targets of `actions` that are suggested.")


class RuleGroup(Model):
    """Rules that are evaluated together."""

    name: Words = Field(description="Its name.")
    interval: Interval | None = Field(None, description="How often its rules are evaluated.")
    rules: list[Rule] = Field(default_factory=list, description="Its rules.")


class Alerts(Model):
    """Alert rules."""

    groups: list[RuleGroup] = Field(default_factory=list, description="Groups of rules.")


class Slo(Model):
    """A service level objective."""

    name: Words = Field(description="Its name.")
    objective: Ratio = Field(description="The share of good events: 99.9%.")
    window: Window = Field(description="Over which time: 30d.")
    source: Words = Field(description="Which source is asked.")
    good: Words = Field(description="Good events; $window stands for the time.")
    total: Words = Field(description="All events.")
    description: LooseText = Field("", description="What it promises to whom.")


class Bounds(Model):
    """Between which numbers an action stays."""

    min: Replicas = Field(description="Not below.")
    max: Replicas = Field(description="Not above.")


class Verify(Model):
    """What shows that an action helped."""

    alert: Words = Field(description="The alert that should end.")
    within: Short = Field(description="How long it is watched.")


class Target(Model):
    """Something that can be changed, and within which bounds. Each kind has keys of its own beside these."""

    model_config = ConfigDict(extra="allow")

    kind: Words = Field(description="What is done: kubernetes.scale, …")
    context: Words | None = Field(None, description="Kubernetes: context.")
    namespace: Words | None = Field(None, description="Kubernetes: namespace.")
    deployment: Words | None = Field(None, description="Kubernetes: deployment.")
    bounds: Bounds | None = Field(None, description="Between which numbers it stays.")
    max_step: Replicas | None = Field(None, description="How much one action may change.")
    cooldown: Short | None = Field(None, description="How long after one action the next may follow.")
    dangerous: Flag = Field(False, description="true: the environment's name is typed to confirm.")
    approvals: Approvals = Field(0, description="How many others have to agree.")
    verify: Verify | None = Field(None, description="What shows that it helped.")


class Actions(Model):
    """What may be changed from here. Without `enabled: true` nothing can be sent."""

    enabled: Flag = Field(False, description="true: actions can be sent.")
    operators: Strings = Field((), description="Who may act: names, and groups as group:NAME.")
    targets: dict[Words, Target] = Field(default_factory=dict, description="By name.")


class Store(Model):
    """Where acknowledgements, silences, notes and the audit log are kept."""

    url: StoreUrl = Field(description="sqlite:///FILE or postgresql://HOST/DATABASE, or a secret reference.")


class Notification(Model):
    """Who is told when an alert fires."""

    kind: Notifier = Field(description="How: webhook, …")
    url: NotifyUrl | None = Field(None, description="Where to; usually a secret reference.")
    severity: Severity | None = Field(None, description="Only from this severity on.")


LATER_MODELS: dict[str, tuple[type[Model], bool]] = {
    "alerts": (Alerts, False),
    "slos": (Slo, True),
    "actions": (Actions, False),
    "store": (Store, False),
    "notify": (Notification, True),
}
"""The model of each key, and whether the key holds a list of them."""
