"""What is asked of a source beside the queries: kindnesses, none of which may cost anything when it fails."""

from __future__ import annotations

import asyncio
import logging

from opsdash.core.errors import OpsdashError
from opsdash.core.metrics.queries import PromQuery, Query
from opsdash.ports import ExplainsEmptiness, Probe, Source

logger = logging.getLogger(__name__)

PROBE_DEADLINE_S = 10.0
EXPLAIN_DEADLINE_S = 10.0


async def probe_of(source: Source) -> Probe | None:
    """What it is and what time it has; None where it does not say so in time."""
    try:
        async with asyncio.timeout(PROBE_DEADLINE_S):
            return await source.probe()
    except (OpsdashError, TimeoutError) as error:
        logger.info("%s did not say what it is: %s", source.name, error)
    except Exception:  # the top of a background task: it must not end the polling
        logger.exception("asking %s what it is failed in a way that nobody foresaw", source.name)
    return None


async def explanation_of(query: Query, source: Source, start_s: float, end_s: float) -> str | None:
    """Why the query gives nothing; None where that is not known. Times are UTC seconds."""
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


async def closed(source: Source) -> None:
    """Closes it; one that cannot be closed keeps nothing else from being closed."""
    try:
        await source.aclose()
    except Exception:  # nobody is left who could do something about it
        logger.exception("closing %s failed", source.name)
