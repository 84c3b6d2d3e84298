"""How much of an answer is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of an answer is kept."""

    bytes: int = 64 * 1024 * 1024
    points: int = 11_000
    series: int = 1_000
