"""Silences: what they hide, who made them and why, until when; expired ones stay for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from opsdash.core.alerting.picture import SilenceLine
from opsdash.core.text import clean
from opsdash.core.view.alerts.grid import (
    GridColumn,
    Word,
    draw_heading,
    draw_row,
    draw_selection,
    first_shown,
    placed,
)
from opsdash.core.view.alerts.words import day_clock, length_word, one_line
from opsdash.core.view.cells import BOLD, Cells
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role

_STATES = {"active": ("z", Role.WARNING), "pending": ("…", Role.DIM), "expired": ("·", Role.DIM)}
COLUMNS = (
    GridColumn(title="#", width=2, right=True, rank=3),
    GridColumn(title="", width=1),
    GridColumn(title="state", width=8, rank=2),
    GridColumn(title="hides", width=6, right=True),
    GridColumn(title="matchers", width=22, grows=4, most=80),
    GridColumn(title="until", width=11, right=True),
    GridColumn(title="left", width=7, right=True),
    GridColumn(title="by", width=10, rank=1),
    GridColumn(title="comment", width=16, rank=4, grows=3),
)


def draw_silences(  # noqa: PLR0913, PLR0917 - a table has a size, a time and a selected line
    silences: Sequence[SilenceLine], width: int, height: int, now_s: float, zone: tzinfo, selected: int, *,
    ascii_only: bool = False,
) -> Cells:  # fmt: skip
    """A heading and a line a silence, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 12 or height < 1:
        return cells
    columns = placed(COLUMNS, width - 3)
    draw_heading(cells, 2, 0, columns)
    first = first_shown(selected, len(silences), height - 1)
    for y, line in enumerate(silences[first : first + height - 1], start=1):
        index = first + y - 1
        if index == selected:
            draw_selection(cells, y, ascii_only=ascii_only)
        words = _words(index, line, now_s, zone)
        draw_row(cells, 2, y, columns, words, Role.SELECTION if index == selected else Role.GROUND)
    return cells


def matchers_word(line: SilenceLine) -> str:
    """`service="orders" team=~"shop|pay"`, clean."""
    return clean("  ".join(str(matcher) for matcher in line.silence.matchers)) or "everything"


def _words(index: int, line: SilenceLine, now_s: float, zone: tzinfo) -> list[Word]:
    silence = line.silence
    sign, role = _STATES.get(line.state, _STATES["expired"])
    is_active = line.state == "active"
    if line.state == "pending":
        left = f"in {age_text(silence.starts_at_s - now_s)}"
    elif is_active:
        left = length_word(silence.ends_at_s - now_s)
    else:
        left = f"-{age_text(now_s - silence.ends_at_s)}"
    by = f"{silence.by}@{silence.origin}" if silence.origin else silence.by
    text = Role.TEXT if is_active else Role.DIM
    return [
        Word(text=str(index + 1), role=Role.ACCENT if index < 9 else Role.DIM),
        Word(text=sign, role=role, attributes=BOLD if is_active else 0),
        Word(text=line.state, role=role),
        Word(text=f"{line.hides:,}" if is_active else "–", role=text),
        Word(text=matchers_word(line), role=text),
        Word(text=day_clock(silence.ends_at_s, now_s, zone), role=text),
        Word(text=left, role=text),
        Word(text=one_line(by), role=text),
        Word(text=one_line(silence.comment), role=Role.DIM),
    ]
