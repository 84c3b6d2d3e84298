"""One HTTP/1.1 connection of a client: h11 knows the protocol, asyncio's streams carry the bytes."""

from __future__ import annotations

import asyncio
import logging
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import h11

from opsdash.core.duration import format_size
from opsdash.plant.faces.compression import Encoding, accepts_gzip, gunzip, gzip_body
from opsdash.plant.faces.exchange import Handler, Refusal, Request, Response

_log = logging.getLogger(__name__)
_READ_BYTES = 64 * 1024
_LOOPBACK = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?", re.ASCII)
_LINGER_S = 1.0
_LINGER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """What a client may take of a server."""

    header_bytes: int = 64 * 1024
    """Of the request line and all headers together."""
    body_bytes: int = 16 * 1024 * 1024
    """As sent, and again after decompression."""
    connections: int = 128
    idle_s: float = 120.0
    """Between two requests of a connection that is kept."""
    read_s: float = 20.0
    """From the first byte of a request to its last."""
    write_s: float = 30.0
    """Without a byte being taken."""


class Refused(Exception):
    """The request cannot be answered as it is; where its body was not read, the connection ends after saying so."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class ClientConnection:
    """Answers request after request, in their order, so that a client may send the next before the answer is there."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        handler: Handler,
        refuse: Refusal,
        limits: WebLimits,
        now_s: Callable[[], float],
    ) -> None:
        self._reader, self._writer = streams
        self._handler = handler
        self._refuse = refuse
        self._limits = limits
        self._now_s = now_s
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)

    async def serve(self) -> None:
        """Until either side ends it. Raises nothing but cancellation."""
        try:
            with suppress(ConnectionError, TimeoutError, h11.LocalProtocolError):
                while await self._exchange():
                    self._http.start_next_cycle()
                await self._linger()
        finally:
            self._writer.transport.abort()

    async def turn_away(self, status: int, words: str) -> None:
        """Answers the first request with a refusal, without looking at it, and ends."""
        try:
            with suppress(ConnectionError, TimeoutError, h11.LocalProtocolError):
                await self._send(None, self._refuse(status, words))
                await self._linger()
        finally:
            self._writer.transport.abort()

    async def _exchange(self) -> bool:
        """One request and its answer; False where the connection has to end then."""
        request: h11.Request | None = None
        try:
            if not await self._first_bytes():
                return False
            async with asyncio.timeout(self._limits.read_s):
                request = await self._head()
                if request is None:
                    return False
                whole = self._whole(request, await self._body())
        except Refused as refused:
            await self._send(request, self._refuse(refused.status, refused.words))
            return self._may_go_on()
        except h11.RemoteProtocolError as error:
            await self._send(request, self._refuse(error.error_status_hint, _clean(str(error))))
            return False
        except TimeoutError:
            await self._send(request, self._refuse(408, "the request did not come in time"))
            return False
        await self._send(request, await self._answer(whole))
        return self._may_go_on()

    def _may_go_on(self) -> bool:
        """Whether the request was read to its end, the answer written, and neither side said that it closes."""
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._handler(request)
        except Exception:  # noqa: BLE001 (the top of a worker: one broken answer must not end the plant)
            _log.exception("%s %s failed", request.method, _clean(request.path))
            return self._refuse(500, "the plant failed to answer; its log says why")

    # -- reading ---------------------------------------------------------------------------------------------------

    async def _first_bytes(self) -> bool:
        """Waits for a request to begin; False where none comes any more."""
        if self._http.trailing_data[0]:
            return True
        try:
            async with asyncio.timeout(self._limits.idle_s):
                data = await self._reader.read(_READ_BYTES)
        except TimeoutError:
            return False
        self._http.receive_data(data)
        return bool(data)

    async def _head(self) -> h11.Request | None:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._measure(event)
                return event
            if isinstance(event, h11.ConnectionClosed):
                return None
            await self._receive()

    def _measure(self, head: h11.Request) -> None:
        """h11 counts only while a head is incomplete; one that comes at once may be larger."""
        size = len(head.target) + sum(len(name) + len(value) for name, value in head.headers)
        if size > self._limits.header_bytes:
            raise Refused(431, f"the head of the request is larger than {format_size(self._limits.header_bytes)}")

    async def _body(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
                size += len(event.data)
                if size > self._limits.body_bytes:
                    raise self._too_large()
            elif event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
            else:
                return b"".join(pieces)

    async def _receive(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            go_on = self._http.send(h11.InformationalResponse(status_code=100, headers=[]))
            self._writer.write(go_on or b"")
            await self._writer.drain()
        self._http.receive_data(await self._reader.read(_READ_BYTES))

    def _whole(self, head: h11.Request, body: bytes) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        if not _is_loopback(headers.get("host", "localhost")):
            # A page on the web whose name was made to point here must not read or operate the plant.
            raise Refused(403, "only requests to 127.0.0.1, ::1 or localhost are answered")
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding == "gzip":
            body = self._unpacked(body)
        elif encoding not in ("identity", ""):
            raise Refused(415, "a body may be compressed with gzip only")
        path, _, query = head.target.decode("latin-1").partition("?")
        if not path.startswith("/"):
            raise Refused(400, "the path of a request begins with a slash")
        return Request(
            method=head.method.decode("latin-1"),
            path=path,
            raw_query=query,
            headers=headers,
            body=body,
            is_abandoned=self._is_abandoned,
        )

    def _unpacked(self, body: bytes) -> bytes:
        try:
            unpacked = gunzip(body, self._limits.body_bytes)
        except (zlib.error, EOFError):
            raise Refused(400, "the body is not the gzip that its header says") from None
        if unpacked is None:
            raise self._too_large()
        return unpacked

    def _too_large(self) -> Refused:
        return Refused(413, f"the body is larger than {format_size(self._limits.body_bytes)}")

    def _is_abandoned(self) -> bool:
        return self._reader.at_eof() or self._writer.transport.is_closing()

    # -- writing ---------------------------------------------------------------------------------------------------

    async def _send(self, request: h11.Request | None, response: Response) -> None:
        """Writes the answer; a client that takes nothing for `write_s` is cut off."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = response.body
        encoding: Encoding = ()
        if request is not None and accepts_gzip(_header(request, b"accept-encoding")):
            body, encoding = await gzip_body(body)
        with_body = request is None or request.method != b"HEAD"
        ends = request is None or self._http.their_state is not h11.DONE
        headers = [
            ("Content-Type", response.content_type),
            ("Date", formatdate(self._now_s(), usegmt=True)),
            *response.headers,
            *encoding,
            *((("Connection", "close"),) if ends else ()),
        ]
        if response.status in (204, 304):
            headers, with_body = headers[1:], False
        else:
            headers.append(("Content-Length", str(len(body))))
        await self._write(_start(response.status, headers), body if with_body else b"")

    async def _write(self, start: h11.Response, body: bytes) -> None:
        self._writer.write(self._http.send(start) or b"")
        if body:
            self._writer.write(self._http.send(h11.Data(data=body)) or b"")
        self._writer.write(self._http.send(h11.EndOfMessage()) or b"")
        transport = self._writer.transport
        waiting = transport.get_write_buffer_size()
        while True:
            try:
                async with asyncio.timeout(self._limits.write_s):
                    return await self._writer.drain()
            except TimeoutError:
                still = transport.get_write_buffer_size()
                if still >= waiting:
                    raise
                waiting = still

    async def _linger(self) -> None:
        """Takes what the client still sends, for a moment: closing at once could destroy our last answer on its way."""
        if self._writer.transport.is_closing():
            return
        with suppress(OSError, NotImplementedError):
            self._writer.write_eof()
        taken = 0
        async with asyncio.timeout(_LINGER_S):
            while taken < _LINGER_BYTES and (data := await self._reader.read(_READ_BYTES)):
                taken += len(data)


def _start(status: int, headers: list[tuple[str, str]]) -> h11.Response:
    known = status in HTTPStatus._value2member_map_
    reason = HTTPStatus(status).phrase if known else ""
    return h11.Response(status_code=status, headers=[*headers], reason=reason.encode())


def _header(request: h11.Request, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for each, value in request.headers if each == name)


def _is_loopback(host: str) -> bool:
    """Whether the Host header names this machine: `127.0.0.1:9090`, `localhost`, `[::1]:80`."""
    return _LOOPBACK.fullmatch(host.strip().lower()) is not None


def _clean(text: str) -> str:
    """One printable line of at most 200 characters: it goes into a log and an answer."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])
