"""An HTTP proxy that writes down what goes through it: CONNECT tunnels and plain forwarding."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
import urllib.parse

from tests.servers import replies
from tests.servers.connections import ConnectionServer
from tests.servers.exchange import Asked, read_request

_HOP_BY_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive"}


class ProxyServer:
    """Forwards to loopback. With `credentials` ("user:password") it answers 407 to whoever does not give them."""

    def __init__(self, *, credentials: str = "") -> None:
        self._connections = ConnectionServer(self._serve)
        self._credentials = credentials
        self._lock = threading.Lock()
        self._asked: list[Asked] = []

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT, for `proxy:` of a source; with the credentials where they are wanted."""
        user = f"{self._credentials}@" if self._credentials else ""
        return f"http://{user}127.0.0.1:{self._connections.port}"

    @property
    def asked(self) -> list[Asked]:
        """Every request to the proxy itself: `CONNECT host:port`, or a method with an absolute URL."""
        with self._lock:
            return list(self._asked)

    def start(self) -> ProxyServer:
        """Listens."""
        self._connections.start()
        return self

    def stop(self) -> None:
        """Drops everything."""
        self._connections.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (asked := await read_request(reader, writer)) is not None:
            with self._lock:
                self._asked.append(asked)
            if not self._lets_in(asked):
                challenge = replies.body("", status=407, content_type="text/plain", proxy_authenticate="Basic")
                await challenge(asked, writer)
            elif asked.method == "CONNECT":
                await self._tunnel(asked, reader, writer)
                return
            else:
                await self._forward(asked, writer)
                return

    def _lets_in(self, asked: Asked) -> bool:
        wanted = base64.b64encode(self._credentials.encode()).decode()
        return not self._credentials or asked.headers.get("proxy-authorization", "") == f"Basic {wanted}"

    @staticmethod
    async def _tunnel(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = asked.target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _both_ways(reader, writer, far_reader, far_writer)

    @staticmethod
    async def _forward(asked: Asked, writer: asyncio.StreamWriter) -> None:
        """One request a connection: what the server answers is passed on until it closes."""
        url = urllib.parse.urlsplit(asked.target)
        far_reader, far_writer = await asyncio.open_connection(url.hostname, url.port or 80)
        target = url._replace(scheme="", netloc="").geturl() or "/"
        kept = {name: value for name, value in asked.headers.items() if name not in _HOP_BY_HOP}
        lines = [f"{asked.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        far_writer.write(("\r\n".join([*lines, "connection: close"]) + "\r\n\r\n").encode() + asked.body)
        try:
            await _pump(far_reader, writer)
        finally:
            far_writer.close()


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Until either side is done."""
    pumps = [asyncio.ensure_future(_pump(reader, far_writer)), asyncio.ensure_future(_pump(far_reader, writer))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        far_writer.close()  # before anything is awaited: whoever stops the proxy may cancel this too
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
