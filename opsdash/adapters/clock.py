"""The host's clocks: the one place that reads them."""

from __future__ import annotations

import time


class SystemClock:
    """`opsdash.ports.Clock` on this host."""

    def now_s(self) -> float:
        """UTC seconds."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds that only grow, also over a suspend where the host counts it."""
        return time.monotonic()
