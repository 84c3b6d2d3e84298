"""Sums that are right to the last digits, whatever cancels: what Prometheus gets with Kahan's, without its loop.

A number is cut at a fixed digit of its row: the high parts are multiples of one power of two and so few that every sum
of them is exact; the low parts are so small that their rounding does not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.batches import take
from opsdash.core.promql.values import Bools, Floats, Ints

_DIGITS = 53
_LARGEST = 1e290
"""Above it, cutting would overflow."""
_WIDEST = 1e13
"""A row whose values differ by more than this factor is added up window by window."""


@dataclass(frozen=True, slots=True, eq=False)
class RunningSums:
    """For each row, the sum of its first 0, 1, 2, … values."""

    high: Floats
    """(rows, columns + 1)."""
    low: Floats

    def between(self, first: Ints, after: Ints) -> Floats:
        """The sum of the columns from `first` to before `after`: (rows, steps)."""
        high, low = self.pair(first, after)
        return high + low

    def pair(self, first: Ints, after: Ints) -> tuple[Floats, Floats]:
        """The same as two numbers, of which the first is exact."""
        return take(self.high, after) - take(self.high, first), take(self.low, after) - take(self.low, first)


def tame(values: Floats) -> Bools:
    """Which rows can be given to `running_sums`: finite, and not too small beside too large."""
    size = np.abs(values)
    largest = size.max(axis=1, initial=0.0)
    smallest = np.where(size > 0, size, np.inf).min(axis=1, initial=np.inf)
    return np.asarray(np.isfinite(largest) & (largest < _LARGEST) & (largest <= smallest * _WIDEST))


def running_sums(values: Floats) -> RunningSums:
    """The running sums of rows that are `tame`."""
    high = _cut(values, np.abs(values).max(axis=1, initial=0.0, keepdims=True), values.shape[1])
    sums = np.zeros((2, values.shape[0], values.shape[1] + 1))
    np.cumsum(high, axis=1, out=sums[0, :, 1:])
    np.cumsum(values - high, axis=1, out=sums[1, :, 1:])
    return RunningSums(sums[0], sums[1])


def total(values: Floats, largest: Floats | None = None) -> Floats:
    """The sum over the last axis. Infinities and NaN give what adding them up gives.

    `largest` bounds the sizes in each sum, where the caller knows: (…, 1).
    """
    size = np.abs(values).max(axis=-1, initial=0.0, keepdims=True) if largest is None else largest
    usable = size < _LARGEST
    high = _cut(values, np.where(usable, size, 0.0), values.shape[-1])
    exact = high.sum(axis=-1) + (values - high).sum(axis=-1)
    if bool(usable.all()):
        return np.asarray(exact)
    return np.asarray(np.where(usable[..., 0], exact, values.sum(axis=-1)))


def _cut(values: Floats, largest: Floats, count: int) -> Floats:
    """The high parts: multiples of a power of two, of which `count` add up exactly."""
    _, exponent = np.frexp(largest)
    digit = exponent.astype(np.int64) + int(max(count, 1)).bit_length() - _DIGITS
    grid = np.ldexp(1.5, np.clip(digit + _DIGITS - 1, -1000, 1020).astype(np.int32))
    result: Floats = (values + grid) - grid
    return result
