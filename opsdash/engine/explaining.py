"""Why a query gives nothing, asked beside the queries: it costs nothing when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from opsdash.core.errors import OpsdashError
from opsdash.core.events import EmptinessExplained
from opsdash.core.metrics.queries import PromQuery, Query
from opsdash.core.state import State
from opsdash.engine.current import Current
from opsdash.ports import ExplainsEmptiness, Source

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
EXPLAIN_DEADLINE_S = 10.0


async def keep_explaining(current: Current, *, polled: Callable[[], Collection[Query]]) -> None:
    """Asks about each polled query once while it gives nothing, one query at a time, until cancelled."""
    explained: set[Query] = set()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        empty = {query for query in polled() if _is_empty(query, current.state)}
        explained &= empty
        query = next((query for query in polled() if query in empty - explained), None)
        if query is None:
            continue
        explained.add(query)
        explanation = await _explanation_of(query, current.sources[query.source], *current.shown_bounds_s())
        if explanation and query in polled():
            current.apply(EmptinessExplained(query=query, explanation=explanation))


def _is_empty(query: Query, state: State) -> bool:
    record = state.queries.get(query)
    return record is not None and record.answer is not None and record.window.is_empty


async def _explanation_of(query: Query, source: Source, start_s: float, end_s: float) -> str | None:
    """None where that is not known. Times are UTC seconds."""
    if not isinstance(query, PromQuery) or not isinstance(source, ExplainsEmptiness):
        return None
    try:
        async with asyncio.timeout(EXPLAIN_DEADLINE_S):
            return await source.explain_empty(query, start_s, end_s)
    except (OpsdashError, TimeoutError) as error:
        logger.info("%s did not say why a query gives nothing: %s", source.name, error)
    except Exception:  # the top of a background task: it must not end the polling
        logger.exception("asking %s why a query gives nothing failed in a way that nobody foresaw", source.name)
    return None
