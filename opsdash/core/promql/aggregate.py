"""Aggregations over series: `sum by (…)`, `topk`, `count_values`, …"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.nodes import Aggregate
from opsdash.core.promql.numbers import shortest, spelled_number
from opsdash.core.promql.quantiles import quantile
from opsdash.core.promql.sampling import share
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.values import (
    NAME,
    Bools,
    Floats,
    Ints,
    LabelSet,
    Scalar,
    Vector,
    empty_vector,
    grouped,
    merged,
    only,
    with_label,
    without,
)

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A vector's series in the order of their groups; each group has at least one."""

    values: Floats
    """(series, steps), by group."""
    present: Bools
    begins: Ints
    """(groups,) the first row of each."""
    sizes: Ints

    def summed(self, values: Floats | Bools) -> Floats:
        """The sum over the series of each group: (groups, steps)."""
        return np.asarray(np.add.reduceat(values, self.begins, axis=0, dtype=np.float64))

    def spread(self, values: Floats) -> Floats:
        """A value of each group for each of its series."""
        return np.repeat(values, self.sizes, axis=0)

    def counts(self) -> Floats:
        """How many series are there: (groups, steps)."""
        return self.summed(self.present)


Reduction = Callable[[Groups, Scalar | None], Floats]


def aggregated(node: Aggregate, vector: Vector, parameter: Scalar | str | None, semantics: Semantics) -> Vector:
    """One aggregation at every step. Raises EvaluationError where its parameter makes no sense."""
    steps = vector.values.shape[1]
    if node.operator == "count_values":
        return _values_counted(node, vector, str(parameter), semantics)
    number = parameter if isinstance(parameter, np.ndarray) else None
    if node.operator in _CHOICES and number is not None:
        _check_counts(number, vector)
    if not vector.labels:
        return empty_vector(steps)
    if node.operator == "limit_ratio" and number is not None:
        return share(vector, number)
    key = _key_of(node.labels, without_labels=node.without)
    place, names = grouped(map(key, vector.labels))
    order = np.argsort(place, kind="stable")
    sizes = np.bincount(place, minlength=len(names)).astype(np.int64)
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    groups = Groups(vector.values[order], vector.present[order], begins, sizes)
    if node.operator in _CHOICES and number is not None:
        return _chosen(node.operator, vector, groups, order, number)
    present = np.asarray(np.logical_or.reduceat(groups.present, begins, axis=0))
    reduced = _REDUCTIONS[node.operator](groups, number)
    if semantics is Semantics.V2 and node.operator in ("stdvar", "stddev"):
        reduced = np.where(groups.counts() == 1, 0.0, reduced)  # of a single series, also where it is NaN or infinite
    return Vector(tuple(names), reduced, present)


def _key_of(labels: tuple[str, ...], *, without_labels: bool) -> Callable[[LabelSet], LabelSet]:
    names = frozenset(labels)
    if without_labels:
        dropped = names | {NAME}
        return lambda labels: without(labels, dropped)
    if not names:
        return lambda _: ()
    return lambda labels: only(labels, names)


def _sum(groups: Groups, _: Scalar | None) -> Floats:
    return groups.summed(np.where(groups.present, groups.values, 0.0))


def _mean(groups: Groups, _: Scalar | None) -> Floats:
    counts = np.maximum(groups.counts(), 1)
    whole = _sum(groups, None) / counts
    if not np.isinf(whole).any():
        return whole
    scaled = groups.summed(np.where(groups.present, groups.values / groups.spread(counts), 0.0))
    return np.asarray(np.where(np.isinf(whole), scaled, whole))


def _variance(groups: Groups, _: Scalar | None) -> Floats:
    counts = groups.counts()
    away = np.where(groups.present, groups.values - groups.spread(_any_of(groups)), 0.0)
    middle = groups.summed(away) / np.maximum(counts, 1)
    squares = np.where(groups.present, (away - groups.spread(middle)) ** 2, 0.0)
    return groups.summed(squares) / np.maximum(counts, 1)


def _any_of(groups: Groups) -> Floats:
    """A value of each group near which the others are, so that little cancels."""
    return np.asarray(np.fmin.reduceat(np.where(groups.present, groups.values, np.nan), groups.begins, axis=0))


def _extreme(pick: np.ufunc) -> Reduction:
    def of(groups: Groups, _: Scalar | None) -> Floats:
        there = np.where(groups.present, groups.values, np.nan)
        return np.asarray(pick.reduceat(there, groups.begins, axis=0))

    return of


def _quantile(groups: Groups, wanted: Scalar | None) -> Floats:
    widest = int(groups.sizes.max())
    columns = groups.begins[:, None] + np.arange(widest)
    inside = np.arange(widest) < groups.sizes[:, None]
    index = np.minimum(columns, len(groups.values) - 1)
    values = np.moveaxis(groups.values[index], 1, 2)
    present = np.moveaxis(groups.present[index] & inside[..., None], 1, 2)
    q = np.full(groups.values.shape[1], np.nan) if wanted is None else wanted
    return quantile(q[None], values, present)


_REDUCTIONS: Mapping[str, Reduction] = {
    "sum": _sum,
    "avg": _mean,
    "count": lambda groups, _: groups.counts(),
    "group": lambda groups, _: np.ones((len(groups.begins), groups.values.shape[1])),
    "min": _extreme(np.fmin),
    "max": _extreme(np.fmax),
    "stdvar": _variance,
    "stddev": lambda groups, _: np.sqrt(_variance(groups, None)),
    "quantile": _quantile,
}
_CHOICES = ("topk", "bottomk", "limitk")
AGGREGATIONS = frozenset(_REDUCTIONS) | frozenset(_CHOICES) | {"count_values", "limit_ratio"}


def _check_counts(wanted: Scalar, vector: Vector) -> None:
    """Prometheus looks at the parameter of each step, also where there is no series."""
    del vector
    wrong = wanted[~((wanted > -(2.0**63)) & (wanted < 2.0**63))]
    if wrong.size:
        raise EvaluationError(f"Scalar value {spelled_number(float(wrong[0]))} overflows int64")


def _chosen(operator: str, vector: Vector, groups: Groups, order: Ints, wanted: Scalar) -> Vector:
    """The `wanted` first series of each group, with their own labels; in an instant query in their order."""
    steps = groups.values.shape[1]
    rank = np.empty(groups.values.shape, dtype=np.int64)
    for begin, size in zip(groups.begins, groups.sizes, strict=True):
        rows = slice(begin, begin + size)
        rank[rows] = _ranks(operator, groups.values[rows], groups.present[rows])
    keep = groups.present & (rank < np.clip(wanted, 0, 2**53).astype(np.int64))
    if steps == 1:
        place = np.repeat(np.arange(len(groups.sizes)), groups.sizes)
        lie = np.lexsort((rank[:, 0], place))
        labels = tuple(vector.labels[row] for row in order[lie])
        return Vector(labels, groups.values[lie], keep[lie])
    labels = tuple(vector.labels[row] for row in order)
    return Vector(labels, groups.values, keep)


def _ranks(operator: str, values: Floats, present: Bools) -> Ints:
    """The place of each series at each step; those with NaN come last, those that are not there after them."""
    key = np.zeros_like(values) if operator == "limitk" else values if operator == "bottomk" else -values
    level = np.where(present, np.where(np.isnan(key), 1, 0), 2)
    order = np.lexsort((np.where(np.isnan(key), 0.0, key), level), axis=0)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(values))[:, None], axis=0)
    return ranks


def _values_counted(node: Aggregate, vector: Vector, label: str, semantics: Semantics) -> Vector:
    if semantics is Semantics.V2 and LABEL_NAME.fullmatch(label) is None:
        raise EvaluationError(f'invalid label name "{label}"')
    names = node.labels if node.without else (*node.labels, label)
    key = _key_of(names, without_labels=node.without)
    rows: list[int] = []
    columns: list[Ints] = []
    keys: list[LabelSet] = []
    for row, labels in enumerate(vector.labels):
        there = np.flatnonzero(vector.present[row])
        bits, place = np.unique(vector.values[row, there].view(np.uint64), return_inverse=True)
        for number, value in enumerate(bits.view(np.float64)):
            keys.append(key(with_label(labels, label, shortest(float(value)))))
            columns.append(there[place == number])
            rows.append(row)
    place, groups = grouped(keys)
    counts = np.zeros((len(groups), vector.values.shape[1]))
    for group, at in zip(place, columns, strict=True):
        counts[group, at] += 1
    return merged(Vector(tuple(groups), counts, counts > 0))
