"""The laws that all layers share: waiting from utilisation, fluid queues, the shape of latencies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHAPE = 4.0
"""Exponent of the log-logistic latencies: p95 is 2.1 and p99 3.2 times the median."""
MEAN_OVER_MEDIAN = (math.pi / SHAPE) / math.sin(math.pi / SHAPE)
_FULLEST = 0.985
"""Utilisation from which on waiting is a matter of the queue's length, not of chance."""


def waiting(utilisation: npt.ArrayLike, servers: npt.ArrayLike) -> Floats:
    """Mean wait in units of the service time (Sakasegawa's formula for M/M/c): flat, then the knee."""
    busy: Any = np.clip(np.asarray(utilisation, dtype=np.float64), 0.0, _FULLEST)
    count: Any = np.asarray(servers, dtype=np.float64)
    return np.asarray(busy ** (np.sqrt(2.0 * (count + 1.0)) - 1.0) / (count * (1.0 - busy)))


def fluid_queue(start: Floats, arriving: Floats, capacity: Floats, longest: float | Floats) -> tuple[Floats, Floats]:
    """A queue through seconds: its length after each, [n, k], and what found it full, in a second.

    Lindley's recursion as a running minimum, so that a block of seconds takes one pass; what is over `longest` is
    refused.
    """
    if len(arriving) == 1:
        raw = start + arriving - capacity
        refused = np.maximum(raw - longest, 0.0)
        return np.maximum(raw - refused, 0.0), np.minimum(refused, arriving)
    free = start + np.cumsum(arriving - capacity, axis=0)
    length = free - np.minimum(np.minimum.accumulate(free, axis=0), 0.0)
    over = np.maximum(length - longest, 0.0)
    refused = np.diff(over, axis=0, prepend=np.zeros_like(over[:1]))
    # Where the unbounded queue falls again the bounded one is still full: nothing is refused then.
    return np.asarray(length - over), np.asarray(np.clip(refused, 0.0, arriving))


def late(median: Floats, limit: npt.ArrayLike) -> Floats:
    """Part of log-logistic latencies that is over the limit."""
    ratio = np.asarray(limit, dtype=np.float64) / np.maximum(median, 1e-9)
    return np.asarray(1.0 / (1.0 + np.minimum(ratio, 1e6) ** SHAPE))


def followed(old: Floats, seen: Floats, seconds: int, time_constant_s: float) -> Floats:
    """What is remembered of a value that moves: the old one, led to the one seen."""
    weight = 1.0 - math.exp(-seconds / time_constant_s)
    return np.asarray(old + weight * (seen - old))
