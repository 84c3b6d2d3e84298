"""Operators between two expressions: arithmetic, comparisons, sets, and which series belong together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.nodes import COMPARISONS, SET_OPERATORS, Binary, Matching
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.values import (
    NAME,
    Bools,
    Floats,
    Ints,
    KeyOf,
    LabelSet,
    Scalar,
    Vector,
    empty_vector,
    grouped,
    merged,
    nameless,
    only,
    spelled,
    with_label,
    without,
    without_name,
)

_OPERATORS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
_MANY_TO_ONE = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
_NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def combined(node: Binary, left: Vector | Scalar, right: Vector | Scalar, semantics: Semantics) -> Vector | Scalar:
    """One operator at every step. Raises EvaluationError where series cannot be matched."""
    if isinstance(left, Vector) and isinstance(right, Vector):
        matching = node.matching or Matching()
        if node.operator in SET_OPERATORS:
            return _set(node.operator, left, right, _key_of(matching))
        return _Join(node, matching, semantics).of(left, right)
    if isinstance(left, Vector):
        return _with_scalar(node, left, left.values, right, semantics)
    if isinstance(right, Vector):
        return _with_scalar(node, right, left, right.values, semantics)
    return np.asarray(_OPERATORS[node.operator](left, right), dtype=np.float64)


def _with_scalar(node: Binary, vector: Vector, left: Floats, right: Floats | Vector, semantics: Semantics) -> Vector:
    if isinstance(right, Vector):
        raise TypeError("a vector where a number was expected")
    result = _OPERATORS[node.operator](left, right)
    if node.operator in COMPARISONS and not node.returns_bool:
        return Vector(vector.labels, vector.values, vector.present & result.astype(np.bool_))
    found = Vector(vector.labels, result.astype(np.float64), vector.present)
    return nameless(found) if _drops_name(node, semantics) else found


def _drops_name(node: Binary, semantics: Semantics) -> bool:
    """Prometheus 2 forgot `atan2` here."""
    if node.operator in COMPARISONS:
        return node.returns_bool
    return node.operator != "atan2" or semantics is not Semantics.V2


def _key_of(matching: Matching) -> KeyOf:
    names = frozenset(matching.labels)
    if matching.on:
        return lambda labels: only(labels, names)
    ignored = names | {NAME}
    return lambda labels: without(labels, ignored)


def _set(operator: str, left: Vector, right: Vector, key: KeyOf) -> Vector:
    place, names = grouped([*map(key, left.labels), *map(key, right.labels)])
    steps = left.values.shape[1]
    ours, theirs = place[: len(left.labels)], place[len(left.labels) :]
    if operator == "or":
        taken = _any_in_group(left.present, ours, len(names), steps)
        rest = right.present & ~taken[theirs]
        values = np.concatenate([left.values, right.values])
        return merged(Vector(left.labels + right.labels, values, np.concatenate([left.present, rest])))
    there = _any_in_group(right.present, theirs, len(names), steps)[ours]
    return Vector(left.labels, left.values, left.present & (there if operator == "and" else ~there))


def _any_in_group(present: Bools, place: Ints, groups: int, steps: int) -> Bools:
    """Whether any series of a group is there, at each step."""
    result = np.zeros((groups, steps), dtype=np.bool_)
    if len(set(place.tolist())) == len(place):
        result[place] = present
    else:
        np.logical_or.at(result, place, present)
    return result


@dataclass(frozen=True, slots=True)
class _Join:
    """An operator between matching series."""

    node: Binary
    matching: Matching
    semantics: Semantics

    def of(self, left: Vector, right: Vector) -> Vector:
        """Each series of the "many" side with that of the other side which belongs to it."""
        swapped = self.matching.many == "right"
        many, one = (right, left) if swapped else (left, right)
        steps = left.values.shape[1]
        if not many.labels or not one.labels:
            return empty_vector(steps)
        place, names = grouped([*map(_key_of(self.matching), many.labels), *map(_key_of(self.matching), one.labels)])
        ours, theirs = place[: len(many.labels)], place[len(many.labels) :]
        self._check_one_side(many, one, theirs, names)
        rows, others = _pairs(ours, theirs, len(names))
        if not rows.size:
            return empty_vector(steps)
        first, second = many.values[rows], one.values[others]
        lefts, rights = (second, first) if swapped else (first, second)
        result = _OPERATORS[self.node.operator](lefts, rights)
        present = many.present[rows] & one.present[others]
        if self.node.operator in COMPARISONS and not self.node.returns_bool:
            present, result = present & result.astype(np.bool_), lefts
        labels = tuple(
            self._labels(many.labels[row], one.labels[other]) for row, other in zip(rows, others, strict=True)
        )
        self._check_many_side(ours[rows], labels, present)
        return merged(Vector(labels, result.astype(np.float64), present))

    def _labels(self, many: LabelSet, one: LabelSet) -> LabelSet:
        labels = without_name(many) if _drops_name(self.node, self.semantics) and not self.node.returns_bool else many
        if not self.matching.many:
            names = frozenset(self.matching.labels)
            labels = only(labels, names) if self.matching.on else without(labels, names)
        for name in self.matching.included:
            labels = with_label(labels, name, next((value for key, value in one if key == name), ""))
        return without_name(labels) if self.node.returns_bool else labels

    def _check_one_side(self, many: Vector, one: Vector, place: Ints, names: list[LabelSet]) -> None:
        """Two series of a group on the "one" side are refused at any step at which both sides have something."""
        if len(set(place.tolist())) == len(place):
            return
        asked = many.present.any(axis=0)
        counts = np.zeros((len(names), one.present.shape[1]), dtype=np.int64)
        np.add.at(counts, place, one.present & asked)
        if counts.max() <= 1:
            return
        step = int(np.flatnonzero((counts > 1).any(axis=0))[0])
        seen: dict[int, int] = {}
        for row in np.flatnonzero(one.present[:, step]):
            before = seen.setdefault(int(place[row]), int(row))
            if before != row:
                self._refuse(one.labels[row], one.labels[before])

    def _refuse(self, series: LabelSet, other: LabelSet) -> None:
        names = frozenset(self.matching.labels)
        group = only(series, names) if self.matching.on else without(series, names | {NAME})
        side = "left" if self.matching.many == "right" else "right"
        raise EvaluationError(
            f"found duplicate series for the match group {spelled(group)} on the {side} hand-side of the operation: "
            f"[{spelled(series)}, {spelled(other)}];"
            "many-to-many matching not allowed: matching labels must be unique on one side"
        )

    def _check_many_side(self, place: Ints, labels: tuple[LabelSet, ...], present: Bools) -> None:
        """No two series of one group may give a result at one step, or only under different labels with `group_*`."""
        keys: list[tuple[int, LabelSet]] = [
            (group, label_set if self.matching.many else ())
            for group, label_set in zip(place.tolist(), labels, strict=True)
        ]
        known = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        if len(known) == len(keys):
            return
        counts = np.zeros((len(known), present.shape[1]), dtype=np.int64)
        np.add.at(counts, np.array([known[key] for key in keys]), present)
        if counts.max() > 1:
            raise EvaluationError(_NOT_UNIQUE if self.matching.many else _MANY_TO_ONE)


def _pairs(ours: Ints, theirs: Ints, groups: int) -> tuple[Ints, Ints]:
    """Every row of the "many" side with every row of the "one" side that is in the same group."""
    members: list[list[int]] = [[] for _ in range(groups)]
    for other, group in enumerate(theirs.tolist()):
        members[group].append(other)
    pairs = [(row, other) for row, group in enumerate(ours.tolist()) for other in members[group]]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
