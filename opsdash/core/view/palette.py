"""Shapes beside the colours: each series has a sign of its own, each state a mark and a word."""

from __future__ import annotations

from typing import assert_never

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.roles import Role

SERIES_GLYPHS = "■□◇○▪▫◈◎◉✚✖★"
SERIES_GLYPHS_ASCII = "*o+x#%@&=~^$"

BAR_TEXTURES = "█░╱▓═╲▒║╳┊╬·"
"""Of bars without colour: neighbours are as unlike as can be, and all twelve differ as the colours do."""
FILL_TEXTURES = (0x95, 0x40, 0x47, 0xD2, 0xFF, 0x21, 0x4F, 0xC9, 0xDB, 0x09, 0xBD, 0x0A)
"""Braille dots of a filled cell: layers above each other differ without colour."""

CRITICAL_MARK, WARNING_MARK = "●", "▲"
WAITING_MARK = "…"


def series_glyph(index: int, *, ascii_only: bool = False) -> str:
    """The sign of the nth series, the same in the legend and at the end of its line; they repeat after twelve."""
    glyphs = SERIES_GLYPHS_ASCII if ascii_only else SERIES_GLYPHS
    return glyphs[index % len(glyphs)]


def state_mark(state: Freshness) -> str:
    """The mark of a state; the empty string for a fresh one."""
    match state:
        case Freshness.FRESH:
            return ""
        case Freshness.LATE:
            return "⟲"
        case Freshness.STALE:
            return "░"
        case Freshness.NO_DATA:
            return "◆"
        case Freshness.ERROR:
            return "✕"
        case _:
            assert_never(state)


def state_role(state: Freshness) -> Role:
    """The role of the state's mark and words."""
    match state:
        case Freshness.FRESH:
            return Role.DIM
        case Freshness.LATE:
            return Role.LATE
        case Freshness.STALE:
            return Role.STALE
        case Freshness.NO_DATA:
            return Role.NO_DATA
        case Freshness.ERROR:
            return Role.ERROR
        case _:
            assert_never(state)


def age_text(age_s: float) -> str:
    """An age in at most four characters: `9s`, `2m`, `3h`, `12d`."""
    age = max(age_s, 0.0)
    for size, name in ((86_400.0, "d"), (3600.0, "h"), (60.0, "m")):
        if age >= size:
            return f"{min(int(age // size), 999)}{name}"
    return f"{int(age)}s"
