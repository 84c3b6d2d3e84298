"""`offset`, `@` and `[…]` put on an expression: the new expression, or what is wrong in Prometheus's words."""

from __future__ import annotations

import math
from dataclasses import replace

from opsdash.core.promql.nodes import Edge, Expr, RangeSelector, Selector, Shift, Subquery

_NOT_HERE = "modifier must be preceded by an instant vector selector or range vector selector or a subquery"
_TWICE = "@ <timestamp> may not be set multiple times"
_MOST = 2.0**63
_LAST_MS = 2**53
"""Times are counted in 64 bits; far beyond any sample they are cut, so that sums of them stay in."""

Modified = tuple[Expr, str]
"""What an expression becomes, and what is wrong with that; empty: nothing."""


def _shift_of(expr: Expr) -> Shift | None:
    if isinstance(expr, RangeSelector):
        return expr.selector.shift
    return expr.shift if isinstance(expr, Selector | Subquery) else None


def _shifted(expr: Expr, shift: Shift) -> Expr:
    if isinstance(expr, RangeSelector):
        return replace(expr, selector=replace(expr.selector, shift=shift))
    return replace(expr, shift=shift) if isinstance(expr, Selector | Subquery) else expr


def offset_by(expr: Expr, offset_ms: int) -> Modified:
    """`expr offset 5m`."""
    shift = _shift_of(expr)
    if shift is None:
        return expr, f"offset {_NOT_HERE}"
    if shift.offset_ms:
        return expr, "offset may not be set multiple times"
    return _shifted(expr, replace(shift, offset_ms=max(-_LAST_MS, min(offset_ms, _LAST_MS)))), ""


def at_time(expr: Expr, seconds: float) -> Modified:
    """`expr @ 1700000000`."""
    if not math.isfinite(seconds) or abs(seconds) >= _MOST:
        shown = "NaN" if math.isnan(seconds) else f"{seconds:f}" if math.isfinite(seconds) else f"{seconds:+f}".title()
        return expr, f"timestamp out of bounds for @ modifier: {shown}"
    milliseconds = math.floor(abs(seconds) * 1000 + 0.5)
    return _at(expr, int(math.copysign(min(milliseconds, _LAST_MS), seconds)))


def at_edge(expr: Expr, edge: Edge) -> Modified:
    """`expr @ start()`."""
    return _at(expr, edge)


def _at(expr: Expr, at: int | Edge) -> Modified:
    shift = _shift_of(expr)
    if shift is None:
        return expr, f"@ {_NOT_HERE}"
    if shift.at is not None:
        return expr, _TWICE
    return _shifted(expr, replace(shift, at=at)), ""


def ranged(expr: Expr, range_ms: int, end: int) -> Modified:
    """`expr[5m]`."""
    if not isinstance(expr, Selector):
        return expr, "ranges only allowed for vector selectors"
    result = RangeSelector(selector=expr, range_ms=range_ms, start=expr.start, end=end)
    if expr.shift.offset_ms:
        return result, "no offset modifiers allowed before range"
    return result, "no @ modifiers allowed before range" if expr.shift.at is not None else ""
