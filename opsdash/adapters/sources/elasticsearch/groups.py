"""Which groups a query shows, remembered: the largest of a range are not the largest of its newest minute."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from opsdash.adapters.sources.elasticsearch.request import MOST_KNOWN_GROUPS, Keys
from opsdash.core.metrics.queries import EsQuery, Span

MOST_QUERIES = 512
MOST_RANGES = 4
"""Ranges of one query that are shown side by side: now, and the periods it is compared with."""
TAIL_SHARE = 0.5
"""A span shorter than this share of a range that it continues is its tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    start_s: float
    end_s: float
    step_s: float
    groups: tuple[Keys, ...]

    def is_continued_by(self, span: Span) -> bool:
        """Whether the span is the newest part of this range, on the same grid."""
        return (
            span.step_s == self.step_s
            and self.start_s < span.start_s <= self.end_s + span.step_s
            and span.end_s >= self.end_s
            and span.end_s - span.start_s < TAIL_SHARE * (self.end_s - self.start_s)
        )


class ChosenGroups:
    """The groups of each query's last whole answer, and those that joined since."""

    def __init__(self) -> None:
        self._chosen: OrderedDict[EsQuery, tuple[_Chosen, ...]] = OrderedDict()

    def of(self, query: EsQuery, span: Span) -> tuple[Keys, ...]:
        """The groups to ask for by name; none where the largest have to be chosen anew."""
        found = self._continued(query, span)
        return () if found is None else found.groups

    def remember(self, query: EsQuery, span: Span, groups: tuple[Keys, ...]) -> None:
        """What an answer over the span showed."""
        before = self._continued(query, span)
        if len(groups) > MOST_KNOWN_GROUPS:
            groups = ()
        if before is None:
            chosen = _Chosen(start_s=span.start_s, end_s=span.end_s, step_s=span.step_s, groups=groups)
        else:
            chosen = replace(before, end_s=span.end_s, groups=groups)
        others = tuple(
            each
            for each in self._chosen.get(query, ())
            if each is not before and not (each.start_s <= span.end_s and span.start_s <= each.end_s)
        )
        self._chosen[query] = (chosen, *others)[:MOST_RANGES]
        self._chosen.move_to_end(query)
        while len(self._chosen) > MOST_QUERIES:
            self._chosen.popitem(last=False)

    def _continued(self, query: EsQuery, span: Span) -> _Chosen | None:
        return next((each for each in self._chosen.get(query, ()) if each.is_continued_by(span)), None)
