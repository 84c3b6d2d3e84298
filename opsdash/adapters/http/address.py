"""Where a source is: its URL taken apart, checked, and put together again for each question."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from opsdash.core.errors import ConfigInvalid
from opsdash.core.text import clean

Params = Sequence[tuple[str, str]]
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server (or proxy) and the path below which its API is."""

    secure: bool
    host: str
    port: int
    path: str = ""
    """Without a slash at its end, percent-encoded."""
    query: str = ""
    credentials: str = ""
    """`user:password` in base64, from the URL; empty where there is none."""

    @property
    def shown(self) -> str:
        """`host:port`, for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return clean(f"{host}:{self.port}", longest=120)

    @property
    def host_header(self) -> str:
        """As the Host header wants it: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """`http://host:port`, for a request through a proxy."""
        return f"{'https' if self.secure else 'http'}://{self.host_header}"

    def target(self, path: str, params: Params = ()) -> str:
        """The request target: the prefix of the address, the path, and the parameters of both."""
        query = "&".join(part for part in (self.query, urlencode(params)) if part)
        return f"{self.path}{path}?{query}" if query else f"{self.path}{path}"


def address_of(source: str, url: str, *, what: str = "url") -> Address:
    """The address; raises ConfigInvalid that says what is wrong with the URL, without its password."""
    parts, port = _split(source, url, what)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ConfigInvalid(f"{source}: {what}: it has to begin with http:// or https://")
    if not parts.hostname:
        raise ConfigInvalid(f"{source}: {what}: it names no host")
    try:
        host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    except UnicodeError as error:
        raise ConfigInvalid(f"{source}: {what}: {clean(parts.hostname, longest=80)} is not a host name") from error
    return Address(
        secure=parts.scheme == "https",
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        path=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._"),
        query=quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]"),
        credentials=_credentials(parts),
    )


def _split(source: str, url: str, what: str) -> tuple[SplitResult, int | None]:
    if _UNSAFE.search(url):
        raise ConfigInvalid(f"{source}: {what}: it has a space or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigInvalid(f"{source}: {what}: it is not a URL with a host and a port up to 65535") from error
    return parts, port


def _credentials(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return base64.b64encode(pair.encode()).decode()
