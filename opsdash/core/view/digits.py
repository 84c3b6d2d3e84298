"""Large digits of half blocks, three pixels wide and five high, for numbers that are read from across the room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.text import text_width
from opsdash.core.view.cells import Cells

_FONT = {
    "0": "### #.# #.# #.# ###", "1": ".#. ##. .#. .#. ###", "2": "### ..# ### #.. ###", "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#", "5": "### #.. ### ..# ###", "6": "### #.. ### #.# ###", "7": "### ..# ..# .#. .#.",
    "8": "### #.# ### #.# ###", "9": "### #.# ### ..# ###", ".": ". . . . #", ",": ". . . # #",
    "-": "... ... ### ... ...", "+": "... .#. ### .#. ...", ":": ". # . # .",
}  # fmt: skip
_NUMBER = re.compile(r"([^\d+-]*)([+-]?[\d.,:]+)(.*)", re.DOTALL)
_HEIGHT = 5
LARGEST = 3


def split_number(text: str) -> tuple[str, str, str]:
    """(prefix, digits, suffix): `("$", "71.4", "/h")`; the digits are empty where there are none."""
    found = _NUMBER.fullmatch(text)
    return (found[1], found[2], found[3]) if found and "e" not in found[3][:1] else (text, "", "")


@lru_cache(maxsize=256)
def _pixels(digits: str) -> NDArray[np.bool_]:
    columns = [np.array([[pixel == "#" for pixel in row] for row in _FONT[char].split()]) for char in digits]
    space = np.zeros((_HEIGHT, 1), dtype=bool)
    spaced = [part for column in columns for part in (column, space)][:-1]
    return np.concatenate(spaced, axis=1) if spaced else np.zeros((_HEIGHT, 0), dtype=bool)


def size_of(text: str, scale: int, *, ascii_only: bool = False) -> tuple[int, int]:
    """Cells (width, height) of a number at this scale, with its unit; (0, 0) where it cannot be drawn large."""
    prefix, digits, suffix = split_number(text)
    if not digits or any(char not in _FONT for char in digits):
        return 0, 0
    width = _pixels(digits).shape[1] * scale + sum(text_width(part) + 1 for part in (prefix, suffix) if part)
    return width, _HEIGHT * scale if ascii_only else (_HEIGHT * scale + 1) // 2


def largest_scale(text: str, width: int, height: int, *, ascii_only: bool = False) -> int:
    """The scale that fits the room, 0 for none."""
    for scale in range(LARGEST, 0, -1):
        wide, high = size_of(text, scale, ascii_only=ascii_only)
        if 0 < wide <= width and high <= height:
            return scale
    return 0


@dataclass(frozen=True, slots=True)
class DigitPen:
    """How large digits are drawn; in ASCII a pixel is a whole cell."""

    scale: int
    style: int
    ascii_only: bool = False


def draw_digits(canvas: Cells, place: tuple[int, int], text: str, pen: DigitPen) -> int:
    """Draws the number from `place` (upper left) on, its unit small at the foot; returns the x after it."""
    x, y = place
    prefix, digits, suffix = split_number(text)
    scale, style = pen.scale, pen.style
    foot = y + size_of(text, scale, ascii_only=pen.ascii_only)[1] - 1
    if prefix:
        x = canvas.put(x, foot, prefix, style) + 1
    pixels = np.repeat(np.repeat(_pixels(digits), scale, axis=0), scale, axis=1)
    if pen.ascii_only:
        parts = [("#", pixels)]
    else:
        pixels = np.concatenate([np.zeros((len(pixels) % 2, pixels.shape[1]), dtype=bool), pixels])
        upper, lower = pixels[0::2], pixels[1::2]
        parts = [("█", upper & lower), ("▀", upper & ~lower), ("▄", lower & ~upper)]
    for sign, where in parts:
        rows, columns = np.nonzero(where)
        canvas.codes[y + rows, x + columns] = ord(sign)
        canvas.inks[y + rows, x + columns] = style
    x += pixels.shape[1]
    return canvas.put(x + 1, foot, suffix.strip(), style) if suffix else x
