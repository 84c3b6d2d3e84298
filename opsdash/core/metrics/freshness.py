"""How much a panel can be trusted: the five states that stay apart on every screen."""

from __future__ import annotations

from enum import StrEnum


class Freshness(StrEnum):
    """The words of the contract (`once --format json`)."""

    FRESH = "fresh"
    LATE = "late"
    """An answer is overdue; what is shown is the last one, with its age."""
    STALE = "stale"
    """Overdue for so long that the values should not be trusted."""
    NO_DATA = "no_data"
    """The source answered: there is nothing. A true zero is not this."""
    ERROR = "error"
    """The source refused, or never answered and there is nothing to show."""


LATE_AFTER_PERIODS = 2.0
STALE_AFTER_PERIODS = 6.0
STALE_AT_LEAST_S = 30.0


def freshness(  # noqa: PLR0913
    *, now_s: float, period_s: float, timeout_s: float, succeeded_at_s: float | None, has_data: bool, refused: bool
) -> Freshness:
    """The state of one query's result.

    `succeeded_at_s` is when the last good answer came (None: never), `refused` whether the last attempt ended in
    something that asking again will not heal.
    """
    if refused or succeeded_at_s is None:
        return Freshness.ERROR
    age = now_s - succeeded_at_s
    if age > max(STALE_AFTER_PERIODS * period_s, STALE_AT_LEAST_S) + timeout_s:
        return Freshness.STALE
    if age > LATE_AFTER_PERIODS * period_s + timeout_s:
        return Freshness.LATE
    return Freshness.FRESH if has_data else Freshness.NO_DATA
