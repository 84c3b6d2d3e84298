"""Characters that are pictures (frames, blocks, braille) as outlines of an SVG path."""

from __future__ import annotations

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


def shapes_of(text: str, x: float, y: float, size: Size) -> tuple[list[str], list[str]]:
    """(filled outlines, strokes) of a run of such characters, one cell each, from the corner (x, y) on."""
    filled: list[str] = []
    stroked: list[str] = []
    for place, char in enumerate(text):
        left = x + place * size[0]
        if 0x2800 <= ord(char) <= 0x28FF:
            filled += _braille(ord(char) - 0x2800, left, y, size)
        elif ord(char) in DOTS:
            filled += [_rectangle(left + a, y + b, c, d) for a, b, c, d in _blocks(char, size)]
        else:
            stroked += _strokes(char, left, y, size)
    return filled, stroked


def _blocks(char: str, size: Size) -> list[tuple[float, float, float, float]]:
    """Rectangles (x, y, width, height) of one block element."""
    width, height = size
    if char in _SHADES:
        return _shade(_SHADES[char], size)
    return [(x * width, y * height, w * width, h * height) for x, y, w, h in _PARTS.get(char, ())]


def _shade(share: float, size: Size) -> list[tuple[float, float, float, float]]:
    """Stripes that cover this share of the cell."""
    width, height = size
    stripe = height / 6
    return [(0, row * stripe, width, stripe * share) for row in range(6)]


def _braille(bits: int, left: float, top: float, size: Size) -> list[str]:
    wide, tall = size[0] / 2, size[1] / 4
    dot = wide * 0.48
    return [
        _rectangle(left + column * wide + (wide - dot) / 2, top + row * tall + (tall - dot) / 2, dot, dot)
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
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
