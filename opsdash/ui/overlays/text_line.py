"""One line of text being typed. Frozen; each key gives a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from opsdash.core.text import clean, text_width
from opsdash.core.view.cells import REVERSE, Cells, ink
from opsdash.core.view.roles import Role

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class TextLine:
    """Text and where the next character goes."""

    text: str = ""
    at: int = 0

    def typed(self, key: str) -> TextLine | None:
        """What a key makes of it; None when the key is none of its own."""
        if key == "space" or (len(key) == 1 and key.isprintable()):
            return self.with_text(" " if key == "space" else key)
        if key in _PLACES:
            return replace(self, at=min(max(_PLACES[key](self), 0), len(self.text)))
        if key in _CUTS:
            first, last = _CUTS[key](self)
            return TextLine(self.text[: max(first, 0)] + self.text[last:], max(first, 0))
        return None

    def with_text(self, text: str) -> TextLine:
        """With text put in, cleaned, its line ends as spaces."""
        added = clean(" ".join(text.split("\n")).replace("\r", " ").replace("\t", " "))
        added = added[: max(_LONGEST - len(self.text), 0)]
        return TextLine(self.text[: self.at] + added + self.text[self.at :], self.at + len(added))

    def draw(self, cells: Cells, x: int, y: int, width: int, style: int) -> None:
        """The text with its cursor, scrolled so that the cursor is seen."""
        first = 0
        while text_width(self.text[first : self.at]) > width - 1:
            first += 1
        end = cells.put(x, y, self.text[first : self.at], style, width=width)
        under = self.text[self.at : self.at + 1] or " "
        end = cells.put(end, y, under, ink(Role.TEXT, attributes=REVERSE), width=max(x + width - end, 0))
        cells.put(end, y, self.text[self.at + 1 :], style, width=max(x + width - end, 0))


def _word_start(line: TextLine) -> int:
    kept = line.text[: line.at].rstrip().rpartition(" ")
    return len(kept[0] + kept[1])


_PLACES: Mapping[str, Callable[[TextLine], int]] = {
    **dict.fromkeys(("left", "ctrl+b"), lambda line: line.at - 1),
    **dict.fromkeys(("right", "ctrl+f"), lambda line: line.at + 1),
    **dict.fromkeys(("home", "ctrl+a"), lambda _: 0),
    **dict.fromkeys(("end", "ctrl+e"), lambda line: len(line.text)),
}
"""Keys that move, with where they go."""

_CUTS: Mapping[str, Callable[[TextLine], tuple[int, int]]] = {
    **dict.fromkeys(("backspace", "ctrl+h"), lambda line: (line.at - 1, line.at)),
    **dict.fromkeys(("delete", "ctrl+d"), lambda line: (line.at, line.at + 1)),
    "ctrl+u": lambda line: (0, line.at),
    "ctrl+k": lambda line: (line.at, len(line.text)),
    "ctrl+w": lambda line: (_word_start(line), line.at),
}
"""Keys that take text away, with what they take: from, to."""
