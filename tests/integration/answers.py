"""What a well-behaved Prometheus answers to ranges and instants alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from tests.servers import replies
from tests.servers.exchange import Asked, Reply


def line(value: Callable[[float], float], *labels: Mapping[str, str], warnings: Iterable[str] = ()) -> Reply:
    """`value(t)` for each series, over the span or at the instant that is asked for."""
    over_a_span = replies.matrix_of(value, *labels, warnings=warnings)

    async def reply(asked: Asked, writer: asyncio.StreamWriter) -> bool:
        if asked.param("step"):
            return await over_a_span(asked, writer)
        at_s = float(asked.param("time", "0"))
        samples = ((each, at_s, repr(value(at_s))) for each in labels or ({},))
        return await replies.vector(*samples, warnings=warnings)(asked, writer)

    return reply
