"""Time that stands, so that a test can say it."""

from __future__ import annotations

from tests.fakes.books import NOW_S


class StillClock:
    """`opsdash.ports.Clock` at one moment."""

    def now_s(self) -> float:
        return NOW_S

    def monotonic_s(self) -> float:
        return 0.0
