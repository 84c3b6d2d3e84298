"""gzip, where the client asks for it and it is worth the work."""

from __future__ import annotations

import asyncio
import gzip
import zlib

_WORTH_BYTES = 1400
"""Smaller answers fit into one packet anyway."""
_ASIDE_BYTES = 128 * 1024
"""Larger ones are compressed in a thread: 1 MiB takes about 10 ms."""
_LEVEL = 1

Encoding = tuple[()] | tuple[tuple[str, str], tuple[str, str]]


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the header Accept-Encoding names gzip, or everything, without `q=0`."""
    for each in accept_encoding.lower().split(","):
        name, _, parameters = each.partition(";")
        if name.strip() in ("gzip", "*"):
            return parameters.replace(" ", "").removeprefix("q=").rstrip("0") not in ("0.", "") or not parameters
    return False


async def gzip_body(body: bytes) -> tuple[bytes, Encoding]:
    """The body, compressed where that is worth it, and the headers that say so."""
    if len(body) < _WORTH_BYTES:
        return body, ()
    if len(body) > _ASIDE_BYTES:
        packed = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
    else:
        packed = gzip.compress(body, _LEVEL, mtime=0)
    return packed, (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))


def gunzip(body: bytes, limit: int) -> bytes | None:
    """The text of a gzip body; None where it is larger than the limit. Raises zlib.error, or EOFError for a part."""
    unpacking = zlib.decompressobj(wbits=31)
    unpacked = unpacking.decompress(body, limit + 1)
    if len(unpacked) > limit:
        return None
    if not unpacking.eof:
        raise EOFError
    return unpacked
