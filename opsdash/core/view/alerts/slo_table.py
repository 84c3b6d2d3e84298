"""SLOs: the budget that is left, how fast it burns over each window, and what that means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from opsdash.core.alerting.health import SloStatus
from opsdash.core.alerting.rules import BURN_WINDOWS, BurnWindow
from opsdash.core.alerting.severity import Severity
from opsdash.core.duration import format_duration, parse_duration
from opsdash.core.text import fit
from opsdash.core.view.alerts.grid import (
    GridColumn,
    Word,
    draw_heading,
    draw_row,
    draw_selection,
    first_shown,
    placed,
)
from opsdash.core.view.alerts.signs import severity_sign
from opsdash.core.view.alerts.words import length_word, one_line
from opsdash.core.view.cells import BOLD, Cells
from opsdash.core.view.palette import age_text
from opsdash.core.view.roles import Role

_BAR = 10
_LOW = 0.25
"""Less budget than this is worth a mark of its own."""


def draw_slos(  # noqa: PLR0913 - a table has a size, a time and a selected line
    slos: Sequence[SloStatus], width: int, height: int, now_s: float, selected: int = -1, *,
    ascii_only: bool = False,
) -> Cells:  # fmt: skip
    """A heading and a line an SLO, in exactly `width` × `height` cells."""
    cells = Cells(width, height)
    if width < 12 or height < 1:
        return cells
    margin = 2 if selected >= 0 else 0
    windows = windows_of(slos)
    columns = placed(_columns(windows), width - margin - 1)
    draw_heading(cells, margin, 0, columns)
    bar = next((place.w for place in columns if place.column.title == "budget"), _BAR)
    first = first_shown(selected, len(slos), height - 1)
    for y, slo in enumerate(slos[first : first + height - 1], start=1):
        is_selected = selected >= 0 and first + y - 1 == selected
        if is_selected:
            draw_selection(cells, y, ascii_only=ascii_only)
        ground = Role.SELECTION if is_selected else Role.GROUND
        draw_row(cells, margin, y, columns, _words(slo, windows, now_s, bar, ascii_only=ascii_only), ground)
    return cells


def windows_of(slos: Sequence[SloStatus]) -> tuple[str, ...]:
    """The windows that burn rates are known for, from short to long; at most six."""
    names = {name for slo in slos for name in slo.burn_rates}
    return tuple(sorted(names, key=lambda name: parse_duration(name) or math.inf)[:6])


def _columns(windows: Sequence[str]) -> tuple[GridColumn, ...]:
    return (
        GridColumn(title="", width=1),
        GridColumn(title="objective", width=20, grows=2, most=40),
        GridColumn(title="of", width=7, right=True, rank=1),
        GridColumn(title="over", width=5, right=True, rank=3),
        GridColumn(title="left", width=6, right=True),
        GridColumn(title="budget", width=_BAR, rank=2, grows=1, most=24),
        *(GridColumn(title=f"burn {fit(name, 4)}", width=9, right=True, rank=4 + n) for n, name in enumerate(windows)),
        GridColumn(title="gone in", width=8, right=True),
        GridColumn(title="", width=12, rank=30, grows=3),
    )


def level_of(slo: SloStatus) -> tuple[str, Role]:
    """The mark of an SLO: unknown, overspent, little left, well."""
    if slo.message or math.isnan(slo.budget_left):
        return "◆", Role.NO_DATA
    if slo.budget_left <= 0:
        return severity_sign(Severity.CRITICAL)
    return severity_sign(Severity.WARNING) if slo.budget_left < _LOW else ("✓", Role.OK)


def _words(slo: SloStatus, windows: Sequence[str], now_s: float, bar: int, *, ascii_only: bool) -> list[Word]:
    sign, role = level_of(slo)
    left = slo.budget_left
    rates = {parse_duration(name): rate for name, rate in slo.burn_rates.items()}
    burns = [_burn(slo.burn_rates.get(name, math.nan), parse_duration(name), rates) for name in windows]
    about = one_line(slo.message) if slo.message else f"as of {age_text(now_s - slo.at_s)} ago"
    return [
        Word(text=sign, role=role, attributes=BOLD),
        Word(text=slo.name, attributes=BOLD if role in (Role.CRITICAL, Role.WARNING) else 0),
        Word(text=objective_word(slo.objective), role=Role.DIM),
        Word(text=format_duration(slo.window_s), role=Role.DIM),
        Word(text="–" if math.isnan(left) else f"{min(max(left, -9.99), 9.99):.0%}", role=role),
        Word(text=budget_bar(left, bar, ascii_only=ascii_only), role=role),
        *burns,
        Word(text=gone_in(slo), role=role if left <= 0 else Role.TEXT),
        Word(text=about, role=Role.DIM),
    ]


def objective_word(objective: float) -> str:
    """`99.9%`: as many digits as it has."""
    return f"{objective * 100:.6g}%"


def budget_bar(left: float, width: int, *, ascii_only: bool = False) -> str:
    """What is left of the budget, from the left; the rest is dotted. Overspent is empty, unknown blank."""
    if math.isnan(left):
        return ""
    full = max(round(min(max(left, 0.0), 1.0) * width), 1 if left > 0 else 0)
    return ("#" if ascii_only else "█") * full + ("." if ascii_only else "·") * (width - full)


def gone_in(slo: SloStatus) -> str:
    """When the budget is gone if it goes on like in the shortest hour or more that is known."""
    if math.isnan(slo.budget_left):
        return "–"
    if slo.budget_left <= 0:
        return "gone"
    for name in sorted(slo.burn_rates, key=lambda name: parse_duration(name) or math.inf):
        rate = slo.burn_rates[name]
        if (parse_duration(name) or 0) >= 3600 and math.isfinite(rate):
            return "never" if rate <= 0 else length_word(slo.budget_left * slo.window_s / rate)
    return "–"


def _burn(rate: float, window_s: float | None, rates: Mapping[float | None, float]) -> Word:
    """A burn rate with the mark of the alert that it makes: both windows of a pair have to burn that fast."""
    if not math.isfinite(rate):
        return Word(text="–", role=Role.DIM)
    held = [burn for burn in BURN_WINDOWS if window_s in (burn.long_s, burn.short_s) and _burns(burn, rates)]
    if not held:
        return Word(text=f"{rate:.1f}×", role=Role.TEXT)
    sign, role = severity_sign(max(burn.severity for burn in held))
    return Word(text=f"{sign} {rate:.1f}×", role=role, attributes=BOLD)


def _burns(burn: BurnWindow, rates: Mapping[float | None, float]) -> bool:
    return all(rates.get(seconds, math.nan) > burn.factor for seconds in (burn.long_s, burn.short_s))


def slo_words(slo: SloStatus) -> str:
    """What the numbers mean: `12% of the budget is left: 26m of 43m12s of full failure. Alerts: over 14.4× …`."""
    if math.isnan(slo.budget_left):
        return one_line(slo.message)
    whole = (1 - slo.objective) * slo.window_s
    spent = f"{max(1 - slo.budget_left, 0.0):.0%} of the budget of {format_duration(slo.window_s)} is spent"
    left = length_word(max(slo.budget_left, 0.0) * whole)
    pairs = ", ".join(
        f"{burn.severity.word} over {burn.factor:.3g}× in {format_duration(burn.short_s)} and "
        f"{format_duration(burn.long_s)}"
        for burn in BURN_WINDOWS
    )
    return f"{spent}; what is left is {left} in which everything fails, of {length_word(whole)}. Alerts: {pairs}."
