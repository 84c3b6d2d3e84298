"""A canvas of terminal cells: what every panel is drawn on, whatever shows it in the end (screen, text, SVG).

A cell is a code point and an ink. An ink names roles and not colours; a theme gives the colours. A character
that is two cells wide is followed by a cell with code 0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.text import char_width, clean
from opsdash.core.view.roles import Role

BOLD, DIM_ATTR, REVERSE, UNDERLINE = 1 << 12, 2 << 12, 4 << 12, 8 << 12
"""Attributes of an ink."""


def ink(fg: Role = Role.TEXT, bg: Role = Role.GROUND, attributes: int = 0) -> int:
    """Foreground, background and attributes in 16 bits."""
    return int(fg) | int(bg) << 6 | attributes


def series_role(index: int) -> Role:
    """The role of the nth series; they repeat after twelve. Below zero it is none of them."""
    return Role.DIM if index < 0 else Role(int(Role.SERIES_1) + index % 12)


_SHORT = 96
"""Texts of at most this many characters are kept encoded: most are written again at the next refresh."""


@lru_cache(maxsize=4096)
def _codes_of(text: str) -> NDArray[np.uint32]:
    return _encoded(text)


def _encoded(text: str) -> NDArray[np.uint32]:
    """One code a cell of the text made harmless; 0 in the second cell of a wide character."""
    text = clean(text)
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.uint32)
    codes: list[int] = []
    for char in text:
        codes += (ord(char), 0) if char_width(char) == 2 else (ord(char),)
    return np.array(codes, dtype=np.uint32)


class Cells:
    """A canvas of `height` × `width` cells; drawing outside it does nothing."""

    __slots__ = ("codes", "height", "inks", "width")

    codes: NDArray[np.uint32]
    inks: NDArray[np.uint16]

    def __init__(self, width: int, height: int, *, fill: int | None = None) -> None:
        self.width = max(width, 0)
        self.height = max(height, 0)
        self.codes = np.full((self.height, self.width), 32, dtype=np.uint32)
        self.inks = np.full((self.height, self.width), ink() if fill is None else fill, dtype=np.uint16)

    def put(self, x: int, y: int, text: str, style: int | None = None, *, width: int | None = None) -> int:
        """Writes one line of text, made harmless, at most `width` cells; returns the x after it."""
        style = ink() if style is None else style
        limit = self.width if width is None else min(self.width, x + width)
        if not 0 <= y < self.height:
            return x
        codes = _codes_of(text) if len(text) <= _SHORT else _encoded(text)
        room = max(limit - x, 0)
        if codes.size > room:
            codes = codes[: room - 1] if room and codes[room] == 0 else codes[:room]
        end = x + codes.size
        if x < 0:
            codes = codes[-x:]
            if codes.size and codes[0] == 0:
                codes = np.concatenate(([np.uint32(32)], codes[1:]))
            x = 0
        if codes.size:
            self.codes[y, x : x + codes.size] = codes
            self.inks[y, x : x + codes.size] = style
        return end

    def fill(  # noqa: PLR0913, PLR0917 - a rectangle has four numbers
        self, x: int, y: int, width: int, height: int, char: str = " ", style: int | None = None
    ) -> None:
        """Fills a rectangle."""
        rows, columns = slice(max(y, 0), max(y + height, 0)), slice(max(x, 0), max(x + width, 0))
        self.codes[rows, columns] = ord(char)
        self.inks[rows, columns] = ink() if style is None else style

    def blit(self, x: int, y: int, other: Cells) -> None:
        """Copies another canvas onto this one; what falls outside is lost."""
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + other.width, self.width), min(y + other.height, self.height)
        if left >= right or top >= bottom:
            return
        part = (slice(top - y, bottom - y), slice(left - x, right - x))
        self.codes[top:bottom, left:right] = other.codes[part]
        self.inks[top:bottom, left:right] = other.inks[part]

    def lines(self) -> list[str]:
        """The text of each row, without inks."""
        return ["".join(chr(code) for code in row if code) for row in self.codes.tolist()]
