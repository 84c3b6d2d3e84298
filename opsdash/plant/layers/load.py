"""Users: how many requests they make, by the hour and the weekday, with noise; a closed form of time."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_DAY_S = 86_400
_WEEKDAYS = np.array([1.0, 1.02, 1.02, 1.03, 1.06, 0.97, 0.9])
"""Monday to Sunday."""
_SLOW_PERIODS_S = np.array([47.0, 131.0, 307.0, 733.0])
_SLOW_PART = 0.012
_WHITE_PART = 0.02


def level(seconds: npt.NDArray[np.int64]) -> Floats:
    """Load against the normal one (1.0): lowest before dawn, highest in the evening, less at weekends. UTC."""
    hours = (seconds % _DAY_S) / 3600.0
    daily = 1.0 + 0.14 * np.sin(2 * math.pi * (hours - 10.5) / 24) + 0.03 * np.sin(4 * math.pi * (hours - 8.0) / 24)
    # 1970-01-01 was a Thursday. Noon of each day is its own level; between, they pass into each other.
    days = seconds / _DAY_S + 3 - 0.5
    before = np.floor(days).astype(np.int64)
    share = days - before
    weekly = _WEEKDAYS[before % 7] * (1 - share) + _WEEKDAYS[(before + 1) % 7] * share
    return np.asarray(daily * weekly)


def wander(seconds: npt.NDArray[np.int64], phases: Floats) -> Floats:
    """Slow noise, a factor around 1 for each column of `phases` (4 × columns), the same for a second always."""
    angles = 2 * math.pi * seconds[:, None, None] / _SLOW_PERIODS_S[:, None] + phases
    return np.asarray(1.0 + _SLOW_PART * np.sin(angles).sum(axis=1))


def demand(seconds: npt.NDArray[np.int64], rates: Floats, phases: Floats, generator: np.random.Generator) -> Floats:
    """Requests that users want to make in each second, [n, routes]."""
    white = generator.standard_normal((len(seconds), len(rates)))
    spread = _WHITE_PART + np.minimum(0.5 / np.sqrt(np.maximum(rates, 1.0)), 0.12)
    wanted = rates * level(seconds)[:, None] * wander(seconds, phases) * (1.0 + spread * np.clip(white, -3, 3))
    return np.asarray(np.maximum(wanted, 0.0))
