"""A reply that asks a real server: so that a scripted one can break single queries and pass on the rest."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse

from tests.servers.exchange import Asked, Reply


def passing_on(url: str) -> Reply:
    """Passes the request on to the server at `url` and its answer back; one request a connection."""
    upstream = urllib.parse.urlsplit(url)

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        far_reader, far_writer = await asyncio.open_connection(upstream.hostname, upstream.port)
        kept = {name: value for name, value in asked.headers.items() if name not in {"connection", "host"}}
        kept |= {"host": upstream.netloc, "connection": "close"}
        lines = [f"{asked.method} {asked.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        far_writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + asked.body)
        try:
            with contextlib.suppress(ConnectionError):
                while data := await far_reader.read(1 << 16):
                    writer.write(data)
                    await writer.drain()
        finally:
            far_writer.close()
        return False

    return reply
