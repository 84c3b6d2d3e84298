"""One answer: its head, and its body in bounded pieces, unpacked while it comes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from opsdash.adapters.http.connection import Connection, Progress
from opsdash.adapters.http.room import SMALL_BYTES, demand_room
from opsdash.adapters.http.status import http_date
from opsdash.core.errors import AnswerUnusable
from opsdash.core.text import clean

PIECE_BYTES = 64 * 1024


class Response:
    """The head of an answer; its body is read from it, once."""

    def __init__(self, source: str, connection: Connection, head: Any, progress: Progress, rtt_s: float) -> None:
        self._source = source
        self._connection = connection
        self._progress = progress
        self.status: int = head.status_code
        self.headers: Mapping[str, str] = {
            name.decode("ascii", "replace").lower(): value.decode("latin-1") for name, value in head.headers
        }
        self._body_bytes = 0
        self.rtt_s = rtt_s
        """From the first byte of the question to the head of the answer."""

    @property
    def wire_bytes(self) -> int:
        """What came over the wire so far, compressed and with headers."""
        return self._progress.bytes

    @property
    def date_s(self) -> float | None:
        """The server's clock in UTC seconds, from its Date header."""
        return http_date(self.headers.get("date", ""))

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body without its compression, in pieces of at most 64 KiB however well it was packed.

        Raises MemoryError where the body is large and little memory is left.
        """
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity"):
            return self._plain()
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise AnswerUnusable(f"{self._source} packed its answer as {clean(coding, longest=20)}, unasked")
        return self._unpacked()

    async def _plain(self) -> AsyncGenerator[bytes, None]:
        while chunk := await self._connection.chunk(self._progress):
            self._take(len(chunk))
            yield chunk

    async def _unpacked(self) -> AsyncGenerator[bytes, None]:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        while packed := await self._connection.chunk(self._progress):
            while packed:
                try:
                    piece = unpacker.decompress(packed, PIECE_BYTES)
                except zlib.error as error:
                    raise AnswerUnusable(f"{self._source} answered with broken gzip data") from error
                if piece:
                    self._take(len(piece))
                    yield piece
                packed = unpacker.unconsumed_tail
        if not unpacker.eof:
            raise AnswerUnusable(f"{self._source} answered with half of its gzip data")

    def _take(self, count: int) -> None:
        self._body_bytes += count
        if self._body_bytes > SMALL_BYTES:
            demand_room()

    async def read(self, largest: int) -> bytes:
        """The body, or its first `largest` bytes."""
        content = bytearray()
        async with aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                content += piece
                if len(content) >= largest:
                    break
        return bytes(content[:largest])
