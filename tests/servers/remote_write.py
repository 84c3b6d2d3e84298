"""Writes samples to a Prometheus by remote write: the one way in for staleness markers."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.request import Request, urlopen

Sample = tuple[int, float]
"""Milliseconds and value; the bits of a NaN arrive as they are."""
_LITERAL_BYTES = 60_000


def write_samples(url: str, series: Sequence[tuple[Mapping[str, str], Sequence[Sample]]], *, batch_ms: int) -> None:
    """Sends everything in the order of time, `batch_ms` at once: a head block refuses what is much too old."""
    first = min(samples[0][0] for _, samples in series)
    last = max(samples[-1][0] for _, samples in series)
    for start in range(first, last + 1, batch_ms):
        within = [(labels, [s for s in samples if start <= s[0] < start + batch_ms]) for labels, samples in series]
        body = _snappy(b"".join(_field(1, _series(labels, samples)) for labels, samples in within if samples))
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        with urlopen(Request(f"{url}/api/v1/write", data=body, headers=headers), timeout=30) as answer:
            assert answer.status in (200, 204)


def _series(labels: Mapping[str, str], samples: Iterable[Sample]) -> bytes:
    named = (_field(1, name.encode()) + _field(2, value.encode()) for name, value in sorted(labels.items()))
    points = (b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(time) for time, value in samples)
    return b"".join(_field(1, each) for each in named) + b"".join(_field(2, each) for each in points)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _snappy(data: bytes) -> bytes:
    """The block format with literals only: valid, and not smaller."""
    return _varint(len(data)) + b"".join(_literals(data))


def _literals(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _LITERAL_BYTES):
        piece = data[at : at + _LITERAL_BYTES]
        yield bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
