"""Writes to the terminal exactly the cells that changed since the last write, and nothing else.

Textual rewrites each refreshed line from the left edge of the widget. Here the whole window is one canvas, so the
difference between what was written and what should be there is one comparison of two arrays. A frame that was left out
because the terminal did not read costs nothing: the next one is compared with what was really written.

This is the only file that replaces something private of Textual (`App._display`, `App._fatal_error`); `is_supported`
says for which versions that is known to hold. Anything else falls back to the stock path, which shows the same screen.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from textual import __version__ as textual_version
from textual.app import App

from opsdash.core.metrics.window import Bools
from opsdash.core.view.cells import Cells
from opsdash.ui.inks import Inks

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

_KNOWN = ((8, 2), (8, 3))
"""From this version on, and below that one."""
_MERGE_GAP = 4
"""Unchanged cells between two changed ones that are cheaper to write again than to jump over."""
_UNSEEN = np.uint32(0xFFFFFFFF)
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"


def is_supported(version: str = textual_version) -> bool:
    """Whether this Textual draws in the way that is replaced here."""
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    display = getattr(App, "_display", None)
    if not _KNOWN[0] <= parts < _KNOWN[1] or display is None:
        return False
    return list(inspect.signature(display).parameters) == ["self", "screen", "renderable"]


class ExactWriter:
    """Knows what the terminal shows and brings it to what it should show."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._codes = np.empty((0, 0), dtype=np.uint32)
        self._inks = np.empty((0, 0), dtype=np.uint16)
        self._table: Inks | None = None
        self.written_bytes = 0
        """UTF-8 bytes since the start."""

    def forget(self) -> None:
        """What the terminal shows is not known any longer: the next frame writes every cell."""
        self._codes = np.empty((0, 0), dtype=np.uint32)

    def show(self, cells: Cells, table: Inks, *, synchronised: bool) -> bool:
        """Writes what differs; returns whether anything did."""
        if self._codes.shape != cells.codes.shape or table is not self._table:
            self._codes = np.full_like(cells.codes, _UNSEEN)
            self._inks = np.zeros_like(cells.inks)
            self._table = table
        changed = (self._codes != cells.codes) | (self._inks != cells.inks)
        if not changed.any():
            return False
        text = encode(cells, changed, table)
        self._codes, self._inks = cells.codes.copy(), cells.inks.copy()
        if synchronised:
            text = f"{_BEGIN}{text}{_END}"
        self.written_bytes += len(text.encode())
        self._write(text)
        return True


class ExactDisplay(App[None]):
    """An app whose Textual drawing can be taken over: `displayed` is then called instead of writing."""

    exact: bool = False
    """Whether it is taken over."""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if not self.exact:
            super()._display(screen, renderable)
            return
        if renderable is not None:
            self.displayed()
        self.post_display_hook()

    def _set_pointer_shape(self, shape: str) -> None:
        """None is set: terminals that do not know the sequence (the Linux console) would show it."""

    def _fatal_error(self) -> None:
        """Textual would draw the traceback for a console that nobody sees, in memory that may not be there."""
        self.ending_in_a_fault()
        self._close_messages_no_wait()

    def ending_in_a_fault(self) -> None:
        """A fault ends the app; who runs it is told here first, since ending may hang too."""

    def displayed(self) -> None:
        """Textual wants to draw."""

    def write_exactly(self, text: str) -> None:
        """To the terminal, as it is."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(text)
            self._driver.flush()

    @property
    def is_congested(self) -> bool:
        """Whether the terminal is behind, so that a frame would only be dropped."""
        return bool(getattr(self._driver, "is_congested", False))

    @property
    def is_synchronised(self) -> bool:
        """Whether the terminal can show a frame at once."""
        return bool(getattr(self, "_sync_available", False))


def runs(changed: Bools, codes: NDArray[np.uint32]) -> list[tuple[int, int, int]]:
    """(row, first column, column after the last) of each stretch to write; wide characters are never cut in two."""
    rows, columns = changed.nonzero()
    if not rows.size:
        return []
    cuts = np.flatnonzero((rows[1:] != rows[:-1]) | (columns[1:] - columns[:-1] > _MERGE_GAP))
    firsts = np.concatenate(([0], cuts + 1)).tolist()
    lasts = np.concatenate((cuts, [rows.size - 1])).tolist()
    width = codes.shape[1]
    found = []
    for first, last in zip(firsts, lasts, strict=True):
        y, left, right = int(rows[first]), int(columns[first]), int(columns[last]) + 1
        if left and codes[y, left] == 0:
            left -= 1
        if right < width and codes[y, right] == 0:
            right += 1
        found.append((y, left, right))
    return found


def encode(cells: Cells, changed: Bools, table: Inks) -> str:
    """The shortest plain sequence of moves, colours and characters for the changed cells."""
    out: list[str] = []
    ink = -1
    at_y = at_x = -1
    unsure = False
    for y, left, right in runs(changed, cells.codes):
        if y != at_y or left != at_x:
            out.append(_move(at_y, at_x, y, left))
        codes, inks = cells.codes[y, left:right].tolist(), cells.inks[y, left:right].tolist()
        for offset, code in enumerate(codes):
            if code == 0:
                continue
            if inks[offset] != ink:
                out.append(table.sgr(inks[offset]) if ink < 0 else table.step(ink, inks[offset]))
                ink = inks[offset]
            out.append(chr(code))
            unsure = _unsure(code)
            if unsure and offset + 1 < len(codes):
                after = left + offset + (2 if codes[offset + 1] == 0 else 1)
                out.append(f"\x1b[{after + 1}G")
        at_y, at_x = (-1, -1) if unsure else (y, right)
    out.append("\x1b[0m")
    return "".join(out)


def _move(from_y: int, from_x: int, y: int, x: int) -> str:
    """From one place to another in as few bytes as can be."""
    if y == from_y and x > from_x:
        return f"\x1b[{x - from_x}C" if x - from_x > 1 else "\x1b[C"
    return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"


def _unsure(code: int) -> bool:
    """Whether terminals disagree about the width of a character: then its end is stated and not trusted."""
    if code < 0x2500:
        return code >= 0x1100
    return not (code < 0x25A0 or 0x2800 <= code < 0x2900)
