"""One question: its deadline, and every way in which it can fail as one of our own errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from opsdash.core.errors import (
    AnswerTooLarge,
    AnswerUnusable,
    InsecureConnection,
    OpsdashError,
    QueryTimedOut,
    Retryable,
    SecretMissing,
    SourceBusy,
    SourceUnavailable,
)
from opsdash.core.events import Failure, Polled
from opsdash.core.metrics.queries import Query

logger = logging.getLogger(__name__)

DEADLINE_GRACE_S = 0.5
"""The source keeps its own deadline; this one is for a source that does not."""

OF_THE_SOURCE = (SourceUnavailable, SourceBusy, SecretMissing, InsecureConnection)
"""What fails for one query fails in the same way for every other of its source."""


async def answered(query: Query, question: Awaitable[Polled | None], *, timeout_s: float) -> Polled | None:
    """What the question gives. Raises only OpsdashError, also after `timeout_s` seconds and for a fault of our own."""
    try:
        async with asyncio.timeout(timeout_s + DEADLINE_GRACE_S):
            return await question
    except OpsdashError:
        raise
    except TimeoutError as error:
        raise QueryTimedOut(f"{query.source} did not answer in {timeout_s:g} s") from error
    except MemoryError as error:
        logger.warning("no memory to read an answer of %s", query.source)
        raise AnswerTooLarge("there is not enough memory to read this answer; a shorter range may fit") from error
    except Exception as error:  # one answer that nobody foresaw must not end the other panels
        logger.exception("a poll failed in a way that nobody foresaw: %s", type(query).__name__)
        raise AnswerUnusable("this panel could not read the answer; the log file says why") from error


def failure_of(error: OpsdashError, *, retry_at_s: float | None = None) -> Failure:
    """The error as a panel says it; `retry_at_s` (monotonic) is when it is asked again, if it is."""
    return Failure(
        message=error.message,
        healing=isinstance(error, Retryable),
        of_source=isinstance(error, OF_THE_SOURCE),
        retry_at_s=retry_at_s,
    )
