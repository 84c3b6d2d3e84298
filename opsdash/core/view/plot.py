"""The chart itself, without axes: series, fills, the compared period, thresholds and the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Bools, Floats
from opsdash.core.view import raster
from opsdash.core.view.alerts.signs import severity_sign
from opsdash.core.view.axes import row_of
from opsdash.core.view.cells import BOLD, DIM_ATTR, Cells, ink, series_role
from opsdash.core.view.chart_bars import draw_bars
from opsdash.core.view.drawn import Drawn
from opsdash.core.view.palette import FILL_TEXTURES, SERIES_GLYPHS_ASCII, series_glyph
from opsdash.core.view.plotted import Scene, finite, stacked, texture
from opsdash.core.view.roles import Role

_FREE, _FILL, _LINE = 0, 1, 2
"""What a cell holds: only a line keeps a threshold away."""
_MOST_ENDS = 12
_DOTTED = 3
"""Of the compared period and of partial buckets every third dot column is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layer:
    """Rasterised series of one kind; the first layers are in front."""

    patterns: raster.Patterns
    inks: NDArray[np.uint16]
    """(S,) one ink a series."""
    signs: NDArray[np.uint32]
    """(S,) what stands for a dot in ASCII."""
    kind: int
    partial: Bools
    """(S, columns of cells): drawn dimmed because the buckets are not complete yet."""


def draw_plot(scene: Scene, canvas: Cells) -> None:
    """Draws the chart on the whole canvas."""
    if canvas.width < 1 or canvas.height < 1:
        return
    kinds = np.zeros(canvas.codes.shape, dtype=np.uint8)
    pen = _Pen(scene, canvas)
    spec = scene.view.spec
    if spec.draw == "bars":
        draw_bars(scene, canvas)
        kinds[canvas.codes != 32] = _FILL
        layers = pen.compare_layers()
    else:
        layers = [*pen.series_layers(), *pen.compare_layers()]
    if layers:
        pen.put(layers, kinds)
    pen.draw_thresholds(kinds)
    if spec.draw in {"lines", "area"}:
        pen.draw_ends()
    pen.draw_infinities()
    pen.draw_alerts()
    pen.draw_cursor()


@dataclass(frozen=True, slots=True, eq=False)
class _Pen:
    scene: Scene
    canvas: Cells

    @property
    def dots(self) -> tuple[int, int]:
        """(columns, rows) of dots in a cell."""
        return (1, 1) if self.scene.look.ascii_only else (raster.DOTS_X, raster.DOTS_Y)

    def _spans(self, columns: raster.Columns, *, join: bool) -> raster.Spans:
        rows = self.canvas.height * self.dots[1]
        return raster.spans_of(columns, self.scene.axis.low, self.scene.axis.high, rows, join=join)

    def _patterns(self, spans: raster.Spans) -> raster.Patterns:
        shape = raster.cells_of if self.scene.look.ascii_only else raster.patterns_of
        return shape(spans, self.canvas.height)

    def series_layers(self) -> list[_Layer]:
        """Lines (or points) in front, the areas under them behind."""
        spec = self.scene.view.spec
        join = spec.draw != "points"
        columns = [self._columns(part, join=join) for part in self.scene.drawn]
        if spec.stacked:
            columns = stacked(columns)
        edges = [self._edge(part, found, join=join) for part, found in zip(self.scene.drawn, columns, strict=True)]
        if spec.draw != "area":
            return edges
        below: Floats | None = None
        fills: list[_Layer] = []
        for part, found in zip(self.scene.drawn, columns, strict=True):
            fills.append(self._fill(part, found, below))
            if spec.stacked and len(found.high):
                below = found.high[-1] if below is None else np.where(np.isnan(found.high[-1]), below, found.high[-1])
        return [*edges, *fills]

    def _columns(self, part: Drawn, *, join: bool) -> raster.Columns:
        return raster.columns_of(
            part.window.times, part.finite, self.scene.span.bounds, self.canvas.width * self.dots[0], join=join
        )

    def _edge(self, part: Drawn, columns: raster.Columns, *, join: bool) -> _Layer:
        spans = self._spans(columns, join=join)
        partial = self._partial_columns(part)
        if partial.any():
            hidden = partial & (np.arange(partial.size) % _DOTTED != 0)
            spans.top[:, hidden] = raster.NOWHERE
            spans.bottom[:, hidden] = -raster.NOWHERE
        if not join and columns.high is not columns.low:
            low = self._spans(raster.Columns(low=columns.low, high=columns.low), join=False)
            high = self._spans(raster.Columns(low=columns.high, high=columns.high), join=False)
            patterns = self._patterns(low) | self._patterns(high)
        else:
            patterns = self._patterns(spans)
        return self._layer(part, patterns, _LINE, partial)

    def _fill(self, part: Drawn, columns: raster.Columns, below: Floats | None) -> _Layer:
        """What lies between each series and zero, or the series below it in a stack."""
        base = np.zeros_like(columns.high)
        if self.scene.view.spec.stacked and len(base):
            base[1:] = columns.high[:-1]
            base[0] = 0.0 if below is None else below
            base = np.where(np.isnan(base), 0.0, base)
        base = np.where(np.isnan(columns.high), np.nan, base)
        body = raster.Columns(low=np.minimum(columns.high, base), high=np.maximum(columns.high, base))
        patterns = self._patterns(self._spans(body, join=False))
        if not self.scene.look.ascii_only:
            spec, look = self.scene.view.spec, self.scene.look
            plain = chr(raster.BRAILLE + FILL_TEXTURES[0])
            shades = [ord(texture(index, spec, look) or plain) - raster.BRAILLE for index in part.indexes]
            patterns = patterns & np.array(shades, dtype=np.uint8)[:, None, None]
        return self._layer(part, patterns, _FILL, self._partial_columns(part))

    def _partial_columns(self, part: Drawn) -> Bools:
        """The dot columns from the first incomplete bucket on."""
        columns = self.canvas.width * self.dots[0]
        answer = part.query.answer
        if answer is None or answer.partial_from_s is None:
            return np.zeros(columns, dtype=bool)
        return np.arange(columns) >= self.scene.span.place(answer.partial_from_s) * columns

    def _layer(self, part: Drawn, patterns: raster.Patterns, kind: int, partial: Bools) -> _Layer:
        count = len(part.indexes)
        dimmed = DIM_ATTR if kind == _FILL else 0
        is_own = kind == _LINE or self.scene.view.spec.stacked
        sign = SERIES_GLYPHS_ASCII if is_own else ":"
        return _Layer(
            patterns=patterns,
            inks=np.array([ink(series_role(index), attributes=dimmed) for index in part.indexes], dtype=np.uint16),
            signs=np.array([ord(sign[index % len(sign)]) for index in part.indexes], dtype=np.uint32),
            kind=kind,
            partial=np.broadcast_to(partial[:: self.dots[0]], (count, self.canvas.width)),
        )

    def compare_layers(self) -> list[_Layer]:
        """The earlier period, dotted, behind everything."""
        layers: list[_Layer] = []
        for part in self.scene.drawn:
            window = part.compare
            if window is None or window.is_empty:
                continue
            width = self.canvas.width * self.dots[0]
            columns = raster.columns_of(window.times, finite(window.values), self.scene.span.bounds, width, join=True)
            spans = self._spans(columns, join=False)
            hidden = np.arange(width) % _DOTTED != 0
            spans.top[:, hidden] = raster.NOWHERE
            spans.bottom[:, hidden] = -raster.NOWHERE
            count = len(window.labels)
            layers.append(
                _Layer(
                    patterns=self._patterns(spans),
                    inks=np.full(count, ink(Role.COMPARE), dtype=np.uint16),
                    signs=np.full(count, ord("."), dtype=np.uint32),
                    kind=_FILL,
                    partial=np.zeros((count, self.canvas.width), dtype=bool),
                )
            )
        return layers

    def put(self, layers: Sequence[_Layer], kinds: NDArray[np.uint8]) -> None:
        """All layers in one step: a cell has the dots of all of them and the ink of the foremost."""
        patterns = np.concatenate([layer.patterns for layer in layers])
        if not len(patterns):
            return
        inks = np.concatenate([layer.inks for layer in layers])
        dots, owner = raster.merged(patterns)
        used = dots != 0
        if self.scene.look.ascii_only:
            signs = np.concatenate([layer.signs for layer in layers])
            np.copyto(self.canvas.codes, signs[owner], where=used)
        else:
            np.copyto(self.canvas.codes, dots.astype(np.uint32) + np.uint32(raster.BRAILLE), where=used)
        shown = inks[owner]
        if any(layer.partial.any() for layer in layers):
            partial = np.concatenate([layer.partial for layer in layers])
            shown[partial[owner, np.arange(self.canvas.width)]] |= DIM_ATTR
        np.copyto(self.canvas.inks, shown, where=used)
        each = np.concatenate([np.full(len(layer.inks), layer.kind, dtype=np.uint8) for layer in layers])
        np.copyto(kinds, each[owner], where=used)

    def draw_thresholds(self, kinds: NDArray[np.uint8]) -> None:
        """Dashed lines behind the series and in front of fills; the critical one is heavier."""
        limits = self.scene.view.spec.thresholds
        for value, role, sign in ((limits.warning, Role.WARNING, "╌"), (limits.critical, Role.CRITICAL, "┅")):
            if value is None or not self.scene.axis.low <= value <= self.scene.axis.high:
                continue
            row = row_of(value, self.scene.axis, self.canvas.height)
            free = kinds[row] != _LINE if self.scene.view.spec.draw != "bars" else kinds[row] == _FREE
            self.canvas.codes[row, free] = ord(sign)
            self.canvas.inks[row, free] = ink(role)

    def draw_ends(self) -> None:
        """The sign of each series at its newest sample: lines can be told apart without colour."""
        if (
            sum(len(part.names) for part in self.scene.drawn) < 2
            or self.canvas.width < 12
            or self.scene.view.spec.stacked
        ):
            return
        for part in reversed(self.scene.drawn):
            times, values = part.last
            for n in reversed(range(min(len(part.names), _MOST_ENDS))):
                if not np.isfinite(values[n]) or not 0 <= part.indexes[n] < _MOST_ENDS:
                    continue
                if not 0 <= self.scene.span.place(float(times[n])) <= 1:
                    continue
                x = min(int(self.scene.span.place(float(times[n])) * self.canvas.width), self.canvas.width - 1)
                y = row_of(float(values[n]), self.scene.axis, self.canvas.height)
                sign = series_glyph(part.indexes[n], ascii_only=self.scene.look.ascii_only)
                self.canvas.put(x, y, sign, ink(series_role(part.indexes[n])))

    def draw_infinities(self) -> None:
        """`↑` at the upper edge where a series is +Inf, `↓` at the lower one for -Inf."""
        width = self.canvas.width
        for part in self.scene.drawn:
            infinite = np.isinf(part.window.values)
            if not infinite.any():
                continue
            for row, sample in np.argwhere(infinite)[: 4 * width].tolist():
                place = self.scene.span.place(float(part.window.times[sample]))
                if not 0 <= place <= 1:
                    continue
                rises = part.window.values[row, sample] > 0
                y, sign = (0, "↑") if rises else (self.canvas.height - 1, "↓")
                style = ink(series_role(part.indexes[row]), attributes=BOLD)
                self.canvas.put(min(int(place * width), width - 1), y, sign, style)

    def draw_alerts(self) -> None:
        """A dotted line at the moment an alert fired, where nothing else is drawn; an arrow with its mark below."""
        foot = self.canvas.height - 1
        for moment in reversed(self.scene.view.alert_marks):
            place = self.scene.span.place(moment.at_s)
            if not 0 <= place <= 1:
                continue
            x = min(int(place * self.canvas.width), self.canvas.width - 1)
            sign, role = severity_sign(moment.severity)
            free = self.canvas.codes[:, x] == 32
            self.canvas.codes[free, x] = ord("┊")
            self.canvas.inks[free, x] = ink(role)
            self.canvas.put(x, foot, "↑", ink(role, attributes=BOLD))
            if x + 1 < self.canvas.width and self.canvas.codes[foot, x + 1] == 32:
                self.canvas.put(x + 1, foot, moment.sign or sign, ink(role, attributes=BOLD))

    def draw_cursor(self) -> None:
        """A vertical line; cells that hold data keep it, on the ground of a selection."""
        cursor = self.scene.look.cursor_s
        if cursor is None or not 0 <= self.scene.span.place(cursor) <= 1:
            return
        x = min(int(self.scene.span.place(cursor) * self.canvas.width), self.canvas.width - 1)
        codes = self.canvas.codes[:, x]
        free = np.isin(codes, (32, ord("╌"), ord("┅")))
        self.canvas.codes[free, x] = ord("│")
        self.canvas.inks[free, x] = ink(Role.CURSOR, attributes=BOLD)
        self.canvas.inks[~free, x] = (self.canvas.inks[~free, x] & ~np.uint16(63 << 6)) | (int(Role.SELECTION) << 6)
