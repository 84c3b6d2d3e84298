"""Text laid out in cells: wrapped at words, padded, never wider than it was told."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from opsdash.core.text import char_width, clean, fit, text_width

LONGEST_LINE = 4096
"""Characters of one line that are looked at; what `clean` keeps."""
MOST_LINES = 20_000
"""Lines of one text that are laid out."""
_TAB = 4


def pad(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """The text in exactly `width` cells: cut with `…` where it is too long, filled with spaces where it is short."""
    shown = fit(text, width)
    space = " " * max(width - text_width(shown), 0)
    return space + shown if align == "right" else shown + space


@lru_cache(maxsize=256)
def wrap(text: str, width: int) -> tuple[str, ...]:
    """Lines of at most `width` cells: made harmless, broken at spaces where there are some, tabs as four columns.

    Line ends of the text stay. A `width` below 1 gives no lines; a character wider than `width` is left out.
    """
    if width < 1:
        return ()
    lines: list[str] = []
    for line in text[: LONGEST_LINE * 64].replace("\r\n", "\n").split("\n")[:MOST_LINES]:
        lines.extend(_wrapped(clean(line.expandtabs(_TAB)), width))
    return tuple(lines)


def _wrapped(line: str, width: int) -> list[str]:
    if text_width(line) <= width:
        return [line]
    lines: list[str] = []
    rest = line
    while rest:
        end = _end_of_line(rest, width)
        lines.append(rest[:end].rstrip() if end < len(rest) else rest)
        rest = rest[max(end, 1) :].lstrip() if end < len(rest) else ""
    return lines


def _end_of_line(text: str, width: int) -> int:
    """How many characters go on this line: up to the last space that fits, or as many as fit."""
    used, end = 0, 0
    for end, char in enumerate(text):  # noqa: B007 - the index is the result
        used += char_width(char)
        if used > width:
            break
    else:
        return len(text)
    if text[end] == " ":
        return end
    space = text.rfind(" ", 0, end)
    return space if space > 0 and text[:space].strip() else end
