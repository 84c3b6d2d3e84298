"""What the configuration says of a source: where it is, how to be let in, what may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from opsdash.core.limits import Limits
from opsdash.core.secret import SecretRef

SourceKind = Literal["prometheus", "elasticsearch", "alertmanager"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerAuth:
    """`Authorization: Bearer …`."""

    token: SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAuth:
    """User name and password."""

    username: str
    password: SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyAuth:
    """Elasticsearch's `Authorization: ApiKey …` (the base64 form)."""

    key: SecretRef


Auth = BearerAuth | BasicAuth | ApiKeyAuth


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Paths, already made absolute against the folder of the configuration file."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    server_name: str | None = None
    """The name to expect in the certificate where it is not the URL's."""
    insecure_skip_verify: bool = False
    """Off unless written; shown in the header for as long as it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One entry of `sources:`."""

    name: str
    kind: SourceKind
    url: str
    timeout_s: float = 4.0
    headers: tuple[tuple[str, str | SecretRef], ...] = ()
    auth: Auth | None = None
    tls: Tls = field(default_factory=Tls)
    proxy: str | None = None
    index: str = "*"
    time_field: str = "@timestamp"
    message_field: str = "message"
    level_field: str = "level"
    scrape_interval_s: float = 15.0
    """For `$__rate_interval`, as in Grafana."""
    ingest_lag_s: float = 60.0
    """How late a log document may arrive; that much of the tail is asked again."""
    max_connections: int = 6
    limits: Limits = field(default_factory=Limits)
