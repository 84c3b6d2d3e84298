"""A very small HTTP server for what a daemon tells of itself: GET of a few paths, one answer a connection, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from opsdash.core.errors import ConfigInvalid

LARGEST_HEAD = 8 * 1024
PATIENCE_S = 5.0
MOST_AT_ONCE = 32
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 400: "Bad Request", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is answered."""

    text: str
    status: int = 200
    kind: str = "text/plain; charset=utf-8"


class StatusServer:
    """Answers `GET path` with what the path's function gives."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._host = host
        self._port = port
        self._pages = pages
        self._open = 0
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else self._port

    async def start(self) -> None:
        """Listens. Raises ConfigInvalid where it cannot."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port, limit=LARGEST_HEAD)
        except OSError as error:
            why = (error.strerror or "not possible").lower()
            raise ConfigInvalid(f"--listen: {self._host}:{self._port} cannot be listened on: {why}") from error

    async def aclose(self) -> None:
        """Listens no longer."""
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            async with asyncio.timeout(PATIENCE_S):
                page = self._answer(await reader.readuntil(b"\r\n\r\n")) if self._open <= MOST_AT_ONCE else _busy()
                writer.write(_encoded(page))
                await writer.drain()
        except (asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError, TimeoutError):
            pass
        finally:
            self._open -= 1
            with suppress(OSError):
                writer.close()

    def _answer(self, head: bytes) -> Page:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return Page(text="not HTTP\n", status=400)
        if words[0] not in ("GET", "HEAD"):
            return Page(text="only GET\n", status=405)
        page = self._pages.get(words[1].partition("?")[0])
        return page() if page is not None else Page(text=f"there is: {', '.join(sorted(self._pages))}\n", status=404)


def _busy() -> Page:
    return Page(text="too many connections\n", status=503)


def _encoded(page: Page) -> bytes:
    body = page.text.encode()
    head = (
        f"HTTP/1.1 {page.status} {_REASONS[page.status]}\r\nContent-Type: {page.kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
