"""What is deployed of a service, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version of a service."""

    version: str = "v42"
    error_ratio: float = 0.0
    """Part of the requests that fails by it."""
    cpu_factor: float = 1.0
    """CPU of a request against the usual."""
    leak_mb_per_s: float = 0.0
    """Memory that an instance never gives back."""
