"""Many label sets as columns, so that a matcher looks at each value once and not at each alert."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from opsdash.core.alerting.matchers import Matcher, Matchers
from opsdash.core.metrics.labels import Labels

_Bools = NDArray[np.bool_]


class LabelColumns:
    """The label sets in their order. What a matcher gives is kept for the next one that is the same."""

    def __init__(self, label_sets: Iterable[Labels]) -> None:
        columns: dict[str, tuple[dict[str, int], list[int], list[int]]] = {}
        count = 0
        for at, labels in enumerate(label_sets):
            count = at + 1
            for name, value in labels:
                column = columns.get(name)
                if column is None:
                    column = columns[name] = ({"": 0}, [], [])
                codes, rows, taken = column
                rows.append(at)
                taken.append(codes.setdefault(value, len(codes)))
        self.count = count
        self._columns = columns
        self._codes: dict[str, NDArray[np.intp]] = {}
        self._found: dict[Matcher, _Bools] = {}

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
        column = self._columns.get(matcher.name)
        if column is None:
            return np.full(self.count, matcher.matches(()), dtype=np.bool_)
        values = column[0]
        if matcher.op in ("=", "!="):
            code = values.get(matcher.value, -1)
            is_it: _Bools = self._coded(matcher.name) == code
            return is_it if matcher.op == "=" else ~is_it
        met = np.fromiter((matcher.matches(((matcher.name, value),)) for value in values), np.bool_, len(values))
        taken: _Bools = met[self._coded(matcher.name)]
        return taken

    def _coded(self, name: str) -> NDArray[np.intp]:
        """Each label set's code of its value; 0: it does not have the label, or it is empty."""
        coded = self._codes.get(name)
        if coded is None:
            _, rows, taken = self._columns[name]
            coded = np.zeros(self.count, dtype=np.intp)
            coded[rows] = taken
            self._codes[name] = coded
        return coded
