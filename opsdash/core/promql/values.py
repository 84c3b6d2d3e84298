"""What an expression gives: a vector over steps, labels sorted and ready to be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.numbers import go_quoted

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

LabelSet: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values sorted by name; no empty value."""

NAME = "__name__"
STALE_BITS = np.uint64(0x7FF0000000000002)
SAME_LABELS = "vector cannot contain metrics with the same labelset"


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """Series over the steps of an evaluation."""

    labels: tuple[LabelSet, ...]
    values: Floats
    """(series, steps); without meaning where not `present`."""
    present: Bools

    def with_labels(self, labels: Iterable[LabelSet]) -> Vector:
        """The same values under other labels."""
        return replace(self, labels=tuple(labels))

    def rows(self, chosen: Sequence[int] | Ints) -> Vector:
        """Some of the series, in the order given."""
        labels = tuple(self.labels[row] for row in chosen)
        index = np.asarray(chosen, dtype=np.int64)
        return Vector(labels, self.values[index], self.present[index])


Scalar: TypeAlias = Floats
"""One number a step, shape (steps,)."""
Value: TypeAlias = Vector | Scalar | str


def empty_vector(steps: int) -> Vector:
    """No series at all."""
    return Vector((), np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))


def constant_vector(labels: LabelSet, values: Floats) -> Vector:
    """One series that is there at every step."""
    return Vector((labels,), values[None].astype(np.float64), np.ones((1, values.size), dtype=np.bool_))


def joined(parts: Sequence[Vector], steps: int) -> Vector:
    """The series of several vectors, one after the other."""
    if not parts:
        return empty_vector(steps)
    if len(parts) == 1:
        return parts[0]
    labels = tuple(label_set for part in parts for label_set in part.labels)
    values = np.concatenate([part.values for part in parts])
    return Vector(labels, values, np.concatenate([part.present for part in parts]))


def label_set(labels: Mapping[str, str]) -> LabelSet:
    """Labels in the form in which they are compared; an empty value is no label."""
    return tuple(sorted(item for item in labels.items() if item[1]))


def without(labels: LabelSet, names: frozenset[str]) -> LabelSet:
    """The labels that are not named."""
    return tuple(item for item in labels if item[0] not in names)


def only(labels: LabelSet, names: frozenset[str]) -> LabelSet:
    """The labels that are named."""
    return tuple(item for item in labels if item[0] in names)


def with_label(labels: LabelSet, name: str, value: str) -> LabelSet:
    """The labels with one set anew, or taken away where the value is empty."""
    rest = [item for item in labels if item[0] != name]
    return tuple(sorted([*rest, (name, value)])) if value else tuple(rest)


def without_name(labels: LabelSet) -> LabelSet:
    """The labels without the metric's name."""
    if labels and labels[0][0] == NAME:
        return labels[1:]
    return tuple(item for item in labels if item[0] != NAME)


def nameless(vector: Vector) -> Vector:
    """The vector without the metrics' names. Raises EvaluationError where two series are the same then."""
    return merged(vector.with_labels(map(without_name, vector.labels)))


def spelled(labels: LabelSet) -> str:
    """Labels as Prometheus writes them in its errors: `{__name__="up", job="a"}`."""
    return "{" + ", ".join(f"{name}={go_quoted(value)}" for name, value in labels) + "}"


def merged(vector: Vector, *, strict: bool = False, message: str = SAME_LABELS) -> Vector:
    """Rows that have the same labels become one, where they are never there at the same step.

    Raises EvaluationError where they are, or, when `strict`, wherever two rows have the same labels.
    """
    if len(set(vector.labels)) == len(vector.labels):
        return vector
    first: dict[LabelSet, int] = {}
    values, present = vector.values.copy(), vector.present.copy()
    seen: list[bool] = np.asarray(present.any(axis=1)).tolist()
    for row, labels in enumerate(vector.labels):
        if not seen[row]:
            continue
        into = first.setdefault(labels, row)
        if into == row:
            continue
        if strict or bool((present[into] & present[row]).any()):
            raise EvaluationError(message)
        values[into] = np.where(present[row], values[row], values[into])
        present[into] |= present[row]
    return Vector(vector.labels, values, present).rows(list(first.values()))


def shown(vector: Vector) -> Vector:
    """Without the rows that are at no step."""
    seen = vector.present.any(axis=1)
    return vector if bool(seen.all()) else vector.rows(np.flatnonzero(seen))


def is_stale(values: Floats) -> Bools:
    """Where a value is the marker that a series has ended."""
    result: Bools = np.ascontiguousarray(values).view(np.uint64) == STALE_BITS
    return result


def grouped(keys: Iterable[LabelSet]) -> tuple[Ints, list[LabelSet]]:
    """The group of each key, and the groups in the order in which they come first."""
    place: dict[LabelSet, int] = {}
    groups = [place.setdefault(key, len(place)) for key in keys]
    return np.array(groups, dtype=np.int64), list(place)


KeyOf: TypeAlias = Callable[[LabelSet], LabelSet]


def ordered(vector: Vector) -> Vector:
    """The series in the order of their labels, as Prometheus reads them."""
    order = sorted(range(len(vector.labels)), key=vector.labels.__getitem__)
    return vector if order == list(range(len(order))) else vector.rows(order)
