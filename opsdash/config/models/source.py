"""`sources:` as it is written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import (
    DURATION_SCHEMA,
    SECRET_PATTERN,
    SIZE_SCHEMA,
    Flag,
    Secret,
    Text,
    Url,
    Words,
    choice,
    choice_schema,
    duration,
    loose_text,
    reference,
    size,
    whole,
    whole_schema,
)
from opsdash.core.secret import SecretRef

KINDS = ("prometheus", "elasticsearch", "alertmanager")

Kind = Annotated[str, PlainValidator(choice(KINDS, "a kind of source")), choice_schema(KINDS)]
Timeout = Annotated[float, PlainValidator(duration(0.1, 300)), WithJsonSchema(DURATION_SCHEMA)]
ScrapeInterval = Annotated[float, PlainValidator(duration(0.1, 86_400)), WithJsonSchema(DURATION_SCHEMA)]
IngestLag = Annotated[float, PlainValidator(duration(0, 86_400)), WithJsonSchema(DURATION_SCHEMA)]
MostBytes = Annotated[int, PlainValidator(size(1024, 4 * 1024**3)), WithJsonSchema(SIZE_SCHEMA)]
MostPoints = Annotated[int, PlainValidator(whole(10, 100_000)), whole_schema(10, 100_000)]
MostSeries = Annotated[int, PlainValidator(whole(1, 100_000)), whole_schema(1, 100_000)]
Connections = Annotated[int, PlainValidator(whole(1, 64)), whole_schema(1, 64)]


def header_value(value: object) -> str | SecretRef:
    """A text, or where it is kept."""
    return reference(value) or loose_text(value)


HeaderValue = Annotated[
    str | SecretRef,
    PlainValidator(header_value),
    WithJsonSchema({"type": ["string", "integer", "boolean"], "examples": ["shop", "env:TENANT"]}),
]


class Basic(Model):
    """User name and password."""

    username: Words = Field(description="User name.")
    password: Secret = Field(description="Where the password is: env:NAME, file:PATH or command:PROGRAM ARGUMENTS.")


class Auth(Model):
    """How to be let in: one of the three."""

    bearer: Secret | None = Field(None, description="Where the token of `Authorization: Bearer` is.")
    basic: Basic | None = Field(None, description="User name and password.")
    api_key: Secret | None = Field(None, description="Where Elasticsearch's API key is (its base64 form).")


class TlsFiles(Model):
    """Certificates. Paths are relative to the folder of the configuration file."""

    ca: Words | None = Field(None, description="File with the authorities to trust instead of the system's.")
    cert: Words | None = Field(None, description="File with our own certificate (mutual TLS).")
    key: Words | None = Field(None, description="File with the key of our own certificate.")
    server_name: Words | None = Field(None, description="Name to expect in the certificate, where it is not the URL's.")
    insecure_skip_verify: Flag = Field(
        False, description="Do not check the certificate. The header of the screen says so for as long as it is on."
    )


class SizeLimits(Model):
    """How much of one answer is kept; what was cut is said on the panel."""

    bytes: MostBytes = Field(64 * 1024 * 1024, description="Size of one response body.")
    points: MostPoints = Field(11_000, description="Points of one series.")
    series: MostSeries = Field(1_000, description="Series of one panel.")


class Source(Model):
    """One server that is asked."""

    kind: Kind = Field(
        description="What it speaks: prometheus (also Thanos, Mimir, VictoriaMetrics), elasticsearch, alertmanager."
    )
    url: Url = Field(description="Its address, http or https; a path prefix may follow the host.")
    timeout: Timeout = Field(4.0, description="How long one question may take.")
    headers: dict[Words, HeaderValue] = Field(
        default_factory=dict, description="Sent with every request; values may be secret references."
    )
    auth: Auth | None = Field(None, description="How to be let in: bearer, basic or api_key.")
    tls: TlsFiles | None = Field(None, description="Private authority, mutual TLS.")
    proxy: Url | None = Field(None, description="HTTP proxy to go through; the environment's is never used.")
    index: Text = Field("*", description="Elasticsearch: index, alias, data stream or pattern.")
    time_field: Words = Field("@timestamp", description="Elasticsearch: field with the time of a document.")
    message_field: Words = Field("message", description="Elasticsearch: field with the text of a log row.")
    level_field: Words = Field("level", description="Elasticsearch: field with the level of a log row.")
    scrape_interval: ScrapeInterval = Field(
        15.0, description="Prometheus: how often its targets are scraped; for $__interval and $__rate_interval."
    )
    ingest_lag: IngestLag = Field(
        60.0, description="Elasticsearch: how late a document may arrive; that much is asked again at each refresh."
    )
    max_connections: Connections = Field(6, description="Connections that are open at the same time.")
    limits: SizeLimits | None = Field(None, description="How much of one answer is kept.")


SECRET_HEADER_WORDS = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "credential")
"""A header whose name holds one of these takes a reference, never the value itself."""

__all__ = ["KINDS", "SECRET_HEADER_WORDS", "SECRET_PATTERN", "Auth", "Basic", "SizeLimits", "Source", "TlsFiles"]
