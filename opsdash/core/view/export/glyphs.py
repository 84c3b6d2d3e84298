"""Characters that are pictures (frames, blocks, braille) as outlines of an SVG path."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby

_LEFT, _RIGHT, _UP, _DOWN = 1, 2, 4, 8
_ARMS = {
    "─": 3, "│": 12, "┌": 10, "┐": 9, "└": 6, "┘": 5, "├": 14, "┤": 13, "┬": 11, "┴": 7, "┼": 15, "╴": 1, "╶": 2,
    "╵": 4, "╷": 8, "━": 3, "┃": 12, "═": 3, "║": 12, "╭": 10, "╮": 9, "╰": 6, "╯": 5,
}  # fmt: skip
_DASHED = {"╌": 2, "┄": 3, "┈": 4, "╍": 2, "┅": 3}
_UPRIGHT_DASHED = {"╎": 2, "┆": 3, "┊": 4}
_HEAVY = frozenset("━┃")
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))

LINES = frozenset(ord(char) for char in (*_ARMS, *_DASHED, *_UPRIGHT_DASHED))
"""Code points that are drawn with strokes."""
DOTS = frozenset(range(0x2580, 0x25A0))
"""Block elements: code points that are drawn as rectangles."""

_QUADRANTS = {"▖": 4, "▗": 8, "▘": 1, "▙": 13, "▚": 9, "▛": 7, "▜": 11, "▝": 2, "▞": 6, "▟": 14}
_CORNERS = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
_PARTS = {
    **{chr(0x2580 + n): ((0.0, 1 - n / 8, 1.0, n / 8),) for n in range(1, 9)},
    **{chr(0x2590 - n): ((0.0, 0.0, n / 8, 1.0),) for n in range(1, 8)},
    "▀": ((0.0, 0.0, 1.0, 0.5),),
    "▐": ((0.5, 0.0, 0.5, 1.0),),
    "▔": ((0.0, 0.0, 1.0, 0.125),),
    "▕": ((0.875, 0.0, 0.125, 1.0),),
    **{
        char: tuple((*_CORNERS[bit], 0.5, 0.5) for bit in range(4) if quadrants >> bit & 1)
        for char, quadrants in _QUADRANTS.items()
    },
}
"""Parts of a cell that each block element fills: x, y, width and height as shares."""

Size = tuple[float, float]


@dataclass(slots=True)
class Shapes:
    """Outlines of one colour, as parts of paths."""

    filled: list[str] = field(default_factory=list)
    shaded: dict[float, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Outlines that are filled with this opacity."""
    stroked: list[str] = field(default_factory=list)
    dots: list[str] = field(default_factory=list)
    """Points that are drawn by the cap of a line without length."""

    def add(self, text: str, x: float, y: float, size: Size) -> None:
        """Adds a run of such characters, one cell each, from the corner (x, y) on."""
        left = x
        for char, group in groupby(text):
            count = len(list(group))
            if 0x2800 <= ord(char) <= 0x28FF:
                for n in range(count):
                    self.dots += _braille(ord(char) - 0x2800, left + n * size[0], y, size)
            elif char in _SHADES:
                self.shaded[_SHADES[char]].append(_rectangle(left, y, count * size[0], size[1]))
            elif ord(char) in DOTS:
                self._add_blocks(char, count, (left, y), size)
            elif char in {"─", "━"}:
                self.stroked.append(f"M{_n(left)} {_n(y + size[1] / 2)}h{_n(count * size[0])}")
            else:
                for n in range(count):
                    self.stroked += _strokes(char, left + n * size[0], y, size)
            left += count * size[0]

    def _add_blocks(self, char: str, count: int, at: tuple[float, float], size: Size) -> None:
        """Blocks that fill the width of their cells are one outline."""
        for x, y, width, height in _blocks(char, size):
            if width == size[0]:
                self.filled.append(_rectangle(at[0], at[1] + y, count * width, height))
                continue
            self.filled += [_rectangle(at[0] + n * size[0] + x, at[1] + y, width, height) for n in range(count)]


def _blocks(char: str, size: Size) -> list[tuple[float, float, float, float]]:
    """Rectangles (x, y, width, height) of one block element."""
    width, height = size
    return [(x * width, y * height, w * width, h * height) for x, y, w, h in _PARTS.get(char, ())]


def _braille(bits: int, left: float, top: float, size: Size) -> list[str]:
    wide, tall = size[0] / 2, size[1] / 4
    return [
        f"M{_n(left + (column + 0.5) * wide)} {_n(top + (row + 0.5) * tall)}h0"
        for bit, (column, row) in enumerate(_BRAILLE)
        if bits >> bit & 1
    ]


def _strokes(char: str, left: float, top: float, size: Size) -> list[str]:
    width, height = size
    middle_x, middle_y = left + width / 2, top + height / 2
    if char in _DASHED:
        part = width / _DASHED[char]
        return [f"M{_n(left + part * (n + 0.2))} {_n(middle_y)}h{_n(part * 0.6)}" for n in range(_DASHED[char])]
    if char in _UPRIGHT_DASHED:
        part = height / _UPRIGHT_DASHED[char]
        return [f"M{_n(middle_x)} {_n(top + part * (n + 0.2))}v{_n(part * 0.6)}" for n in range(_UPRIGHT_DASHED[char])]
    if char in "╭╮╰╯":
        return [_corner(char, (left, top), size)]
    arms = _ARMS[char]
    strokes = []
    if arms & (_LEFT | _RIGHT):
        start = left if arms & _LEFT else middle_x
        end = left + width if arms & _RIGHT else middle_x
        strokes.append(f"M{_n(start)} {_n(middle_y)}H{_n(end)}")
    if arms & (_UP | _DOWN):
        start = top if arms & _UP else middle_y
        end = top + height if arms & _DOWN else middle_y
        strokes.append(f"M{_n(middle_x)} {_n(start)}V{_n(end)}")
    return strokes * (2 if char in _HEAVY else 1)


def _corner(char: str, at: tuple[float, float], size: Size) -> str:
    """A rounded corner, from its upright end to its level end."""
    left, top = at
    width, height = size
    level = left + width if char in "╭╰" else left
    upright = top + height if char in "╭╮" else top
    middle_x, middle_y = left + width / 2, top + height / 2
    near = middle_y + (width / 2 if char in "╭╮" else -width / 2)
    return f"M{_n(middle_x)} {_n(upright)}V{_n(near)}Q{_n(middle_x)} {_n(middle_y)} {_n(level)} {_n(middle_y)}"


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"M{_n(x)} {_n(y)}h{_n(width)}v{_n(height)}h{_n(-width)}z"


def _n(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
