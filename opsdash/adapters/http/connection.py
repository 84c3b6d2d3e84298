"""One HTTP/1.1 connection: asyncio's streams carry the bytes, h11 knows the protocol."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

import h11

from opsdash.adapters.http.address import Address
from opsdash.adapters.http.errors import network_errors
from opsdash.core.duration import format_size
from opsdash.core.errors import AccessDenied, AnswerUnusable, SourceUnavailable

Headers = Sequence[tuple[bytes, bytes]]
_READ_BYTES = 64 * 1024
_STREAM_BYTES = 128 * 1024
_PATIENCE_S = 0.5
"""With an address of a name, while it has others: one that is dead must not take the whole deadline."""
_BLOCKED = (407, 511)


class Phase(StrEnum):
    """How far a request has come; what a missed deadline is called depends on it."""

    QUEUED = "queued"
    PREPARING = "preparing"
    CONNECTING = "connecting"
    SECURING = "securing"
    WAITING = "waiting"
    READING = "reading"


class Progress:
    """Shared by a request and what carries it out: how far it is, for the words of its failure."""

    __slots__ = ("bytes", "phase")

    def __init__(self) -> None:
        self.phase = Phase.QUEUED
        self.bytes = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to get to a server."""

    source: str
    address: Address
    context: ssl.SSLContext | None
    """For the server; None only where its address is not secure."""
    server_name: str
    proxy: Address | None = None
    proxy_context: ssl.SSLContext | None = None


class Stale(Exception):
    """A kept connection was closed by the server before a byte of the answer came."""


class Connection:
    """Open, and used by one request at a time."""

    def __init__(self, source: str, where: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._source = source
        self._where = where
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._ended = False
        self.idle_since_s = 0.0
        self.requests = 0

    @property
    def is_usable(self) -> bool:
        """Whether the server has not closed it meanwhile, as far as can be seen."""
        return not (self._ended or self._reader.at_eof() or self._writer.transport.is_closing())

    async def ask(
        self, method: bytes, target: bytes, headers: Headers, body: bytes, progress: Progress
    ) -> h11.Response:
        """Sends the request and gives the head of the answer; raises Stale where asking again is safe."""
        progress.phase = Phase.WAITING
        reused = self.requests > 0
        self.requests += 1
        try:
            with network_errors(self._source, self._where):
                self._send(method, target, headers, body)
                await self._writer.drain()
                return await self._head(progress)
        except SourceUnavailable as error:
            if reused and progress.bytes == 0:
                raise Stale from error
            if not reused and progress.bytes == 0 and self._writer.get_extra_info("ssl_object") is not None:
                # Without its certificate of choice, a server of TLS 1.3 often just hangs up on the first request.
                words = f"{error.message} after the TLS handshake; it may want a (different) client certificate"
                raise SourceUnavailable(words) from error
            raise

    def _send(self, method: bytes, target: bytes, headers: Headers, body: bytes) -> None:
        request = h11.Request(method=method, target=target, headers=list(headers))
        data = self._http.send(request) or b""
        if body:
            data += self._http.send(h11.Data(data=body)) or b""
        self._writer.write(data + (self._http.send(h11.EndOfMessage()) or b""))

    async def _head(self, progress: Progress) -> h11.Response:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                return event
            if event is h11.NEED_DATA:
                await self._receive(progress)
                if self._ended:
                    self._end_of_head()
            elif not isinstance(event, h11.InformationalResponse):
                raise AnswerUnusable(f"{self._source} at {self._where} closed the connection without an answer")

    def _end_of_head(self) -> NoReturn:
        """The connection was closed before the head of the answer was complete."""
        came = self._http.trailing_data[0]
        if came.startswith(b"HTTP/") or not came:
            raise ConnectionResetError
        raise AnswerUnusable(f"{self._source} at {self._where} answered something that is not HTTP")

    async def chunk(self, progress: Progress) -> bytes:
        """The next piece of the body as it was sent; empty at its end."""
        progress.phase = Phase.READING
        with network_errors(self._source, self._where):
            while True:
                event = self._next_of_body(progress)
                if isinstance(event, h11.Data):
                    return bytes(event.data)
                if event is not h11.NEED_DATA:
                    return b""
                await self._receive(progress)

    def _next_of_body(self, progress: Progress) -> object:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            if not self._ended:
                raise
            raise AnswerUnusable(
                f"{self._source} closed the connection in the middle of its answer ({format_size(progress.bytes)} read)"
            ) from error

    async def _receive(self, progress: Progress) -> None:
        data = await self._reader.read(_READ_BYTES)
        progress.bytes += len(data)
        self._ended = not data
        self._http.receive_data(data)

    def recycle(self) -> bool:
        """Makes it ready for the next request; False where it must be closed."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return self.is_usable and not self._http.trailing_data[0]

    def abort(self) -> None:
        """Drops it at once."""
        self._ended = True
        self._writer.transport.abort()

    async def aclose(self) -> None:
        """Says goodbye, for at most a second."""
        self._ended = True
        self._writer.close()
        with suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
        self._writer.transport.abort()


async def open_connection(route: Route, progress: Progress) -> Connection:
    """A new connection to the server, through the proxy where there is one."""
    first = route.proxy or route.address
    context = _context(route, route.proxy_context if route.proxy else route.context) if first.secure else None
    name = f"the proxy of {route.source}" if route.proxy else route.source
    progress.phase = Phase.CONNECTING
    with network_errors(name, first.shown):
        reader, writer = await _connected(first.host, first.port)
        try:
            if context is not None:
                progress.phase = Phase.SECURING
                await writer.start_tls(context, server_hostname=first.host if route.proxy else route.server_name)
        except BaseException:
            writer.transport.abort()
            raise
    if route.proxy and route.address.secure:
        await _tunnel(route, route.proxy, reader, writer, progress)
    return Connection(route.source, route.address.shown, reader, writer)


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address of the host that answers, one after the other.

    Not all at once, as asyncio can: when that is cancelled, it may lose an open socket.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    failed: OSError | None = None
    for address in addresses[:-1]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await asyncio.open_connection(address, port, limit=_STREAM_BYTES)
        except OSError as error:
            failed = failed or error
    try:
        return await asyncio.open_connection(addresses[-1], port, limit=_STREAM_BYTES)
    except OSError as error:
        raise error from failed


async def _tunnel(
    route: Route, proxy: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, progress: Progress
) -> None:
    """Asks the proxy for a way through, then secures it to the server itself."""
    name = f"the proxy of {route.source}"
    host = f"[{route.address.host}]" if ":" in route.address.host else route.address.host
    target = f"{host}:{route.address.port}".encode()
    http = h11.Connection(h11.CLIENT)
    headers = [(b"Host", target), *proxy_headers(proxy)]
    try:
        with network_errors(name, proxy.shown):
            writer.write(http.send(h11.Request(method=b"CONNECT", target=target, headers=headers)) or b"")
            writer.write(http.send(h11.EndOfMessage()) or b"")
            while (event := http.next_event()) is h11.NEED_DATA:
                http.receive_data(await reader.read(_READ_BYTES))
        _judge_tunnel(name, route, event)
        progress.phase = Phase.SECURING
        with network_errors(route.source, route.address.shown):
            await writer.start_tls(_context(route, route.context), server_hostname=route.server_name)
    except BaseException:
        writer.transport.abort()
        raise


def _judge_tunnel(name: str, route: Route, event: object) -> None:
    status = event.status_code if isinstance(event, h11.Response) else 0
    if 200 <= status < 300:
        return
    if status in _BLOCKED:
        raise AccessDenied(f"{name} asks for a user name and password ({status}); put them into its URL")
    if status == 403:
        raise AccessDenied(f"{name} does not let us through to {route.address.shown} (403)")
    raise SourceUnavailable(f"{name} found no way to {route.address.shown} ({status or 'no answer'})")


def _context(route: Route, context: ssl.SSLContext | None) -> ssl.SSLContext:
    """Never None for a secure address: a missing context must not become an open connection."""
    if context is None:
        raise SourceUnavailable(f"{route.source} has no TLS context")
    return context


def proxy_headers(proxy: Address) -> list[tuple[bytes, bytes]]:
    """What lets us in at the proxy."""
    if not proxy.credentials:
        return []
    return [(b"Proxy-Authorization", f"Basic {proxy.credentials}".encode())]
