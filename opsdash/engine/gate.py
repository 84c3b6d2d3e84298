"""The gate of a source: when it is down or busy, all of its queries wait together, and one tries first."""

from __future__ import annotations

import random

from opsdash.core.backoff import backoff_s
from opsdash.core.errors import Retryable
from opsdash.ports import Clock

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 10.0


class Gate:
    """Closed after a failure of the whole source until its back-off (or Retry-After) has passed."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._failures = 0
        self._opens_at_s = 0.0
        self._trying = False

    @property
    def is_closed(self) -> bool:
        """Whether the source failed and has not answered since."""
        return self._failures > 0

    def wait_s(self) -> float:
        """How long a query must wait now; 0 lets it through. After the wait one query goes first, as a trial."""
        if not self._failures:
            return 0.0
        left = self._opens_at_s - self._clock.monotonic_s()
        if left > 0:
            return left
        if self._trying:
            return 0.2
        self._trying = True
        return 0.0

    def passed(self) -> None:
        """The source answered."""
        self._failures = 0
        self._trying = False

    def failed(self, error: Retryable) -> float:
        """The source as a whole failed; returns when (monotonic seconds) it is asked again."""
        now = self._clock.monotonic_s()
        if not self._trying and self._opens_at_s > now:
            return self._opens_at_s  # those that were under way when it failed count once
        self._trying = False
        self._failures += 1
        wait = backoff_s(self._failures, first_s=FIRST_WAIT_S, jitter=self._rng.random(), longest_s=LONGEST_WAIT_S)
        self._opens_at_s = now + max(wait, error.retry_after_s or 0.0)
        return self._opens_at_s

    def cancelled(self) -> None:
        """The trial was cancelled: another may try."""
        self._trying = False

    def open(self) -> None:
        """The operator asked for a refresh: nobody waits any longer."""
        self._opens_at_s = 0.0
        self._trying = False
