"""What each source is and what time it has, asked beside the queries: it costs nothing when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from opsdash.core.errors import OpsdashError
from opsdash.core.events import SourceProbed
from opsdash.engine.current import Current
from opsdash.ports import Probe, Source

logger = logging.getLogger(__name__)

FIRST_AFTER_S = 2.0
"""The first answers are to be on screen before."""
PROBE_EVERY_S = 60.0
PROBE_DEADLINE_S = 10.0


async def keep_probing(current: Current, *, is_down: Callable[[str], bool]) -> None:
    """Asks each source that is not down, now and then, until cancelled."""
    await asyncio.sleep(FIRST_AFTER_S)
    while True:
        for name, source in list(current.sources.items()):
            if not is_down(name):
                await _probe(name, source, current)
        await asyncio.sleep(PROBE_EVERY_S)


async def _probe(name: str, source: Source, current: Current) -> None:
    probe = await _answer_of(source)
    if probe is not None and current.sources.get(name) is source:
        current.apply(SourceProbed(source=name, product=f"{probe.product} {probe.version}", skew_s=probe.skew_s))


async def _answer_of(source: Source) -> Probe | None:
    """None where it does not say so in time."""
    try:
        async with asyncio.timeout(PROBE_DEADLINE_S):
            return await source.probe()
    except (OpsdashError, TimeoutError) as error:
        logger.info("%s did not say what it is: %s", source.name, error)
    except Exception:  # the top of a background task: it must not end the polling
        logger.exception("asking %s what it is failed in a way that nobody foresaw", source.name)
    return None
