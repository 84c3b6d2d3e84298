"""How bad a value is, and the sign and role that say so: never a colour alone."""

from __future__ import annotations

import math
from enum import IntEnum

from opsdash.core.view.panels import Thresholds
from opsdash.core.view.roles import Role


class Level(IntEnum):
    """Larger is worse; `NONE` says that nobody gave a threshold, or that the value is not a number."""

    NONE = 0
    OK = 1
    WARNING = 2
    CRITICAL = 3


_MARKS = {Level.NONE: (" ", " "), Level.OK: (" ", " "), Level.WARNING: ("▲", "W"), Level.CRITICAL: ("●", "!")}
_ROLES = {Level.NONE: Role.TEXT, Level.OK: Role.OK, Level.WARNING: Role.WARNING, Level.CRITICAL: Role.CRITICAL}


def level_of(value: float, thresholds: Thresholds | None) -> Level:
    """The level of a value: a threshold is reached when the value is at it or past it. NaN is no level at all."""
    if thresholds is None or math.isnan(value):
        return Level.NONE
    if thresholds.warning is None and thresholds.critical is None:
        return Level.NONE
    if _reached(value, thresholds.critical, below=thresholds.below):
        return Level.CRITICAL
    if _reached(value, thresholds.warning, below=thresholds.below):
        return Level.WARNING
    return Level.OK


def _reached(value: float, threshold: float | None, *, below: bool) -> bool:
    if threshold is None:
        return False
    return value <= threshold if below else value >= threshold


def level_mark(level: Level, *, ascii_only: bool = False) -> str:
    """`●` critical, `▲` warning, a space otherwise; `!` and `W` in ASCII."""
    return _MARKS[level][1 if ascii_only else 0]


def level_role(level: Level) -> Role:
    """The role of a value of this level; plain text where there is no level."""
    return _ROLES[level]
