"""Incremental fetch: what has to be asked so that a window is complete again.

Query times are aligned to the step. After the first fill only the new steps and a short overlap are asked for.
Between two steps a live window gets its newest value from an instant query: at a step of five minutes, "live 5s"
is still true.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor

from opsdash.core.metrics.queries import EsQuery, MetricQuery, PromQuery, Span

OVERLAP_STEPS = 2
"""The last step may have been asked before its samples were in; the one before it must not change any more."""
REFILL_ES_EVERY_S = 300.0
"""Top groups of a log query are chosen anew this often."""

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_CHANGES_THE_PAST = re.compile(r"@\s*(?:end|start)\s*\(|\boffset\s+-", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which steps of a window have been fetched."""

    step_s: float
    from_s: float
    to_s: float
    filled_at_s: float
    """When the whole of it was last asked for."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Everything is asked for."""

    span: Span


@dataclass(frozen=True, slots=True)
class Extend:
    """The new steps and an overlap are asked for."""

    span: Span


@dataclass(frozen=True, slots=True)
class Head:
    """The value now, between two steps."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """All that was wanted is there and cannot change."""


Fetch = Fill | Extend | Head | Nothing


def is_incremental(query: MetricQuery) -> bool:
    """Whether the value at an old step stays what it was; False for `@ end()`, `@ start()` and a negative offset."""
    match query:
        case PromQuery():
            return not query.instant and not _CHANGES_THE_PAST.search(_STRINGS.sub('""', query.expr))
        case EsQuery():
            return not query.instant
        case _:
            return False


def aligned(start_s: float, end_s: float, step_s: float) -> Span:
    """The span whose instants are multiples of the step."""
    return Span(start_s=floor(start_s / step_s) * step_s, end_s=floor(end_s / step_s) * step_s, step_s=step_s)


def plan(query: MetricQuery, known: Coverage | None, wanted: Span, *, now_s: float, live: bool, lag_s: float) -> Fetch:  # noqa: PLR0911, PLR0913
    """What to ask next. `wanted` is aligned; `lag_s` is how late a log document may come."""
    if known is None or not is_incremental(query) or not _continues(known, wanted):
        if known is not None and not live and _covers(query, known, wanted):
            return Nothing()
        return Fill(_whole(query, wanted, now_s, live))
    if isinstance(query, EsQuery):
        if not live:
            return Nothing() if known.to_s >= wanted.end_s else Fill(wanted)
        if now_s - known.filled_at_s > REFILL_ES_EVERY_S:
            return Fill(_whole(query, wanted, now_s, live))
        start = floor((known.to_s - max(lag_s, wanted.step_s)) / wanted.step_s) * wanted.step_s
        return Extend(Span(start_s=max(start, wanted.start_s), end_s=now_s, step_s=wanted.step_s))
    if wanted.end_s > known.to_s:
        start = known.to_s - (OVERLAP_STEPS - 1) * wanted.step_s
        return Extend(Span(start_s=max(start, wanted.start_s), end_s=wanted.end_s, step_s=wanted.step_s))
    return Head(now_s) if live else Nothing()


def _continues(known: Coverage, wanted: Span) -> bool:
    """Whether what is known reaches into what is wanted, from its start, on the same grid."""
    slack = 2 * known.step_s
    return (
        known.step_s == wanted.step_s
        and known.from_s <= wanted.start_s
        and wanted.start_s <= known.to_s <= wanted.end_s + slack
    )


def _covers(query: MetricQuery, known: Coverage, wanted: Span) -> bool:
    """Whether nothing is missing; what depends on the ends of its range is only known of exactly that range."""
    if known.step_s != wanted.step_s:
        return False
    if not is_incremental(query):
        return (known.from_s, known.to_s) == (wanted.start_s, wanted.end_s)
    return known.from_s <= wanted.start_s and known.to_s >= wanted.end_s


def _whole(query: MetricQuery, wanted: Span, now_s: float, live: bool) -> Span:
    """A log query is asked up to now: its last, partial bucket is shown as partial."""
    if isinstance(query, PromQuery) or not live:
        return wanted
    return Span(start_s=wanted.start_s, end_s=now_s, step_s=wanted.step_s)
