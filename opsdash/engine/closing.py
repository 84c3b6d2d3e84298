"""The end of a source that is not asked any longer."""

from __future__ import annotations

import logging

from opsdash.ports import Source

logger = logging.getLogger(__name__)


async def closed(source: Source) -> None:
    """Closes it; one that cannot be closed keeps nothing else from being closed."""
    try:
        await source.aclose()
    except Exception:  # nobody is left who could do something about it
        logger.exception("closing %s failed", source.name)
