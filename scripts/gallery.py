"""Draws every kind of panel with made-up data, to look at: in ANSI colours, or as a picture.

    python -m scripts.gallery [KIND …] [--size WxH] [--theme NAME] [--depth 16] [--ascii] [--png OUT.png]

`hostile:KIND` draws that kind with data that nobody likes to draw.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from opsdash.config.themes import load_theme
from opsdash.core.view.cells import BOLD, DIM_ATTR, REVERSE, Cells
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.snapshot import PanelView
from opsdash.ui.inks import Inks
from opsdash.ui.terminal import Depth
from scripts import gallery_charts as charts
from scripts import gallery_more as more
from scripts.screenshot import CELL, FONT, draw_sign

THEMES = Path(__file__).parents[1] / "themes"
DEPTHS = {"0": Depth.NONE, "16": Depth.ANSI16, "256": Depth.ANSI256, "true": Depth.TRUE}
BASIC = (
    "000000", "cd0000", "00cd00", "cdcd00", "0000ee", "cd00cd", "00cdcd", "e5e5e5",
    "7f7f7f", "ff0000", "00ff00", "ffff00", "5c5cff", "ff00ff", "00ffff", "ffffff",
)  # fmt: skip
"""The sixteen colours as xterm shows them."""
GALLERY = {
    "timeseries": charts.timeseries_views, "states": charts.state_views, "numbers": charts.number_views,
    "heatmap": charts.heatmap_views, "table": more.table_views, "status": more.status_views, "logs": more.log_views,
    "words": more.word_views,
}  # fmt: skip


def views_of(name: str) -> Iterator[tuple[PanelView, Look]]:
    """The panels of one word of the command line."""
    if name.startswith("hostile:"):
        return more.cases(PanelKind(name.removeprefix("hostile:")))
    return GALLERY[name]()


def ansi(cells: Cells, inks: Inks) -> str:
    """The canvas in a terminal's own words, a line a row."""
    lines = []
    for codes, styles in zip(cells.codes.tolist(), cells.inks.tolist(), strict=True):
        parts, before = [], -1
        for code, style in zip(codes, styles, strict=True):
            if code:
                parts.append(("" if style == before else inks.sgr(style)) + chr(code))
                before = style
        lines.append("".join(parts) + "\x1b[0m")
    return "\n".join(lines)


class Paper:
    """Inks as pixels."""

    def __init__(self, inks: Inks) -> None:
        theme, has_own = inks.theme, inks.depth >= Depth.ANSI256
        self.ground = theme.colours[0] if has_own else "#000000" if theme.dark else "#ffffff"  # type: ignore[index]
        self.text = theme.colours[1] if has_own else "#cccccc" if theme.dark else "#202020"  # type: ignore[index]
        self.inks = inks

    def colours(self, ink: int) -> tuple[str, str, bool]:
        """(foreground, background, whether it is bold)."""
        front_name, back_name, wanted = self.inks.rich_names(ink)
        front, back = self._hex(front_name, self.text), self._hex(back_name, self.ground)
        if wanted & REVERSE:
            front, back = back, front
        if wanted & DIM_ATTR:
            pairs = [(int(front[n : n + 2], 16), int(back[n : n + 2], 16)) for n in (1, 3, 5)]
            front = "#" + "".join(f"{(6 * a + 4 * b) // 10:02x}" for a, b in pairs)
        return front, back, bool(wanted & BOLD)

    @staticmethod
    def _hex(name: str | None, own: str) -> str:
        if name is None:
            return own
        numbers = [int(part) for part in re.findall(r"\d+", name)]
        if len(numbers) == 3:
            return "#" + "".join(f"{number:02x}" for number in numbers)
        if numbers[0] < 16:
            return "#" + BASIC[numbers[0]]
        n = numbers[0] - 16
        if n >= 216:
            return f"#{8 + 10 * (n - 216):02x}" + f"{8 + 10 * (n - 216):02x}" * 2
        levels = (0, 95, 135, 175, 215, 255)
        return "#" + "".join(f"{levels[part]:02x}" for part in (n // 36, n // 6 % 6, n % 6))


def picture(cells: Cells, inks: Inks) -> Image.Image:
    """The canvas in pixels."""
    paper = Paper(inks)
    image = Image.new("RGB", (cells.width * CELL[0], cells.height * CELL[1]), paper.ground)
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 15)
    for y, (codes, styles) in enumerate(zip(cells.codes.tolist(), cells.inks.tolist(), strict=True)):
        for x, (code, style) in enumerate(zip(codes, styles, strict=True)):
            if not code:
                continue
            front, back, bold = paper.colours(style)
            corner = (x * CELL[0], y * CELL[1])
            pen.rectangle((*corner, corner[0] + CELL[0] - 1, corner[1] + CELL[1] - 1), fill=back)
            draw_sign(pen, font, chr(code), corner, front, bold=bold)
    return image


def sheet(given: argparse.Namespace) -> Cells:
    """All panels on one canvas."""
    width, height = (int(part) for part in given.size.split("x"))
    views = [pair for kind in given.kinds for pair in views_of(kind)]
    views = [views[n] for n in given.only] if given.only else views
    plain = load_theme(given.theme, THEMES).theme.monochrome or given.depth == "0"  # type: ignore[union-attr]
    across = min(given.across, len(views))
    canvas = Cells((width + 1) * across - 1, (height + given.gap) * -(-len(views) // across))
    for n, (view, look) in enumerate(views):
        seen = replace(look, ascii_only=given.ascii, monochrome=plain)
        canvas.blit(n % across * (width + 1), n // across * (height + given.gap), paint(view, width, height, seen))
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(GALLERY))
    parser.add_argument("--size", default="60x15")
    parser.add_argument("--across", type=int, default=3)
    parser.add_argument("--gap", type=int, default=0, help="empty lines between panels")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the panels, from 0")
    parser.add_argument("--theme", default="default")
    parser.add_argument("--depth", choices=DEPTHS, default="true")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--png", help="write a picture in place of text")
    given = parser.parse_args()
    theme = load_theme(given.theme, THEMES).theme
    if theme is None:
        parser.error(f"there is no theme {given.theme} in themes/")
    inks, cells = Inks(theme, DEPTHS[given.depth]), sheet(given)
    if given.png:
        picture(cells, inks).save(given.png)
    else:
        print(ansi(cells, inks))


if __name__ == "__main__":
    main()
