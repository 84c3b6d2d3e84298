"""The plant's time: it starts at this host's and goes on at its own speed."""

from __future__ import annotations

from dataclasses import dataclass

FASTEST = 60.0
SLOWEST = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` seconds of the plant pass in one of this host's.

    The plant and the dashboard on it are two processes that must agree on what "now" is: both are given the same pace.
    """

    origin_s: float
    """UTC seconds at which both clocks showed the same."""
    speed: float = 1.0

    def now_s(self, host_s: float) -> float:
        """The plant's UTC seconds at that time of the host."""
        return self.origin_s + (host_s - self.origin_s) * self.speed
