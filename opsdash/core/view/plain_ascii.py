"""The last step where there is only ASCII: every other sign becomes one that says nearly the same."""

from __future__ import annotations

import numpy as np

from opsdash.core.view.cells import Cells

_SIGNS = {
    "╭╮╰╯┌┐└┘┼├┤┬┴╔╗╚╝╬╪╫┏┓┗┛╋": "+",
    "─╌┄┈━┅┉═╴╶╸╺⎯–—−‒": "-",
    "│┆┊┃┇┋║╎╏▏▕╵╷": "|",
    "●": "!", "▲△": "W", "◆": "?", "✕✖×": "X", "✓": "v", "⟲": "L", "░": ":", "▒": "%", "▓█": "#", "…": "~",
    "↑": "^", "↓": "v", "→▶❯›»": ">", "←◀❮‹«": "<", "•·◦∙": ".", "µμ": "u", "°": "o", "Ω": "O", "€": "E", "£": "L",
    "×": "x", "⏸": "=",
    "▁": "_", "▂": ".", "▃▄": "-", "▅▆": "=", "▇": "#", "▀": '"', "■▪": "*", "□▫": "o", "◇◈": "+", "○◎◉": "x",
    "★✚": "#", "▼▽": "v", "“”„": '"', "‘’": "'", "≥": ">", "≤": "<", "₩": "W", "¥": "Y", "▉▊▋": "#", "▌▍▎": "=",
}  # fmt: skip
_TABLE_SIZE = 0x2800


def _table() -> np.ndarray:
    table = np.full(_TABLE_SIZE, ord("?"), dtype=np.uint32)
    table[:127] = np.arange(127)
    table[1:32] = ord("?")
    for signs, plain in _SIGNS.items():
        for sign in signs:
            table[ord(sign)] = ord(plain)
    return table


_PLAIN = _table()


def plain(sign: str) -> str:
    """What stands for one sign where there is only ASCII."""
    code = ord(sign)
    return chr(int(_PLAIN[code])) if code < _TABLE_SIZE else "?"


def to_ascii(cells: Cells) -> None:
    """Replaces, in place, every sign outside ASCII; a wide character becomes two signs, a braille one a star."""
    codes = cells.codes
    odd = codes > 126
    if not odd.any() and codes.all():
        return
    plain = _PLAIN[np.minimum(codes, _TABLE_SIZE - 1)]
    plain[(codes >= 0x2800) & (codes < 0x2900)] = ord("*")
    plain[codes == 0x2800] = 32
    plain[(codes >= 0x2900) | (codes == 0)] = ord("?")
    cells.codes[:] = plain
