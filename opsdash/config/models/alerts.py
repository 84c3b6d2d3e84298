"""`alerts:` as they are written."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.query import Groups, Metric, Step
from opsdash.config.models.scalars import (
    DURATION_SCHEMA,
    Flag,
    LooseText,
    Number,
    Strings,
    Text,
    Words,
    choice,
    choice_schema,
    described,
    duration,
    number,
    refuse,
    text,
    whole,
    whole_schema,
)

SEVERITIES = ("info", "warning", "critical")
NO_DATA_STATES = ("alert", "ok", "keep")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%", re.ASCII)


def _share(value: object) -> float:
    """0.5 or 50%: a share of what it was. 100% and more are shares, too: something can be three times what it was."""
    written = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, str) and written is None:
        refuse(f"{described(value)} is not a share; write 50% or 0.5")
    share = float(written[1]) / 100 if written is not None else number(value)
    if share <= 0:
        refuse(f"{described(value)} is not above 0")
    return round(share, 12)


Short = Annotated[float, PlainValidator(duration(0, 31_536_000)), WithJsonSchema(DURATION_SCHEMA)]
Interval = Annotated[float, PlainValidator(duration(0.5, 86_400)), WithJsonSchema(DURATION_SCHEMA)]
Severity = Annotated[str, PlainValidator(choice(SEVERITIES, "a severity")), choice_schema(SEVERITIES)]
NoDataState = Annotated[str, PlainValidator(choice(NO_DATA_STATES, "a state without data")),
                        choice_schema(NO_DATA_STATES)]  # fmt: skip
Day = Annotated[str, PlainValidator(choice(DAYS, "a day")), choice_schema(DAYS)]
Lines = Annotated[
    str, PlainValidator(lambda value: text(value).strip()), WithJsonSchema({"type": "string", "minLength": 1})
]
Share = Annotated[float, PlainValidator(_share), WithJsonSchema({"type": ["number", "string"]})]
Level = Annotated[int, PlainValidator(whole(1, 10)), whole_schema(1, 10)]


class RuleLevels(Model):
    """From where on it is a warning, and critical."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "number", "description": "The critical level alone."}

    warning: Number | None = Field(None, description="From here on it is a warning.")
    critical: Number | None = Field(None, description="From here on it is critical.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"critical": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class ShareLevels(Model):
    """From which deviation on it is a warning, and critical: 50% is half more or less than then."""

    warning: Share | None = Field(None, description="From here on it is a warning.")
    critical: Share | None = Field(None, description="From here on it is critical.")


class Deviation(Model):
    """The value is held against what it was a day or a week ago at the same hour."""

    than: Interval | Short = Field(description="How long ago: 1d, 1w.")
    above: ShareLevels | None = Field(None, description="So much more than then is wrong.")
    below: ShareLevels | None = Field(None, description="So much less than then is wrong.")
    both: ShareLevels | None = Field(None, description="So much more or less than then is wrong.")


class NoData(Model):
    """What a rule does when its query gives nothing, or fails."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "enum": list(NO_DATA_STATES)}

    state: NoDataState = Field(description="alert, ok or keep.")
    for_: Short = Field(120.0, alias="for", description="How long it has to last.")
    severity: Severity = Field("warning", description="Of the alert that says so.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"state": value} if isinstance(value, str) else value


class Acknowledge(Model):
    """How long an acknowledgement holds, and what breaks it."""

    expires: Short | None = Field(None, description="After so long it is over. 4h.")
    worsens: Share | None = Field(None, description="It breaks when the value is that much worse. 50%.")
    idle: Short | None = Field(None, description="It comes back when its owner did nothing for so long. 1h; 0s: never.")


class Rule(Model):
    """One alert rule: with `above` or `below`, or in Prometheus's form, where any series fires."""

    alert: Words = Field(description="Its name.")
    source: Words = Field(description="Which source is asked.")
    expr: Lines | None = Field(None, description="PromQL.")
    query: LooseText | None = Field(None, description="Elasticsearch: Lucene query_string.")
    metric: Metric | None = Field(None, description="Elasticsearch: what is computed; documents are counted without.")
    group_by: Strings = Field((), description="Elasticsearch: an alert for each value of a field, or of several.")
    groups: Groups = Field(100, description="Elasticsearch: how many values of each field are looked at.")
    filters: dict[Words, LooseText] = Field(default_factory=dict, description="Elasticsearch: exact values of fields.")
    interval: Step | None = Field(None, description="Elasticsearch: over how much time it is computed. 1m.")
    index: Text = Field("", description="Elasticsearch: another index than the source's.")
    above: RuleLevels | None = Field(None, description="Fires above these levels.")
    below: RuleLevels | None = Field(None, description="Fires below these levels.")
    clear: Number | None = Field(None, description="The level at which it is over (hysteresis).")
    absent: Flag = Field(False, description="true: fires while the query gives nothing.")
    deviation: Deviation | None = Field(None, description="Fires where it differs from the same hour earlier.")
    for_: Short = Field(0.0, alias="for", description="How long it has to hold before it fires.")
    keep_firing_for: Short = Field(0.0, description="How long it goes on firing after it is over.")
    no_data: NoData | None = Field(None, description="What it does when its query gives nothing.")
    error: NoData | None = Field(None, description="What it does when its query fails.")
    severity: Severity | None = Field(None, description="Severity of a rule without levels.")
    unit: Text = Field("", description="Unit of its value.")
    labels: dict[Words, LooseText] = Field(default_factory=dict, description="Added to the alert.")
    annotations: dict[Words, LooseText] = Field(default_factory=dict, description="summary, runbook, …")
    actions: Strings = Field((), description="Targets of `actions` that are suggested.")
    dashboard: Text = Field("", description="Title of the dashboard that shows it.")
    panel: Text = Field("", description="Title of the panel that shows it.")
    logs: Text = Field("", description="Lucene query of its logs, for the key `l`; a template.")
    acknowledge: Acknowledge | None = Field(None, description="Of this rule's alerts, instead of what holds for all.")


class RuleGroup(Model):
    """Rules that are evaluated together."""

    name: Words = Field(description="Its name.")
    interval: Interval | None = Field(None, description="How often its rules are evaluated; `refresh` where not given.")
    labels: dict[Words, LooseText] = Field(default_factory=dict, description="Added to all of its alerts.")
    rules: list[Rule] = Field(default_factory=list, description="Its rules.")


class Inhibit(Model):
    """While an alert matches `source`, those that match `target` do not notify."""

    source: Strings = Field(description='Matchers: severity="critical".')
    target: Strings = Field(description="Matchers.")
    equal: Strings = Field((), description="Labels in which both agree.")


class Maintenance(Model):
    """A time in which alerts are expected: once from `starts` to `ends`, or again on `days`."""

    name: Words = Field(description="What goes on then.")
    matchers: Strings = Field(description="Which alerts are expected.")
    starts: Text = Field("", description="2026-11-24T02:00:00Z")
    ends: Text = Field("", description="2026-11-24T04:00:00Z")
    days: list[Day] = Field(default_factory=list, description="mon … sun; each day where none is given.")
    from_: Text = Field("", alias="from", description="Time of day at which it begins: 02:00.")
    for_: Short | None = Field(None, alias="for", description="How long it lasts: 2h.")
    timezone: Text = Field("UTC", description="Of `from`.")


class Comment(Model):
    """Alerts that are acknowledged and silenced with a comment only."""

    matchers: Strings = Field((), description="Which; all where none is given.")
    pattern: Text = Field(r".*\S.*", description="What it has to match: JIRA-[0-9]+.*")
    hint: Text = Field("", description="What to write, for the person who is asked.")


class Escalate(Model):
    """What happens when nobody acknowledges in time."""

    after: Short = Field(description="So long after it fired.")
    severity: Severity = Field("critical", description="From this severity on.")
    level: Level = Field(1, description="The `level` of the notifiers that are told then.")


class Alerts(Model):
    """Alert rules, and what holds for all of them."""

    groups: list[RuleGroup] = Field(default_factory=list, description="Groups of rules.")
    inhibit: list[Inhibit] = Field(default_factory=list, description="Alerts that follow from others.")
    maintenance: list[Maintenance] = Field(default_factory=list, description="Times in which alerts are expected.")
    comments: list[Comment] = Field(default_factory=list, description="Where a comment is required.")
    escalate: list[Escalate] = Field(default_factory=list, description="What happens when nobody acknowledges.")
    group_by: Strings | None = Field(None, description="Labels by which notifications are grouped. alertname.")
    acknowledge: Acknowledge | None = Field(None, description="How long acknowledgements hold.")
    desktop: Flag | None = Field(None, description="false: no OSC 9 and OSC 777 when an alert fires.")
    send_to: Strings | None = Field(
        None, description="Alertmanager sources that are told of our alerts: each member of a cluster."
    )
    mirror: Flag | None = Field(
        None, description="false: acknowledging an alert that an Alertmanager has makes no silence there."
    )
