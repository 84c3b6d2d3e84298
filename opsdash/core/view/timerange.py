"""Which time a dashboard shows, and on what grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

NICE_STEPS_S = (
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800,
)  # fmt: skip
"""Steps that people read easily; a grid always starts at a multiple of its step, as in Prometheus and Grafana."""

SHORTEST_S = 30.0
LONGEST_S = 400 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """`length_s` seconds, ending now (`end_s` is None: live) or at a fixed instant."""

    length_s: float
    end_s: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether it moves with the clock."""
        return self.end_s is None

    def bounds(self, now_s: float) -> tuple[float, float]:
        """(start, end) in UTC seconds, when it is `now_s`."""
        end = now_s if self.end_s is None else self.end_s
        return end - self.length_s, end

    def zoomed(self, factor: float, now_s: float) -> TimeRange:
        """Longer (factor > 1) or shorter; a live range stays live, a fixed one keeps its middle."""
        length = min(max(self.length_s * factor, SHORTEST_S), LONGEST_S)
        if self.end_s is None:
            return replace(self, length_s=length)
        middle = self.end_s - self.length_s / 2
        return TimeRange(length_s=length, end_s=min(middle + length / 2, now_s))

    def panned(self, share: float, now_s: float) -> TimeRange:
        """Moved by a share of its length; going past now makes it live again."""
        end = (now_s if self.end_s is None else self.end_s) + share * self.length_s
        return replace(self, end_s=None if end >= now_s else end)


def step_for(length_s: float, *, points: int = 400) -> float:
    """The smallest nice step that needs no more than `points` points: an hour gives 10 s."""
    for step in NICE_STEPS_S:
        if length_s / step <= points:
            return float(step)
    return float(NICE_STEPS_S[-1])


def anchored_axis(start_s: float, end_s: float) -> tuple[float, float]:
    """A time axis that stands still and jumps by an eighth of its length when it is full.

    Most cells of a chart then do not change between two refreshes, which is what keeps the
    bytes to the terminal few (`docs/performance.md`).
    """
    length = end_s - start_s
    jump = length / 8
    right = (end_s // jump + 1) * jump
    return right - length, right
