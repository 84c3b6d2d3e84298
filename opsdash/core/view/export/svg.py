"""Cells as a picture: a standalone SVG whose frames, bars and dots are shapes, so that no font can tear them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape

from opsdash.core.text import clean
from opsdash.core.view.cells import BOLD, DIM_ATTR, REVERSE, UNDERLINE, Cells
from opsdash.core.view.export.glyphs import DOTS, LINES, Shapes
from opsdash.core.view.roles import Role
from opsdash.core.view.theme import Theme

CELL_WIDTH, CELL_HEIGHT = 8.4, 18
"""Units of the picture a cell takes: the advance of a 14-unit monospaced font, and its line."""

_FONT_SIZE = 14
_MARGIN = 10
_DOT = 2.2
"""Diameter of a braille dot."""
_BASELINE = 13.2
_FONTS = "ui-monospace, 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"


@dataclass(frozen=True, slots=True)
class _Run:
    """Cells side by side that look the same; `text` has no empty cells."""

    x: int
    y: int
    cells: int
    text: str
    style: int


def to_svg(cells: Cells, theme: Theme, *, title: str = "") -> str:
    """The picture on the theme's ground, with `title` for screen readers. All text is escaped."""
    wide, high = _number(cells.width * CELL_WIDTH + 2 * _MARGIN), cells.height * CELL_HEIGHT + 2 * _MARGIN
    runs = _runs(cells)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="-{_MARGIN} -{_MARGIN} {wide} {high}" role="img" font-family="{_FONTS}" font-size="{_FONT_SIZE}">',
        f"<title>{escape(_sane(clean(title)))}</title>" if title else "",
        f'<rect x="-{_MARGIN}" y="-{_MARGIN}" width="{wide}" height="{high}" fill="{theme.colours[Role.GROUND]}"/>',
        *_grounds(runs, theme),
        *_drawn(runs, theme),
        *(_text(run, theme) for run in runs if run.text.strip()),
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def _runs(cells: Cells) -> list[_Run]:
    """Text is cut at two spaces: what stands in columns keeps its place whatever the font."""
    runs: list[_Run] = []
    for y, (codes, inks) in enumerate(zip(cells.codes.tolist(), cells.inks.tolist(), strict=True)):
        x = 0
        while x < cells.width:
            end = _end_of_run(codes, inks, x)
            runs.append(_Run(x, y, end - x, "".join(chr(code) for code in codes[x:end] if code), inks[x]))
            x = end
    return runs


def _end_of_run(codes: list[int], inks: list[int], start: int) -> int:
    kind = _kind(codes[start])
    end = start + 1
    while end < len(codes) and inks[end] == inks[start] and (codes[end] == 0 or _kind(codes[end]) == kind):
        end += 1
    if kind != "text":
        return end
    for at in range(start + 1, end):
        if codes[at] == 32 and at + 1 < end and codes[at + 1] == 32:
            while at < end and codes[at] == 32:
                at += 1  # noqa: PLW2901 - the spaces belong to this run
            return at
        if codes[at] == 0:
            return at + 1
    return end


def _kind(code: int) -> str:
    return "shape" if code in LINES or code in DOTS or 0x2800 <= code <= 0x28FF else "text"


def _colours(style: int, theme: Theme) -> tuple[str, str, float]:
    """(foreground, background, opacity of the foreground)."""
    fore, back = Role(style & 63), Role(style >> 6 & 63)
    foreground = theme.colours[Role.TEXT if fore is Role.GROUND else fore]
    background = theme.colours[back]
    if style & REVERSE:
        foreground, background = background, foreground
    return foreground, background, 0.6 if style & DIM_ATTR else 1.0


def _grounds(runs: list[_Run], theme: Theme) -> list[str]:
    ground = theme.colours[Role.GROUND]
    found = []
    for run in runs:
        background = _colours(run.style, theme)[1]
        if background != ground:
            found.append(
                f'<rect x="{_number(run.x * CELL_WIDTH)}" y="{run.y * CELL_HEIGHT}" '
                f'width="{_number(run.cells * CELL_WIDTH)}" height="{CELL_HEIGHT}" fill="{background}"/>'
            )
    return found


def _drawn(runs: list[_Run], theme: Theme) -> list[str]:
    """Frames, blocks and braille: for each colour one path a kind of outline."""
    colours: dict[tuple[str, float], Shapes] = defaultdict(Shapes)
    for run in runs:
        if run.text and _kind(ord(run.text[0])) == "shape":
            foreground, _, opacity = _colours(run.style, theme)
            colours[foreground, opacity].add(
                run.text, run.x * CELL_WIDTH, run.y * CELL_HEIGHT, (CELL_WIDTH, CELL_HEIGHT)
            )
    return [path for (colour, opacity), shapes in colours.items() for path in _paths(shapes, colour, opacity)]


def _paths(shapes: Shapes, colour: str, opacity: float) -> list[str]:
    drawn = [(f'fill="{colour}"{_opacity(opacity)}', shapes.filled)]
    drawn += [(f'fill="{colour}" opacity="{_number2(share * opacity)}"', part) for share, part in shapes.shaded.items()]
    drawn.append((f'fill="none" stroke="{colour}"{_opacity(opacity)}', shapes.stroked))
    dots = f'fill="none" stroke="{colour}" stroke-width="{_DOT}" stroke-linecap="round"{_opacity(opacity)}'
    drawn.append((dots, shapes.dots))
    return [f'<path {style} d="{"".join(outlines)}"/>' for style, outlines in drawn if outlines]


def _text(run: _Run, theme: Theme) -> str:
    if _kind(ord(run.text[0])) == "shape":
        return ""
    foreground, _, opacity = _colours(run.style, theme)
    lead = len(run.text) - len(run.text.lstrip(" "))
    text = _sane(run.text.strip(" "))
    x = _number((run.x + lead) * CELL_WIDTH)
    cells = run.cells - lead - (len(run.text) - len(run.text.rstrip(" ")))
    style = ' font-weight="bold"' if run.style & BOLD else ""
    style += ' text-decoration="underline"' if run.style & UNDERLINE else ""
    stretch = f' textLength="{_number(cells * CELL_WIDTH)}" lengthAdjust="spacingAndGlyphs"' if cells > 1 else ""
    return (
        f'<text x="{x}" y="{_number(run.y * CELL_HEIGHT + _BASELINE)}" fill="{foreground}"{_opacity(opacity)}'
        f"{style}{stretch}>{escape(text)}</text>"
    )


def _opacity(value: float) -> str:
    return "" if value == 1.0 else f' opacity="{value}"'


def _sane(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(
        char if char >= " " and not 0xD800 <= ord(char) <= 0xDFFF and ord(char) not in {0xFFFE, 0xFFFF} else "\ufffd"
        for char in text
    )


def _number2(value: float) -> str:
    return f"{value:.2f}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
