"""What is counted between two evaluations. Only time between two looks that were close enough counts as seen.

`at_s` is UTC and may jump; queries fail; leaders die. Up to three intervals between two looks are bridged whole: that
is a failed query or two, or a takeover. A longer gap counts as one interval, since rules are evaluated no oftener than
that, and time that went backwards counts as none.
"""

from __future__ import annotations

from typing import NamedTuple

BRIDGED_INTERVALS = 3.0
TOLERANCE_S = 1e-6
"""What UTC seconds lose as floating-point numbers."""

Since = tuple[float | None, float | None, float | None]
"""For info, warning and critical: from when it counts that the level is on its way to begin or to end; None: it is not.
Moments on the clock of `at_s`, moved along where that jumped."""

NOT_CHANGING: Since = (None, None, None)


def lost_s(before_s: float, at_s: float, interval_s: float) -> float:
    """How many of the seconds between two looks do not count; negative where the clock went back."""
    step = at_s - before_s
    if step < 0:
        return step
    if step > BRIDGED_INTERVALS * interval_s + TOLERANCE_S:
        return step - interval_s
    return 0.0


def shifted(since: Since, by_s: float) -> Since:
    """The same counts, without the seconds that were lost."""
    if by_s == 0.0 or since == NOT_CHANGING:
        return since
    first, second, third = (None if one is None else one + by_s for one in since)
    return first, second, third


class Count(NamedTuple):
    """For how long something has been so."""

    since_s: float
    last_s: float
    """The newest look that saw it."""

    @property
    def seconds(self) -> float:
        """How long it counts for."""
        return self.last_s - self.since_s

    def is_over(self, limit_s: float) -> bool:
        """Whether it has been so for as long."""
        return self.seconds >= limit_s - TOLERANCE_S


def counted(count: Count | None, at_s: float, interval_s: float) -> Count:
    """The count after one more look that saw it."""
    if count is None:
        return Count(at_s, at_s)
    return Count(count.since_s + lost_s(count.last_s, at_s, interval_s), at_s)


def moved(  # noqa: PLR0913
    since: Since, *, standing: int, seen: int, at_s: float, for_s: float, keep_s: float
) -> tuple[Since, int]:
    """Each severity is as a rule of its own: it begins after `for`, it ends after `keep_firing_for`.

    `standing` is the highest that fires (0: none does), `seen` the level of the newest value. Gives the counts that go
    on, and the highest that fires now.
    """
    left: list[float | None] = [None, None, None]
    highest = 0
    for level in (1, 2, 3):
        fires = level <= standing
        if fires is (seen >= level):
            highest = level if fires else highest
            continue
        begun = since[level - 1]
        begun = at_s if begun is None else begun
        if at_s - begun >= (keep_s if fires else for_s) - TOLERANCE_S:
            fires = not fires
        else:
            left[level - 1] = begun
        highest = level if fires else highest
    if left == [None, None, None]:
        return NOT_CHANGING, highest
    return (left[0], left[1], left[2]), highest
