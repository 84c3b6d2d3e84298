"""Draws the inside of a cost panel: per hour and per month, by component, and what a thousand requests cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from opsdash.core.metrics.cost import HOURS_PER_MONTH, Trend, per_hour, per_thousand_requests, trend_of
from opsdash.core.metrics.reduce import reduce
from opsdash.core.metrics.window import Window
from opsdash.core.text import fit, text_width
from opsdash.core.view.cells import BOLD, Cells, ink
from opsdash.core.view.drawn import drawn_series
from opsdash.core.view.levels import Level, level_mark, level_of, level_role
from opsdash.core.view.look import Look
from opsdash.core.view.meter import meter
from opsdash.core.view.ranking import share_text
from opsdash.core.view.roles import Role
from opsdash.core.view.short_names import short_names
from opsdash.core.view.snapshot import PanelView
from opsdash.core.view.time_axis import instant_label
from opsdash.core.view.units import format_fixed, format_value
from opsdash.core.view.wrap import pad

REQUESTS = "requests"
"""Name of the query that gives requests per second."""

_NARROWEST_BAR, _WIDEST_BAR = 5, 80
_WIDEST_NAME = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The numbers of a cost panel."""

    components: tuple[tuple[str, float], ...]
    """(name, price per hour), dearest first; a component without a number is NaN and stands last."""
    hourly: float
    """Their sum; NaN when no component has a number."""
    unknown: int
    """Components without a number, which the sum leaves out."""
    per_thousand: float | None
    """Price of 1,000 requests; None where the panel does not ask, NaN when there are no requests."""
    trend: Trend | None
    unit: str


def spending_of(view: PanelView, look: Look) -> Spending:
    """What the panel's queries say; the query named `requests` is not a component."""
    costs = replace(view, queries=tuple(query for query in view.queries if query.spec.name != REQUESTS))
    found: list[tuple[str, float]] = []
    windows: list[Window] = []
    unit = view.spec.unit
    for part in drawn_series(costs, look):
        window = part.shown if part.window.times.size > 1 else part.window
        windows.append(window)
        unit = unit or part.unit
        numbers = reduce(window, view.spec.calc).tolist()
        found += [(name, per_hour(value, view.spec.per)) for name, value in zip(part.names, numbers, strict=True)]
    known = [value for _, value in found if not math.isnan(value)]
    found.sort(key=lambda entry: (math.isnan(entry[1]), -entry[1] if not math.isnan(entry[1]) else 0.0, entry[0]))
    hourly = sum(known) if known else math.nan
    return Spending(
        components=tuple(found),
        hourly=hourly,
        unknown=len(found) - len(known),
        per_thousand=_per_thousand(view, hourly),
        trend=trend_of(windows) if view.spec.calc == "last" else None,
        unit=unit or "currencyUSD",
    )


def draw(view: PanelView, width: int, height: int, look: Look) -> Cells:
    """The sums in the first line, then what they are made of, then the price of 1,000 requests and the change."""
    cells = Cells(width, height)
    spending = spending_of(view, look)
    if width < 1 or height < 1 or not spending.components:
        return cells
    _draw_sums(cells, spending, view)
    feet = _feet(spending, view, look)
    feet = feet[: max(height - 3, 0)] if height > 3 else []
    room = height - 1 - len(feet)
    first = min(max(look.scroll, 0), max(len(spending.components) - room, 0))
    shown = spending.components[first : first + room]
    left_out = len(spending.components) - len(shown)
    is_summed = False
    if left_out > 0 and room > 1:
        shown = shown[: room - 1]
        rest = spending.components[first + len(shown) :]
        is_summed = bool(rest) and not first
        if is_summed:
            shown = (*shown, (f"{len(rest)} more", sum(value for _, value in rest if not math.isnan(value))))
    _draw_components(cells, shown, spending, look, alone=len(shown) - int(is_summed))
    y = 1 + min(room, len(shown) + (1 if len(shown) < room else 0))
    for n, (text, role) in enumerate(feet):
        cells.put(0, y + n, fit(text, width), ink(role))
    return cells


def row_count(view: PanelView, look: Look) -> int:
    """How many lines show all of it."""
    spending = spending_of(view, look)
    return 1 + len(spending.components) + len(_feet(spending, view, look))


def _per_thousand(view: PanelView, hourly: float) -> float | None:
    for query in view.queries:
        if query.spec.name == REQUESTS:
            rates = [value for value in reduce(query.window, "last").tolist() if not math.isnan(value)]
            return per_thousand_requests(hourly, sum(rates)) if rates else math.nan
    return None


def _draw_sums(cells: Cells, spending: Spending, view: PanelView) -> None:
    level = level_of(spending.hourly, view.spec.thresholds)
    bad = level >= Level.WARNING
    x = 0
    if bad:
        x = cells.put(0, 0, level_mark(level) + " ", ink(level_role(level), attributes=BOLD))
    if math.isnan(spending.hourly):
        cells.put(x, 0, fit("no price now", cells.width - x), ink(Role.NO_DATA))
        return
    hour = _money(spending.hourly, spending.unit, view.spec.decimals) + "/h"
    month = _money(spending.hourly * HOURS_PER_MONTH, spending.unit, view.spec.decimals) + "/month"
    x = cells.put(x, 0, fit(hour, cells.width - x), ink(level_role(level) if bad else Role.TITLE, attributes=BOLD))
    if x + 2 + text_width(month) <= cells.width:
        x = cells.put(x + 3 if x + 3 + text_width(month) <= cells.width else x + 1, 0, month, ink(Role.TEXT))


def _money(value: float, unit: str, decimals: int | None) -> str:
    """Three digits and never less than cents where it is small: `$71.40`, `$52.1k`."""
    if decimals is None and 1 <= abs(value) < 1000:
        decimals = 2
    return format_value(value, unit, decimals)


def _draw_components(
    cells: Cells, shown: tuple[tuple[str, float], ...], spending: Spending, look: Look, *, alone: int
) -> None:
    """Name, bar, price and share of each; those after the first `alone` are sums of others and have no bar."""
    if not shown:
        return
    finite = [value for _, value in shown[:alone] if math.isfinite(value)]
    decimals = 2 if finite and 1 <= max(abs(value) for value in finite) < 1000 else None
    texts = format_fixed([value for _, value in shown], spending.unit, decimals)
    number = max(7, *(text_width(text) for text in texts))
    share = 5 if cells.width >= 40 else 0
    names_room = max(cells.width - number - share - 1, 0)
    longest = max(text_width(name[:128]) for name, _ in shown)
    width = min(longest, _WIDEST_NAME, names_room if names_room < 14 else max(names_room // 2, 10))
    names = short_names(tuple(name for name, _ in shown), width)
    room = min(cells.width - width - number - share - 2, _WIDEST_BAR)
    end = cells.width - share if room < _WIDEST_BAR else width + number + 2 + room
    largest = max((abs(value) for value in finite), default=0.0)
    for y, ((_, value), name, text) in enumerate(zip(shown, names, texts, strict=True), 1):
        cells.put(0, y, pad(name, width), ink(Role.TEXT if y <= alone else Role.DIM))
        if room >= _NARROWEST_BAR and largest and y <= alone:
            length = value / largest if math.isfinite(value) else 0.0
            cells.put(width + 1, y, meter(length, room, ascii_only=look.ascii_only), ink(Role.SERIES_1))
        known = not math.isnan(value)
        cells.put(
            max(end - number, 0),
            y,
            pad(text if known else "–", number, "right"),
            ink(Role.TEXT if known else Role.NO_DATA),
        )
        if share and known and spending.hourly > 0:
            cells.put(end, y, pad(share_text(value / spending.hourly), share, "right"), ink(Role.DIM))


def _feet(spending: Spending, view: PanelView, look: Look) -> list[tuple[str, Role]]:
    """The lines at the end, the most needed first."""
    feet: list[tuple[str, Role]] = []
    if spending.unknown:
        feet.append((f"without {spending.unknown} that gave no number", Role.NO_DATA))
    price = spending.per_thousand
    if price is not None:
        text = "no requests" if math.isnan(price) else f"{format_value(price, spending.unit)} per 1,000 requests"
        feet.append((text, Role.TEXT))
    change = _change(spending)
    if change and spending.trend is not None:
        since = instant_label(spending.trend.since_s, view.end_s - view.start_s, look.zone)
        feet.append((f"{change} since {since}" if since else change, Role.DIM))
    return feet


def _change(spending: Spending) -> str:
    """`+4.2%`, or nothing where there is nothing to compare with."""
    if spending.trend is None or not math.isfinite(spending.trend.ratio):
        return ""
    ratio = spending.trend.ratio
    if abs(ratio) < 0.0005:
        return "unchanged"
    return f"{'↑' if ratio > 0 else '↓'} {ratio * 100:+.1f}%"
