"""A source of a Prometheus-compatible server, for the length of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.prometheus.source import PrometheusSource
from opsdash.core.sources import SourceSpec


@asynccontextmanager
async def source(url: str, **spec: Any) -> AsyncIterator[PrometheusSource]:
    """Named `prom`; `spec` is what its entry says beside that."""
    made = PrometheusSource(SourceSpec(name="prom", kind="prometheus", url=url, **spec), SystemClock())
    try:
        yield made
    finally:
        await made.aclose()
