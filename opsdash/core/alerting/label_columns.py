"""Many label sets as columns, so that a matcher looks at each value once and not at each alert."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opsdash.core.alerting.matchers import Matcher, Matchers
from opsdash.core.metrics.labels import Labels
from opsdash.core.re2 import compiled
from opsdash.core.regex import longest_value

_Bools = NDArray[np.bool_]
_MOST_KNOWN = 50_000
"""Values of one pattern that are remembered; pods are others every day."""


class LabelColumns:
    """The label sets in their order. What a matcher gives is kept for the next one that is the same."""

    def __init__(self, label_sets: Iterable[Labels]) -> None:
        self._sets = tuple(label_sets)
        self._named: list[dict[str, str]] | None = None
        self._columns: dict[str, tuple[dict[str, int], NDArray[np.intp]]] = {}
        self._found: dict[Matcher, _Bools] = {}

    @property
    def count(self) -> int:
        """How many label sets there are."""
        return len(self._sets)

    def matching(self, matchers: Matchers) -> list[int]:
        """The places of the label sets that meet all of the matchers, in order. Raises PatternRefused."""
        if not matchers:
            return list(range(self.count))
        met = self._one(matchers[0])
        for matcher in matchers[1:]:
            met = met & self._one(matcher)
        places: list[int] = np.flatnonzero(met).tolist()
        return places

    def _one(self, matcher: Matcher) -> _Bools:
        found = self._found.get(matcher)
        if found is None:
            found = self._found[matcher] = self._looked(matcher)
        return found

    def _looked(self, matcher: Matcher) -> _Bools:
        values, coded = self._column(matcher.name)
        if matcher.op in ("=", "!="):
            is_it: _Bools = coded == values.get(matcher.value, -1)
            return is_it if matcher.op == "=" else ~is_it
        met = _met(matcher.value, values)
        taken: _Bools = met[coded]
        return taken if matcher.op == "=~" else ~taken

    def _column(self, name: str) -> tuple[dict[str, int], NDArray[np.intp]]:
        """The values of a label with their codes, and each label set's code; a label that is missing is empty."""
        column = self._columns.get(name)
        if column is None:
            if self._named is None:
                self._named = [dict(labels) for labels in self._sets]
            values: dict[str, int] = {}
            codes = [values.setdefault(named.get(name, ""), len(values)) for named in self._named]
            column = self._columns[name] = (values, np.array(codes, dtype=np.intp))
        return column


def _met(pattern: str, values: Collection[str]) -> _Bools:
    """Which values the regular expression matches as a whole; one that is too long for it never does."""
    known = _known(pattern)
    if len(known) > _MOST_KNOWN:
        known.clear()
    met = list(map(known.get, values))
    if None in met:
        regex = compiled(pattern)
        longest, matches = longest_value(regex.pattern), regex.fullmatch
        missing = (value for value in values if value not in known)
        known.update({value: len(value) <= longest and matches(value) is not None for value in missing})
        met = list(map(known.get, values))
    return np.array(met, dtype=np.bool_)


@lru_cache(maxsize=256)
def _known(pattern: str) -> dict[str, bool]:  # noqa: ARG001 - what the cache is by
    """What is known of a pattern. Alerts come and go, and their labels' values are nearly the same ones."""
    return {}
