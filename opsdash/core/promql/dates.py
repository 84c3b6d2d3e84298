"""The calendar: what day and hour a number of seconds since 1970 is, in UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from opsdash.core.promql.values import Floats, Ints

_DAY = 86_400
_CYCLE_YEARS = 400
_UNREADABLE = 2**63 - 146_097 * _DAY
"""Go takes what is no whole number of 64 bits for the second 2^63, in the year 292277026596. It is kept here one cycle
of the calendar earlier, which has the same days, to fit into 64 bits."""


def _seconds(values: Floats) -> Ints:
    fits = (values >= -(2.0**63)) & (values < 2.0**63)
    return np.asarray(np.where(fits, np.where(fits, values, 0.0).astype(np.int64), np.int64(_UNREADABLE)))


def _civil(values: Floats) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the Gregorian calendar, by whole cycles of 400 years."""
    days = _seconds(values) // _DAY + 719_468
    cycle = days // 146_097
    of_cycle = days - cycle * 146_097
    year_of_cycle = (of_cycle - of_cycle // 1460 + of_cycle // 36_524 - of_cycle // 146_096) // 365
    of_year = of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = np.where(shifted < 10, shifted + 3, shifted - 9)
    year = year_of_cycle + cycle * 400 + (month <= 2)
    return year, month, day


def _is_leap(year: Ints) -> Ints:
    return np.asarray((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)), dtype=np.int64)


_BEFORE_MONTH = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
_DAYS_IN_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def _day_of_year(values: Floats) -> Ints:
    year, month, day = _civil(values)
    result: Ints = _BEFORE_MONTH[month - 1] + day + np.where(month > 2, _is_leap(year), 0)
    return result


def _year(values: Floats) -> Ints:
    readable = _seconds(values) != _UNREADABLE
    return np.where(readable, _civil(values)[0], _civil(values)[0] + _CYCLE_YEARS)


def _days_in_month(values: Floats) -> Ints:
    year, month, _ = _civil(values)
    result: Ints = _DAYS_IN_MONTH[month - 1] + np.where(month == 2, _is_leap(year), 0)
    return result


DATES: Mapping[str, Callable[[Floats], Ints]] = {
    "minute": lambda values: _seconds(values) // 60 % 60,
    "hour": lambda values: _seconds(values) // 3600 % 24,
    "day_of_week": lambda values: (_seconds(values) // _DAY + 4) % 7,
    "day_of_month": lambda values: _civil(values)[2],
    "day_of_year": _day_of_year,
    "days_in_month": _days_in_month,
    "month": lambda values: _civil(values)[1],
    "year": _year,
}
"""Functions of seconds since 1970; Sunday is day 0 of the week."""
