"""The host's clocks: the one place that reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


class SystemClock:
    """`opsdash.ports.Clock` on this host."""

    speed = 1.0
    """Seconds of `now_s` that pass in one of `monotonic_s`."""

    def now_s(self) -> float:
        """UTC seconds."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds that only grow, also over a suspend where the host counts it."""
        return time.monotonic()


class PacedClock(SystemClock):
    """A clock for sources whose time goes at another speed, or comes from another time; deadlines stay this host's."""

    def __init__(self, pace: Callable[[float], float], speed: float = 1.0) -> None:
        """`pace` makes the sources' UTC seconds from this host's; `speed` is how many pass in one of them."""
        self._pace = pace
        self.speed = speed

    def now_s(self) -> float:
        """The sources' UTC seconds."""
        return self._pace(super().now_s())


def uptime_s() -> float:
    """Seconds since the host was started, its sleep included: the same in all processes, and no clock that is set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Another one after each start of the host: an uptime of before it means nothing after it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
