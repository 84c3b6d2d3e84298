"""Draws the inside of a toplist: the largest series with their bars, values and shares of the total."""

from __future__ import annotations

import math
from itertools import count

from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.meter import meter
from opsdash.core.view.ranking import Ranked, Ranking, ranking, share_text
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.units import format_value
from opsdash.core.view.wrap import pad

_VALUE = 7
"""Cells that a value has at least, so that nothing moves when it gains a digit."""
_SHARE = 5
_WIDEST_NAME = 40
_NARROWEST_BAR, _WIDEST_BAR = 6, 80


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """As many of the largest as fit, one a line; the last line says what was left out and the total."""
    cells = Cells(width, height)
    ranked = ranking(view, look)
    if width < 1 or height < 1 or not ranked.first:
        cells.put(0, height // 2, fit("no series has a number now", width), ink(Role.DIM))
        return cells
    has_footer = height > 2 and (len(ranked.first) > height or ranked.count > len(ranked.first))
    room = height - 1 if has_footer else height
    first = min(max(look.scroll, 0), max(len(ranked.first) - room, 0))
    shown = ranked.first[first : first + room]
    step = 2 if room >= 2 * view.spec.limit - 1 else 1
    _draw_rows(cells, shown, (view, look), step)
    if has_footer:
        _draw_footer(cells, ranked, len(shown), (view, first))
    return cells


def _draw_rows(cells: Cells, shown: tuple[Ranked, ...], seen: tuple[PanelView, Look], step: int) -> None:
    """One line each, every `step` lines: as many as the panel's limit would have, so that none moves with the count."""
    view, look = seen
    texts = [format_value(entry.value, entry.unit, view.spec.decimals) for entry in shown]
    value = max(_VALUE, *(text_width(text) for text in texts))
    share = _SHARE if cells.width >= 36 and any(not math.isnan(entry.share) for entry in shown) else 0
    fixed = 2 + value + share + 1
    longest = max(text_width(entry.name[:128]) for entry in shown)
    names_room = max(cells.width - fixed, 0)
    name = min(longest, _WIDEST_NAME, names_room if names_room < 14 else max(names_room - 12, names_room // 2))
    room = min(cells.width - fixed - name - 1, _WIDEST_BAR)
    width = cells.width if room < _WIDEST_BAR else fixed + name + 1 + room
    largest = max((abs(entry.value) for entry in shown if math.isfinite(entry.value)), default=0.0)
    names = short_names(tuple(entry.name for entry in shown), name)
    for y, (entry, text, label) in zip(count(step=step), zip(shown, texts, names, strict=True), strict=False):
        role = Role.STALE if entry.is_gone else level_role(entry.level) if entry.level >= Level.WARNING else Role.TEXT
        mark = ("░" if entry.is_gone else level_mark(entry.level)) if cells.width > 2 else ""
        cells.put(0, y, mark, ink(role, attributes=BOLD))
        cells.put(2, y, pad(label, name), ink(Role.STALE if entry.is_gone else Role.TEXT))
        if room >= _NARROWEST_BAR:
            length = entry.value / largest if largest and math.isfinite(entry.value) else float(entry.value > 0)
            colour = role if role is not Role.TEXT else Role.SERIES_1
            cells.put(2 + name + 1, y, meter(length, room - 1, ascii_only=look.ascii_only), ink(colour))
        end = width - share
        cells.put(max(end - value, 0), y, pad(text, value, "right"), ink(role))
        if share and not math.isnan(entry.share):
            cells.put(end, y, pad(share_text(entry.share), _SHARE, "right"), ink(Role.DIM))


def _draw_footer(cells: Cells, ranked: Ranking, shown: int, place: tuple[PanelView, int]) -> None:
    view, first = place
    said = f"top {shown} of {ranked.count:,}" if not first else f"{first + 1}–{first + shown} of {ranked.count:,}"
    if not math.isnan(ranked.total):
        said += f", total {format_value(ranked.total, ranked.first[0].unit, view.spec.decimals)}"
    cells.put(0, cells.height - 1, fit(said, cells.width), ink(Role.DIM))
