"""Saves what a program shows on a terminal as a PNG.

    python -m scripts.screenshot OUT.png COLUMNSxLINES KEYS COMMAND ...

Runs the command on a pseudo-terminal, types KEYS (may be empty) when it has drawn, and draws the screen as pyte reads
it. Needs a monospaced font (Debian: fonts-dejavu-core). Braille and blocks are drawn by dots, so that no font matters.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont

from tests.e2e.tty import Tty

CELL = (9, 18)
FONT = "DejaVuSansMono.ttf"
PAPER, TEXT = (12, 12, 12), (204, 204, 204)
SETTLE_S = 8.0
PRIVATE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[P_^X][^\x1b]*\x1b\\")
"""Sequences that pyte does not know and would print."""
BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each dot, by its bit."""


def main(argv: list[str]) -> int:
    """The exit code; 64 where the arguments are wrong."""
    if len(argv) < 4 or not (found := re.fullmatch(r"(\d+)x(\d+)", argv[1])):
        print(__doc__, file=sys.stderr)
        return 64
    size = (int(found[1]), int(found[2]))
    with Tty(argv[3:], size=size, env={"COLORTERM": "truecolor"}) as tty:
        time.sleep(SETTLE_S)
        for key in argv[2]:
            tty.send(key)
            time.sleep(SETTLE_S / 2)
        output = tty.output
    screen = pyte.Screen(*size)
    pyte.ByteStream(screen).feed(PRIVATE.sub(b"", output))
    picture(screen).quantize(64).save(Path(argv[0]), optimize=True)
    return 0


def picture(screen: pyte.Screen) -> Image.Image:
    """The screen in pixels."""
    image = Image.new("RGB", (screen.columns * CELL[0], screen.lines * CELL[1]), PAPER)
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 15)
    for y in range(screen.lines):
        for x in range(screen.columns):
            draw_cell(pen, font, screen.buffer[y][x], (x * CELL[0], y * CELL[1]))
    return image


def draw_cell(
    pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, char: pyte.screens.Char, corner: tuple[int, int]
) -> None:
    """One character with its colours; `corner` is its left top pixel."""
    (left, top), (wide, high) = corner, CELL
    front, back = colour(char.fg, TEXT), colour(char.bg, PAPER)
    if char.reverse:
        front, back = back, front
    pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=back)
    draw_sign(pen, font, char.data[:1] or " ", corner, front, bold=char.bold)
    if char.underscore:
        pen.line((left, top + high - 2, left + wide - 1, top + high - 2), fill=front)


def draw_sign(  # noqa: PLR0913 - what, where and how
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont,
    sign: str,
    corner: tuple[int, int],
    front: str | tuple[int, int, int],
    *,
    bold: bool,
) -> None:
    """One sign on a ground that is there already: braille and blocks by dots, all others in the font."""
    (left, top), (wide, high), code = corner, CELL, ord(sign)
    if 0x2800 <= code <= 0x28FF:
        for bit, (column, row) in enumerate(BRAILLE):
            if code - 0x2800 >> bit & 1:
                at = (left + 2 + column * 4, top + 2 + row * 4)
                pen.rectangle((*at, at[0] + 1, at[1] + 1), fill=front)
    elif code == 0x2580:
        pen.rectangle((left, top, left + wide - 1, top + high // 2 - 1), fill=front)
    elif 0x2581 <= code <= 0x2588:
        pen.rectangle((left, top + high - high * (code - 0x2580) // 8, left + wide - 1, top + high - 1), fill=front)
    elif code != 32:
        pen.text(corner, sign, font=font, fill=front, stroke_width=0.3 if bold else 0)


def colour(name: str, default: tuple[int, int, int]) -> tuple[int, int, int]:
    """RGB of one of pyte's six hexadecimal digits; what it calls by name is the terminal's own."""
    if not re.fullmatch(r"[0-9a-f]{6}", name):
        return default
    return int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
