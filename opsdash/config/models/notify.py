"""`notify:` as it is written."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from opsdash.config.models.alerts import Severity, Short
from opsdash.config.models.model import Model
from opsdash.config.models.scalars import (
    Flag,
    Secret,
    Strings,
    Text,
    Words,
    checked_url,
    choice,
    choice_schema,
    reference,
    refuse,
    text,
    whole,
    whole_schema,
)
from opsdash.core.secret import SecretRef

KINDS = ("webhook", "slack", "mattermost", "pagerduty", "email", "apprise")


_APPRISE = re.compile(r"[a-z][a-z0-9]{1,30}s?://[^\s]{1,2000}", re.ASCII)


def _notify_url(value: object, info: ValidationInfo) -> str | SecretRef:
    found = reference(value)
    if found is not None:
        return found
    if info.data.get("kind") == "apprise":
        return _apprise_url(text(value))
    return checked_url(text(value), ("http", "https", "smtp", "smtps"))


def _apprise_url(given: str) -> str:
    """The library knows some 180 services; most addresses carry a token, which then has to be a reference."""
    if _APPRISE.fullmatch(given) is None:
        refuse("not an address of apprise; it begins with a scheme: ntfy://HOST/TOPIC")
    if "@" in given:
        refuse("a user name, password or token in an address; write env:NAME or file:PATH, where the address is kept")
    return given


Notifier = Annotated[str, PlainValidator(choice(KINDS, "a way to notify")), choice_schema(KINDS)]
NotifyUrl = Annotated[str | SecretRef, PlainValidator(_notify_url), WithJsonSchema({"type": "string"})]
Level = Annotated[int, PlainValidator(whole(0, 10)), whole_schema(0, 10)]
Rate = Annotated[int, PlainValidator(whole(1, 1_000)), whole_schema(1, 1_000)]


class Notification(Model):
    """Who is told when an alert fires."""

    kind: Notifier = Field(description="How: webhook, slack, pagerduty, email, or apprise for everything else.")
    name: Words | None = Field(None, description="What messages call it; its kind where not given.")
    url: NotifyUrl | None = Field(None, description="Where to; usually a secret reference.")
    severity: Severity | None = Field(None, description="Only from this severity on.")
    matchers: Strings = Field((), description='Only alerts that match: team="shop".')
    level: Level = Field(0, description="0: at once; 1 and up: when escalated so far.")
    send_resolved: Flag = Field(True, description="false: the end of an alert is not told.")
    repeat: Short = Field(4 * 3600.0, description="An alert that goes on is told again after so long. 4h.")
    rate: Rate = Field(30, description="Messages a minute at most.")
    timeout: Short = Field(10.0, description="How long one delivery may take.")
    channel: Text = Field("", description="Slack: another channel than the hook's.")
    routing_key: Secret | None = Field(None, description="PagerDuty: integration key.")
    sender: Text = Field("", alias="from", description="Mail: from whom.")
    to: Strings = Field((), description="Mail: to whom.")
    username: Text = Field("", description="Mail: who logs in.")
    password: Secret | None = Field(None, description="Mail: with which password.")
    starttls: Flag = Field(True, description="Mail: false only for a relay that has no TLS.")
