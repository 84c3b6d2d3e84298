"""One line of text being typed. Frozen; each key gives a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsdash.core.view.cells import REVERSE, Cells, Role, ink
from opsdash.core.view.clean import clean, text_width

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class TextLine:
    """Text and where the next character goes."""

    text: str = ""
    at: int = 0

    def typed(self, key: str) -> TextLine | None:
        """What a key makes of it; None when the key is none of its own."""
        match key:
            case "space":
                return self.with_text(" ")
            case "backspace" | "ctrl+h":
                return replace(
                    self, text=self.text[: max(self.at - 1, 0)] + self.text[self.at :], at=max(self.at - 1, 0)
                )
            case "delete" | "ctrl+d":
                return replace(self, text=self.text[: self.at] + self.text[self.at + 1 :])
            case "left" | "ctrl+b":
                return replace(self, at=max(self.at - 1, 0))
            case "right" | "ctrl+f":
                return replace(self, at=min(self.at + 1, len(self.text)))
            case "home" | "ctrl+a":
                return replace(self, at=0)
            case "end" | "ctrl+e":
                return replace(self, at=len(self.text))
            case "ctrl+u":
                return TextLine(self.text[self.at :], 0)
            case "ctrl+k":
                return replace(self, text=self.text[: self.at])
            case "ctrl+w":
                kept = self.text[: self.at].rstrip().rpartition(" ")
                before = kept[0] + kept[1]
                return TextLine(before + self.text[self.at :], len(before))
            case _ if len(key) == 1 and key.isprintable():
                return self.with_text(key)
            case _:
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
