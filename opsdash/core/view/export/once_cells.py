"""A whole snapshot as one tall canvas: for reading from top to bottom, or as the grid of its dashboards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opsdash.core.duration import format_duration
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import fit
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.draw.cost import row_count as cost_rows
from opsdash.core.view.drawn import drawn_series
from opsdash.core.view.layout import place
from opsdash.core.view.log_rows import rows_of as log_rows_of
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.palette import state_mark, state_role
from opsdash.core.view.panels import Dashboard, PanelKind
from opsdash.core.view.plain_ascii import to_ascii
from opsdash.core.view.ranking import ranking
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView, Snapshot, SourceView
from opsdash.core.view.table_rows import rows_of as table_rows_of
from opsdash.core.view.wrap import wrap

NARROWEST, WIDEST = 40, 240
"""What a width is brought into."""
PAGE = 50
"""Rows that one page of the grid is laid out for."""

_SMALL = frozenset({PanelKind.STAT, PanelKind.GAUGE})
_SMALL_WIDTH, _SMALL_HEIGHT = 24, 7
_PLOT_HEIGHT = 16
_TALLEST_LIST = 60
_EMPTY_HEIGHT = 5


def reading_cells(snapshot: Snapshot, dashboards: Sequence[Dashboard], width: int, look: Look) -> Cells:
    """Each panel over the whole width and as high as it needs, below the header; small ones side by side."""
    width = min(max(width, NARROWEST), WIDEST)
    parts = [_header(snapshot, width, look)]
    for dashboard in dashboards:
        parts.append(_heading(dashboard.title, width))
        views = [snapshot.panels[panel.id] for panel in dashboard.panels if panel.id in snapshot.panels]
        while views:
            small = _leading_small(views, width)
            row, views = views[: max(small, 1)], views[max(small, 1) :]
            parts.append(
                _side_by_side(row, width, look) if small else paint(row[0], width, _height(row[0], width, look), look)
            )
    return _stacked(parts, width, look)


def grid_cells(snapshot: Snapshot, dashboards: Sequence[Dashboard], width: int, look: Look) -> Cells:
    """Each dashboard as the screen lays it out, page below page."""
    width = min(max(width, NARROWEST), WIDEST)
    parts = [_header(snapshot, width, look)]
    for dashboard in dashboards:
        parts.append(_heading(dashboard.title, width))
        shown = [panel for panel in dashboard.panels if panel.id in snapshot.panels]
        placement = place(shown, width, PAGE)
        for number in range(placement.pages):
            placed = placement.page(number)
            page = Cells(width, max((one.y + one.h for one in placed), default=0))
            for one in placed:
                page.blit(one.x, one.y, paint(snapshot.panels[one.id], one.w, one.h, look))
            parts.append(page)
    return _stacked(parts, width, look)


def _stacked(parts: Sequence[Cells], width: int, look: Look) -> Cells:
    whole = Cells(width, sum(part.height for part in parts))
    y = 0
    for part in parts:
        whole.blit(0, y, part)
        y += part.height
    if look.ascii_only:
        to_ascii(whole)
    return whole


def _header(snapshot: Snapshot, width: int, look: Look) -> Cells:
    """Environment, title, time and range; then the sources, those that failed with the reason."""
    failed = [source for source in snapshot.sources if source.message is not None]
    reasons = [line for source in failed for line in wrap(f"{source.name}: {source.message}", width - 2)]
    cells = Cells(width, 2 + len(reasons))
    x = 0
    if snapshot.environment:
        x = cells.put(0, 0, f" {snapshot.environment.upper()} ", ink(Role.TITLE, Role.ENVIRONMENT, BOLD)) + 1
    x = cells.put(x, 0, fit(snapshot.title, width - x), ink(Role.TITLE, attributes=BOLD))
    when = f"{format_duration(snapshot.time_range.length_s)} to {_moment(snapshot.end_s, look)}"
    if x + 2 + len(when) <= width:
        cells.put(width - len(when), 0, when, ink(Role.DIM))
    x = 0
    for source in snapshot.sources:
        x = cells.put(x, 1, source.name, ink(Role.TEXT)) + 1
        x = cells.put(x, 1, _health(source), ink(state_role(source.state))) + 3
    for y, line in enumerate(reasons, 2):
        cells.put(2, y, line, ink(Role.ERROR))
    return cells


def _moment(at_s: float, look: Look) -> str:
    try:
        return f"{datetime.fromtimestamp(at_s, look.zone):%Y-%m-%d %H:%M:%S %Z}".rstrip()
    except (ValueError, OverflowError, OSError):
        return ""


def _health(source: SourceView) -> str:
    if source.state is Freshness.NO_DATA and source.message is None:
        return "no answer" if source.polls else "not asked"
    mark = state_mark(source.state)
    rtt = "" if source.rtt_s is None else f" {source.rtt_s * 1000:.0f} ms"
    return f"{mark} {source.state}" if mark else f"ok{rtt}"


def _heading(title: str, width: int) -> Cells:
    cells = Cells(width, 2)
    cells.put(0, 1, fit(title, width), ink(Role.ACCENT, attributes=BOLD))
    return cells


def _leading_small(views: Sequence[PanelView], width: int) -> int:
    """How many panels at the start are small ones that fit side by side."""
    count = 0
    while count < min(len(views), width // _SMALL_WIDTH) and views[count].spec.kind in _SMALL:
        count += 1
    return count


def _side_by_side(views: Sequence[PanelView], width: int, look: Look) -> Cells:
    cells = Cells(width, _SMALL_HEIGHT)
    for n, view in enumerate(views):
        left, right = n * width // len(views), (n + 1) * width // len(views)
        cells.blit(left, 0, paint(view, right - left, _SMALL_HEIGHT, look))
    return cells


def _height(view: PanelView, width: int, look: Look) -> int:
    """Rows with the frame: as many as its content has, where it is a list."""
    if not _is_filled(view):
        return _EMPTY_HEIGHT
    match view.spec.kind:
        case PanelKind.TABLE:
            rows = len(table_rows_of(view, look).rows) + 1
        case PanelKind.LOGS:
            rows = len(log_rows_of(view, look).rows)
        case PanelKind.TEXT:
            rows = len(wrap(view.spec.text, width - 2))
        case PanelKind.TOPLIST:
            ranked = ranking(view, look)
            rows = len(ranked.first) + (1 if ranked.count > len(ranked.first) else 0)
        case PanelKind.COST:
            rows = cost_rows(view, look)
        case PanelKind.STATUS | PanelKind.BARGAUGE:
            rows = sum(len(part.names) for part in drawn_series(view, look)) + 1
        case _:
            return _PLOT_HEIGHT
    return min(max(rows, 1), _TALLEST_LIST) + 2


def _is_filled(view: PanelView) -> bool:
    if view.spec.kind is PanelKind.TEXT:
        return True
    return any(
        not query.window.is_empty or (query.answer is not None and bool(query.answer.rows or query.answer.table))
        for query in view.queries
    )
