"""Cells as text with ANSI colours, for a terminal that is printed to rather than drawn on."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from opsdash.core.view.cells import BOLD, DIM_ATTR, REVERSE, UNDERLINE, Cells
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme

Depth = Literal["none", "16", "256", "truecolor"]
"""How many colours the terminal has; `none` still has bold, reverse and underline."""

_ATTRIBUTES = ((BOLD, "1"), (DIM_ATTR, "2"), (UNDERLINE, "4"), (REVERSE, "7"))
_SIXTEEN = (
    (0, 0, 0), (205, 49, 49), (13, 188, 121), (200, 170, 20), (60, 120, 220), (188, 63, 188), (17, 168, 205),
    (229, 229, 229), (102, 102, 102), (241, 76, 76), (35, 209, 139), (245, 245, 67), (59, 142, 234), (214, 112, 214),
    (41, 184, 219), (255, 255, 255),
)  # fmt: skip
_CUBE = (0, 95, 135, 175, 215, 255)


def to_ansi(cells: Cells, theme: Theme, depth: Depth) -> str:
    """The lines with their colours, each reset at its end; the ground is the terminal's own."""
    lines = []
    for codes, inks in zip(cells.codes.tolist(), cells.inks.tolist(), strict=True):
        end = _last_visible(codes, inks)
        parts, current = [], -1
        for code, style in zip(codes[:end], inks[:end], strict=True):
            if not code:
                continue
            if style != current:
                parts.append(f"\x1b[0{_sgr(style, _Palette(theme), depth)}m")
                current = style
            parts.append(chr(code))
        lines.append("".join(parts) + ("\x1b[0m" if parts else "") + "\n")
    return "".join(lines)


def _last_visible(codes: list[int], inks: list[int]) -> int:
    """One past the last cell that shows: spaces without a background or underline at the end are left out."""
    end = len(codes)
    while end and codes[end - 1] == 32 and not inks[end - 1] & (0xFC0 | REVERSE | UNDERLINE):
        end -= 1
    return end


class _Palette:
    """A theme as a key of the cache: equal where it is the same object."""

    __slots__ = ("theme",)

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Palette) and other.theme is self.theme

    def __hash__(self) -> int:
        return id(self.theme)


@lru_cache(maxsize=4096)
def _sgr(style: int, palette: _Palette, depth: Depth) -> str:
    """The parameters after the reset: attributes, foreground, background."""
    text = "".join(f";{number}" for bit, number in _ATTRIBUTES if style & bit)
    if depth == "none":
        return text
    foreground, background = Role(style & 63), Role(style >> 6 & 63)
    if foreground not in {Role.GROUND, Role.TEXT}:
        text += _colour(palette.theme.colours[foreground], depth, background=False)
    if background is not Role.GROUND:
        text += _colour(palette.theme.colours[background], depth, background=True)
    return text


def _colour(text: str, depth: Depth, *, background: bool) -> str:
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    if depth == "truecolor":
        return f";{48 if background else 38};2;{red};{green};{blue}"
    if depth == "256":
        return f";{48 if background else 38};5;{_nearest_256(red, green, blue)}"
    nearest = min(range(16), key=lambda n: _distance(_SIXTEEN[n], (red, green, blue)))
    return f";{(40 if background else 30) + nearest if nearest < 8 else (100 if background else 90) + nearest - 8}"


def _nearest_256(red: int, green: int, blue: int) -> int:
    """The nearest of the colour cube and the greys; the first 16 are whatever the terminal's owner likes."""
    steps = [min(range(6), key=lambda n: abs(_CUBE[n] - part)) for part in (red, green, blue)]
    cube = (_CUBE[steps[0]], _CUBE[steps[1]], _CUBE[steps[2]])
    grey = min(max(round(((red + green + blue) / 3 - 8) / 10), 0), 23)
    level = 8 + 10 * grey
    if _distance((level, level, level), (red, green, blue)) < _distance(cube, (red, green, blue)):
        return 232 + grey
    return 16 + 36 * steps[0] + 6 * steps[1] + steps[2]


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """Squared, and weighted as eyes do: green most, blue least."""
    return sum(weight * (a - b) ** 2 for weight, a, b in zip((3, 6, 1), one, other, strict=True))
