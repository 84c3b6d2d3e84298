"""How long to wait before asking again."""

from __future__ import annotations

LONGEST_S = 60.0


def backoff_s(failures: int, *, first_s: float, jitter: float, longest_s: float = LONGEST_S) -> float:
    """The wait after the nth failure in a row: doubles from `first_s`, never over `longest_s`.

    `jitter` in [0, 1) spreads it over its upper half, so that many screens do not come back in one moment.
    """
    doubled = first_s * 2.0 ** min(max(failures - 1, 0), 16)
    return min(doubled, longest_s) * (0.5 + 0.5 * jitter) if failures > 1 else min(doubled, longest_s)
