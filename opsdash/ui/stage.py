"""The one widget: the whole window as cells, for Textual's stock way of drawing."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from opsdash.core.view.cells import BOLD, DIM_ATTR, REVERSE, UNDERLINE, Cells
from opsdash.ui.exact_writer import runs
from opsdash.ui.inks import Inks


class Stage(Widget, can_focus=False):
    """Shows a canvas; `show` asks Textual to draw what differs from the one before."""

    DEFAULT_CSS = "Stage { width: 100%; height: 100%; }"

    def __init__(self, inks: Inks) -> None:
        super().__init__()
        self._inks = inks
        self._cells: Cells | None = None
        self._styles: dict[int, Style] = {}

    @property
    def cells(self) -> Cells | None:
        """What is shown; None before the first picture."""
        return self._cells

    def show(self, cells: Cells, inks: Inks, *, draw: bool) -> None:
        """Takes a new picture. `draw` is False where somebody else writes it to the terminal."""
        before, self._cells = self._cells, cells
        if inks is not self._inks:
            self._inks, self._styles, before = inks, {}, None
        if not draw:
            return
        if before is None or before.codes.shape != cells.codes.shape:
            self.refresh()
            return
        changed = (before.codes != cells.codes) | (before.inks != cells.inks)
        regions = [Region(left, y, right - left, 1) for y, left, right in runs(changed, cells.codes)]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line of the picture."""
        cells = self._cells
        width = self.size.width
        if cells is None or y >= cells.height:
            return Strip.blank(width, self._style(0))
        segments: list[Segment] = []
        text: list[str] = []
        before = -1
        for code, ink in zip(cells.codes[y].tolist(), cells.inks[y].tolist(), strict=True):
            if ink != before and text:
                segments.append(Segment("".join(text), self._style(before)))
                text = []
            before = ink
            if code:
                text.append(chr(code))
        segments.append(Segment("".join(text), self._style(before)))
        return Strip(segments, cells.width).adjust_cell_length(width, self._style(0))

    def _style(self, ink: int) -> Style:
        style = self._styles.get(ink)
        if style is None:
            fg, bg, attributes = self._inks.rich_names(ink)
            style = self._styles[ink] = Style(
                color=fg,
                bgcolor=bg,
                bold=bool(attributes & BOLD) or None,
                dim=bool(attributes & DIM_ATTR) or None,
                underline=bool(attributes & UNDERLINE) or None,
                reverse=bool(attributes & REVERSE) or None,
            )
        return style
