"""`limit_ratio` of Prometheus 3: a share of the series, always the same ones, drawn by a hash of their labels.

The hash is XXH64 of the labels as the released builds of Prometheus hold them (`stringlabels`), so that both draw the
same series.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.values import LabelSet, Scalar, Vector

_MASK = (1 << 64) - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_SHORT = 255
"""Texts of fewer bytes have their length in one byte."""


def share(vector: Vector, ratio: Scalar) -> Vector:
    """At each step the series whose place is below the ratio; of a negative one the others. Raises EvaluationError."""
    if (np.isnan(ratio) & vector.present.any(axis=0)).any():
        raise EvaluationError("Ratio value NaN is NaN")
    places = np.array([place(labels) for labels in vector.labels])[:, None]
    wanted = np.clip(ratio, -1.0, 1.0)[None]
    chosen = np.where(wanted >= 0, places < wanted, places >= 1.0 + wanted)
    return Vector(vector.labels, vector.values, vector.present & chosen)


@lru_cache(maxsize=65_536)
def place(labels: LabelSet) -> float:
    """Where a series stands between 0 and 1."""
    return xxh64(b"".join(_sized(text) for pair in sorted(labels) for text in pair)) / float(_MASK)


def _sized(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return (bytes([len(data)]) if len(data) < _SHORT else b"\xff" + len(data).to_bytes(3, "little")) + data


def xxh64(data: bytes) -> int:
    """The 64 bits of XXH64 with seed 0."""
    at, size = 0, len(data)
    value = _P5
    if size >= 32:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while at <= size - 32:
            for lane in range(4):
                lanes[lane] = _round(lanes[lane], _word(data, at + 8 * lane, 8))
            at += 32
        value = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            value = ((value ^ _round(0, lane)) * _P1 + _P4) & _MASK
    return _finished(value + size & _MASK, data[at:])


def _finished(value: int, rest: bytes) -> int:
    at = 0
    while at <= len(rest) - 8:
        value = (_rotated(value ^ _round(0, _word(rest, at, 8)), 27) * _P1 + _P4) & _MASK
        at += 8
    if at <= len(rest) - 4:
        value = (_rotated(value ^ (_word(rest, at, 4) * _P1 & _MASK), 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in rest[at:]:
        value = _rotated(value ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    for shift, factor in ((33, _P2), (29, _P3)):
        value = ((value ^ value >> shift) * factor) & _MASK
    return value ^ value >> 32


def _word(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _round(value: int, more: int) -> int:
    return _rotated(value + more * _P2 & _MASK, 31) * _P1 & _MASK


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK
