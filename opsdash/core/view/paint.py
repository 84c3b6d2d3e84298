"""Draws one panel, whatever its kind, as cells."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.text import clean, fit
from opsdash.core.view.alerts.signs import severity_sign
from opsdash.core.view.cells import DIM_ATTR, Cells, ink
from opsdash.core.view.crowd import crowd_note
from opsdash.core.view.draw import (
    alerts,
    bargauge,
    cost,
    gauge,
    heatmap,
    logs,
    slo,
    stat,
    status,
    table,
    text,
    timeseries,
    toplist,
)
from opsdash.core.view.drawn import drawn_series, worst_series
from opsdash.core.view.frame import SMALLEST, Mark, draw_frame, state_marks
from opsdash.core.view.levels import Level, level_mark, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.palette import WAITING_MARK, state_mark, state_role
from opsdash.core.view.panels import PanelKind
from opsdash.core.view.plain_ascii import to_ascii
from opsdash.core.view.roles import Role
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.wrap import wrap

_WITH_LEVELS = frozenset({PanelKind.TIMESERIES, PanelKind.STAT, PanelKind.GAUGE, PanelKind.BARGAUGE})
_TALL = 12
"""Rows from which on a long message may take some from the content."""


def paint(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The whole panel with its frame, title, state and content, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < SMALLEST[0] or height < SMALLEST[1]:
        _draw_tiny(cells, view)
    else:
        shown = _has_content(view)
        inside = _drawn if shown else _message
        whole = _whole_message(view, width - 4, height - 2, look) if shown else ()
        below = [(line, Role.DIM) for line in _about(view, width - 4, height - 2, look)]
        below += [(line, state_role(view.state)) for line in whole]
        cells.blit(1, 1, inside(view, width - 2, height - 2 - len(below), look))
        for n, (line, role) in enumerate(below):
            cells.put(2, height - 1 - len(below) + n, line, ink(role))
        if view.state is Freshness.STALE:
            cells.inks |= DIM_ATTR
        view = _with_note(view, look)
        draw_frame(cells, view, look, [*_worst_marks(view, look), *state_marks(view)], with_message=shown and not whole)
    if look.ascii_only:
        to_ascii(cells)
    return cells


def _with_note(view: PanelView, look: Look) -> PanelView:
    """The same with what a chart says of series that it does not draw on their own."""
    if view.spec.kind is not PanelKind.TIMESERIES:
        return view
    note = crowd_note(drawn_series(view, look), view.spec)
    return replace(view, notes=(*view.notes, note)) if note else view


def _draw_tiny(cells: Cells, view: PanelView) -> None:
    """No room for a frame: the state's mark and as much of the title as there is."""
    sign = WAITING_MARK if view.waiting else state_mark(view.state)
    x = cells.put(0, 0, sign, ink(state_role(view.state))) if sign else 0
    cells.put(x, 0, fit(view.spec.title, cells.width - x), ink(Role.TITLE))


def _worst_marks(view: PanelView, look: Look) -> list[Mark]:
    """The worst alert of the panel while one fires, by what it is about; else the worst series."""
    firing = [moment for moment in view.alert_marks if moment.is_firing]
    if not firing:
        return _level_marks(view, look)
    worst = max(firing, key=lambda moment: moment.severity)
    sign, role = severity_sign(worst.severity)
    sign = worst.sign or sign
    more = f" +{len(firing) - 1}" if len(firing) > 1 else ""
    return [Mark(f"{sign} {fit(worst.who, 24)}{more}".rstrip(), role, sign)]


def _level_marks(view: PanelView, look: Look) -> list[Mark]:
    """The worst series, by name, where a threshold is reached."""
    if view.spec.kind not in _WITH_LEVELS:
        return []
    calc = "last" if view.spec.kind is PanelKind.TIMESERIES else view.spec.calc
    level, who = worst_series(drawn_series(view, look), view.spec.thresholds, calc)
    if level < Level.WARNING:
        return []
    sign = level_mark(level)
    return [Mark(f"{sign} {who}".rstrip(), level_role(level), sign)]


def _has_content(view: PanelView) -> bool:
    if view.spec.kind in {PanelKind.TEXT, PanelKind.ALERTS, PanelKind.SLO}:
        return True
    for query in view.queries:
        answer = query.answer
        if not query.window.is_empty or (answer is not None and (answer.rows or answer.table is not None)):
            return True
    return False


def _message(view: PanelView, width: int, height: int, look: Look) -> Cells:  # noqa: ARG001 - drawn like a kind
    """Why there is nothing to draw, wrapped, in the middle of the panel."""
    cells = Cells(width, height)
    if view.waiting:
        text, role = f"{WAITING_MARK} asked {view.spec.source}".rstrip(), Role.DIM
    else:
        text, role = view.message or _default_message(view), state_role(view.state)
    lines = wrap(text, max(width - 2, 1))[:height]
    top = (height - len(lines)) // 2
    for n, line in enumerate(lines):
        cells.put(1 if width > 2 else 0, top + n, line, ink(role))
    return cells


def _default_message(view: PanelView) -> str:
    match view.state:
        case Freshness.ERROR:
            return "no answer yet"
        case Freshness.NO_DATA | Freshness.FRESH:
            return "no data in this time range"
        case Freshness.LATE | Freshness.STALE:
            return "no data in the last answer"
        case _:
            assert_never(view.state)


def _about(view: PanelView, width: int, height: int, look: Look) -> tuple[str, ...]:
    """Maximised, a panel says below its content what it is about, as its configuration describes it."""
    if not look.maximised or not view.spec.description or height < _TALL:
        return ()
    return wrap(clean(view.spec.description), width)[: height // 4]


def _whole_message(view: PanelView, width: int, height: int, look: Look) -> tuple[str, ...]:
    """Maximised, a message that the bottom line would cut is shown whole below the content."""
    if not look.maximised or not view.message or view.state is Freshness.FRESH or height < _TALL:
        return ()
    lines = wrap(view.message, width)
    return lines[: height // 4] if len(lines) > 1 else ()


def _drawn(view: PanelView, width: int, height: int, look: Look) -> Cells:  # noqa: C901, PLR0911, PLR0912 - one case a kind
    match view.spec.kind:
        case PanelKind.TIMESERIES:
            return timeseries.draw(view, width, height, look)
        case PanelKind.STAT:
            return stat.draw(view, width, height, look)
        case PanelKind.GAUGE:
            return gauge.draw(view, width, height, look)
        case PanelKind.BARGAUGE:
            return bargauge.draw(view, width, height, look)
        case PanelKind.HEATMAP:
            return heatmap.draw(view, width, height, look)
        case PanelKind.TABLE:
            return table.draw(view, width, height, look)
        case PanelKind.STATUS:
            return status.draw(view, width, height, look)
        case PanelKind.LOGS:
            return logs.draw(view, width, height, look)
        case PanelKind.TEXT:
            return text.draw(view, width, height, look)
        case PanelKind.TOPLIST:
            return toplist.draw(view, width, height, look)
        case PanelKind.COST:
            return cost.draw(view, width, height, look)
        case PanelKind.ALERTS:
            return alerts.draw(view, width, height, look)
        case PanelKind.SLO:
            return slo.draw(view, width, height, look)
        case _:
            assert_never(view.spec.kind)
