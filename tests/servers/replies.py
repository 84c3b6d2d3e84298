"""What a scripted server answers: good answers, the refusals of real servers, and every way to break an answer."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from typing import Any

from tests.servers.exchange import Asked, Reply, head

JSON = "application/json"


# -- plain answers -----------------------------------------------------------------------------------------------------


def body(content: bytes | str, *, status: int = 200, content_type: str = JSON, **headers: str) -> Reply:
    """Any bytes with any status; `retry_after="3"` becomes the header Retry-After."""
    data = content.encode() if isinstance(content, str) else content
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(status, {"Content-Type": content_type, "Content-Length": str(len(data))} | named) + data)
        await writer.drain()
        return True

    return reply


def as_json(value: Any, *, status: int = 200, **headers: str) -> Reply:
    """A value as JSON."""
    return body(json.dumps(value), status=status, **headers)


def html(status: int = 200) -> Reply:
    """A login page or a gateway's error page where JSON was expected."""
    page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>\x1b[31mSign in</h1></body></html>"
    return body(page, status=status, content_type="text/html; charset=utf-8")


# -- Prometheus --------------------------------------------------------------------------------------------------------


def prometheus_data(data: Any, *, warnings: Iterable[str] = (), infos: Iterable[str] = ()) -> Reply:
    """`{"status":"success","data":…}`, with warnings (partial responses of Thanos and Mimir) and infos."""
    answer: dict[str, Any] = {"status": "success", "data": data}
    answer |= {"warnings": list(warnings)} if warnings else {}
    answer |= {"infos": list(infos)} if infos else {}
    return as_json(answer)


def vector(*samples: tuple[Mapping[str, str], float, str], warnings: Iterable[str] = ()) -> Reply:
    """An instant vector of (labels, time in seconds, value as text)."""
    result = [{"metric": dict(labels), "value": [at_s, value]} for labels, at_s, value in samples]
    return prometheus_data({"resultType": "vector", "result": result}, warnings=warnings)


def matrix(*series: tuple[Mapping[str, str], Iterable[tuple[float, str]]], warnings: Iterable[str] = ()) -> Reply:
    """A range answer of (labels, [(time in seconds, value as text), …])."""
    result = [{"metric": dict(labels), "values": [list(point) for point in points]} for labels, points in series]
    return prometheus_data({"resultType": "matrix", "result": result}, warnings=warnings)


def matrix_of(value: Callable[[float], float], *labels: Mapping[str, str], warnings: Iterable[str] = ()) -> Reply:
    """A range answer that fits the question: each series has value(t) at each step of the asked span."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        start_s, end_s, step_s = (float(asked.param(name, "0")) for name in ("start", "end", "step"))
        times = [start_s + k * step_s for k in range(int((end_s - start_s) / step_s + 1e-9) + 1)]
        points = [(at_s, repr(value(at_s))) for at_s in times]
        return await matrix(*((each, points) for each in labels or ({},)), warnings=warnings)(asked, writer)

    return reply


def prometheus_error(status: int, kind: str, message: str) -> Reply:
    """422 execution, 400 bad_data, 503 timeout …, with the server's own words."""
    return as_json({"status": "error", "errorType": kind, "error": message}, status=status)


# -- Elasticsearch -----------------------------------------------------------------------------------------------------

_ES = {"x_elastic_product": "Elasticsearch"}


def es_json(value: Any, *, status: int = 200) -> Reply:
    """An answer with the header that the official client insists on."""
    return as_json(value, status=status, **_ES)


def es_error(status: int, kind: str, reason: str) -> Reply:
    """404 index_not_found_exception, 400 parsing errors, 429 es_rejected_execution_exception …"""
    cause = {"type": kind, "reason": reason}
    return es_json({"error": {"root_cause": [cause], **cause}, "status": status}, status=status)


def es_partial(hits: Iterable[Mapping[str, Any]] = (), *, failed: int = 1, timed_out: bool = False) -> Reply:
    """A search of which some shards failed."""
    reason = {"type": "illegal_argument_exception", "reason": "field [latency_ms] of type [text] is not a number"}
    failures = [{"shard": 0, "index": "logs-shop", "reason": reason}] if failed else []
    shards = {"total": 5, "successful": 5 - failed, "skipped": 0, "failed": failed, "failures": failures}
    found = [dict(hit) for hit in hits]
    total = {"value": len(found), "relation": "eq"}
    return es_json({"took": 3, "timed_out": timed_out, "_shards": shards, "hits": {"total": total, "hits": found}})


# -- refusals ----------------------------------------------------------------------------------------------------------


def status(code: int, text: str = "") -> Reply:
    """A status with a line of plain text: 401, 403, 404, 413, 500, 502 …"""
    return body(text, status=code, content_type="text/plain; charset=utf-8")


def retry_after(code: int, after: str) -> Reply:
    """429 or 503 with Retry-After: seconds, or an HTTP date."""
    return body("slow down", status=code, content_type="text/plain", retry_after=after)


def redirect(location: str, code: int = 302) -> Reply:
    """A redirect, maybe to somewhere that must not see the credentials."""
    return body("", status=code, content_type="text/plain", location=location)


def unauthorized(scheme: str = 'Basic realm="prometheus"') -> Reply:
    """401 with a challenge."""
    return body("Unauthorized", status=401, content_type="text/plain", www_authenticate=scheme)


def with_clock_off(skew_s: float, now_s: float, content: Any) -> Reply:
    """A good answer whose Date header is wrong by `skew_s`."""
    return as_json(content, date=formatdate(now_s + skew_s, usegmt=True))


# -- broken connections ------------------------------------------------------------------------------------------------


def hang(seconds: float = 3600.0) -> Reply:
    """Says nothing, until the server stops or the time is over."""

    async def reply(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return False

    return reply


def after(seconds: float, then: Reply) -> Reply:
    """A slow server: the answer comes, late."""

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return await then(asked, writer)

    return reply


def hang_in_the_body(content: bytes | str, *, said: int) -> Reply:
    """Promises the whole body, sends the first `said` bytes and then nothing."""
    data = content.encode() if isinstance(content, str) else content

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(200, {"Content-Type": JSON, "Content-Length": str(len(data))}) + data[:said])
        await writer.drain()
        await asyncio.sleep(3600)
        return False

    return reply


def drip(content: bytes | str, *, bytes_per_s: float) -> Reply:
    """The body in small pieces: each read is quick, the whole is not."""
    data = content.encode() if isinstance(content, str) else content
    piece = max(1, int(bytes_per_s / 20))

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(200, {"Content-Type": JSON, "Content-Length": str(len(data))}))
        for start in range(0, len(data), piece):
            writer.write(data[start : start + piece])
            await writer.drain()
            await asyncio.sleep(piece / bytes_per_s)
        return True

    return reply


def reset() -> Reply:
    """Closes without an answer."""

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.transport.abort()
        return False

    return reply


def truncated(content: bytes | str, *, kept: int) -> Reply:
    """Promises the whole body, sends `kept` bytes and closes."""
    data = content.encode() if isinstance(content, str) else content

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(200, {"Content-Type": JSON, "Content-Length": str(len(data))}) + data[:kept])
        await writer.drain()
        return False

    return reply


def not_http() -> Reply:
    """Another protocol on that port."""

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        return False

    return reply


# -- too much ----------------------------------------------------------------------------------------------------------


def streamed(pieces: Callable[[], Iterable[bytes]], *, encoding: str = "") -> Reply:
    """A chunked answer of any length, made while it is sent."""

    async def reply(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        headers = {"Content-Type": JSON, "Transfer-Encoding": "chunked", "Content-Encoding": encoding}
        writer.write(head(200, headers))
        for piece in pieces():
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    return reply


_OPENING = b'{"status":"success","data":{"resultType":"matrix","result":['
_CLOSING = b"]}}"


def big_json(size: int = 200 << 20) -> Reply:
    """Valid JSON of about `size` bytes: one series with very many points."""
    point = b'[1790000000,"0.123456789"],'
    points = point * (65536 // len(point))

    def pieces() -> Iterable[bytes]:
        yield _OPENING + b'{"metric":{"__name__":"big"},"values":['
        for _ in range(size // len(points)):
            yield points
        yield point[:-1] + b"]}" + _CLOSING

    return streamed(pieces)


def many_series(count: int = 1_000_000, *, points: int = 1) -> Reply:
    """A matrix of `count` series."""

    def pieces() -> Iterable[bytes]:
        values = ",".join(f'[{1_790_000_000 + 10 * k},"{k}"]' for k in range(points))
        yield _OPENING
        for first in range(0, count, 1000):
            numbers = range(first, min(first + 1000, count))
            text = ",".join(f'{{"metric":{{"__name__":"m","n":"{n}"}},"values":[{values}]}}' for n in numbers)
            yield (("," if first else "") + text).encode()
        yield _CLOSING

    return streamed(pieces)


def long_label(size: int = 10 << 20) -> Reply:
    """One series with a label value of `size` bytes, escape sequences in it."""

    def pieces() -> Iterable[bytes]:
        yield _OPENING + b'{"metric":{"__name__":"m","long":"'
        piece = b"\\u001b[31mx" * 6000
        for _ in range(size // len(piece) + 1):
            yield piece
        yield b'"},"values":[[1790000000,"1"]]}' + _CLOSING

    return streamed(pieces)


def compressed_bomb(size: int = 200 << 20) -> Reply:
    """`big_json` as gzip: a few hundred kilobytes on the wire."""

    def pieces() -> Iterable[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield packer.compress(_OPENING + b'{"metric":{},"values":[')
        block = b'[1790000000,"1"],' * 60_000
        for _ in range(size // len(block)):
            yield packer.compress(block) or packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.compress(b'[1790000000,"1"]]}' + _CLOSING) + packer.flush()

    return streamed(lambda: filter(None, pieces()), encoding="gzip")
