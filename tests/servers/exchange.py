"""HTTP/1.1 as a test server sees it: what was asked, and a writer that can also break the rules."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that arrived."""

    method: str
    target: str
    """As in the request line, query string included."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    at_s: float = field(default_factory=time.monotonic)
    peer: str = ""
    """The subject's common name of the client certificate, where there is one."""

    @property
    def path(self) -> str:
        """The target without query string."""
        return urllib.parse.urlsplit(self.target).path

    @property
    def params(self) -> dict[str, list[str]]:
        """Query string and form body together."""
        texts = [urllib.parse.urlsplit(self.target).query]
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            texts.append(self.body.decode())
        return urllib.parse.parse_qs("&".join(filter(None, texts)), keep_blank_values=True)

    def param(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return self.params.get(name, [default])[0]

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def mentions(self, text: str) -> bool:
        """Whether target, a parameter or the body contains the text."""
        values = (value for values in self.params.values() for value in values)
        return text in self.target or text in self.body.decode(errors="replace") or any(text in v for v in values)


Reply = Callable[[Asked, asyncio.StreamWriter], Awaitable[bool]]
"""Answers one request; True when the connection can take another one."""


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked | None:
    """The next request of the connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method=method, target=target, headers=headers, body=body, peer=_peer(writer))


def _peer(writer: asyncio.StreamWriter) -> str:
    certificate = writer.get_extra_info("peercert") or {}
    names = (pair for part in certificate.get("subject", ()) for pair in part)
    return next((value for name, value in names if name == "commonName"), "")


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers, up to the empty line; a Date is added unless it is given (empty: none)."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}"]
    lines += [
        f"{name}: {value}" for name, value in ({"Date": formatdate(usegmt=True)} | dict(headers)).items() if value
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
