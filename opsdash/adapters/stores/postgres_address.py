"""The address of a PostgreSQL store: what is asked for, what a person may read of it, and how safe the way there is."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from opsdash.core.errors import StoreUnusable
from opsdash.core.text import clean

HIDDEN = "postgresql://"
"""What is shown while the address is a secret that was not looked up yet."""
NO_ADDRESS = "store.url is no address of a PostgreSQL; it reads postgresql://USER@HOST/DATABASE"
SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A connection string, and the same without anything secret."""

    dsn: str
    shown: str
    is_local: bool
    """Loopback or a Unix socket: nobody listens in between."""
    says_how_to_encrypt: bool

    def __repr__(self) -> str:
        return self.shown


def postgres_address(dsn: str) -> PostgresAddress:
    """Takes an address apart. Raises StoreUnusable, whose words never hold any of it."""
    try:
        parts = urlsplit(dsn)
        port, query = parts.port if "," not in parts.netloc else None, parse_qs(parts.query)
    except ValueError:
        raise StoreUnusable(
            "store.url is no address of a PostgreSQL; it reads postgresql://USER@HOST/DATABASE"
        ) from None
    if parts.scheme not in SCHEMES:
        raise StoreUnusable(NO_ADDRESS)
    user, at, hosts = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    shown = clean(f"postgresql://{name}{at}{hosts}{parts.path}", longest=200)
    host = query.get("host", [parts.hostname or ""])[-1]
    is_local = all(_is_local(each) for each in host.split(",")) and (port is not None or "," not in hosts)
    return PostgresAddress(dsn, shown, is_local, "sslmode" in query)


def _is_local(host: str) -> bool:
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
