"""`sort` and its kin: the order of an instant query's answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from opsdash.core.promql.values import LabelSet, Vector, shown

_RUN = re.compile(r"\d+|\D+", re.ASCII)
_Natural: TypeAlias = tuple[tuple[int, int, str], ...]


def by_value(vector: Vector, *, descending: bool) -> Vector:
    """By the value at the one step, NaN last. A range query's answer keeps its order."""
    if vector.values.shape[1] != 1:
        return vector
    there = shown(vector)
    values = there.values[:, 0]
    key = np.where(np.isnan(values), 0.0, -values if descending else values)
    return there.rows(np.lexsort((key, np.isnan(values))))


def by_labels(vector: Vector, names: Sequence[str], *, descending: bool) -> Vector:
    """By some labels' values in their natural order (`a2` before `a10`), then by all labels."""

    def key(labels: LabelSet) -> tuple[list[_Natural], LabelSet]:
        known = dict(labels)
        return [_natural(known.get(name, "")) for name in names], labels

    order = sorted(range(len(vector.labels)), key=lambda row: key(vector.labels[row]), reverse=descending)
    return vector.rows(order)


def _natural(text: str) -> _Natural:
    return tuple((0, int(run), "") if run.isdigit() else (1, 0, run) for run in _RUN.findall(text))
