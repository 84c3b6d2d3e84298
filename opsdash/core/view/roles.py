"""The roles of colours: what a colour means, whatever the theme makes of it."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a colour means. At most 64; the order is part of the ink's encoding and nothing else."""

    GROUND = 0
    """The panel's background; as a foreground, the default text colour."""
    TEXT = 1
    DIM = 2
    FRAME = 3
    TITLE = 4
    OK = 5
    WARNING = 6
    CRITICAL = 7
    LATE = 8
    STALE = 9
    NO_DATA = 10
    ERROR = 11
    ACCENT = 12
    """Focus, selection, keys."""
    SELECTION = 13
    HEADER = 14
    ENVIRONMENT = 15
    CURSOR = 16
    COMPARE = 17
    ACKNOWLEDGED = 18
    SERIES_1 = 20
    SERIES_2 = 21
    SERIES_3 = 22
    SERIES_4 = 23
    SERIES_5 = 24
    SERIES_6 = 25
    SERIES_7 = 26
    SERIES_8 = 27
    SERIES_9 = 28
    SERIES_10 = 29
    SERIES_11 = 30
    SERIES_12 = 31
    HEAT_1 = 40
    HEAT_2 = 41
    HEAT_3 = 42
    HEAT_4 = 43
    HEAT_5 = 44
    HEAT_6 = 45
    HEAT_7 = 46
    HEAT_8 = 47
