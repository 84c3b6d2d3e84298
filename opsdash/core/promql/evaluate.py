"""Evaluation of a tree over all steps at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

import numpy as np

from opsdash.core.promql.aggregate import aggregated
from opsdash.core.promql.batches import Batch, kept
from opsdash.core.promql.binary import combined
from opsdash.core.promql.errors import too_many_samples
from opsdash.core.promql.functions import FUNCTIONS
from opsdash.core.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Number,
    Parens,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    Unary,
    bare,
    parts,
)
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.selectors import Reader, drifted
from opsdash.core.promql.values import (
    Ints,
    LabelSet,
    Scalar,
    Value,
    Vector,
    constant_vector,
    merged,
    shown,
    without_name,
)
from opsdash.core.promql.windows import Windows


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """One query that is being answered; the Scope that functions are given."""

    reader: Reader
    default_step_ms: int
    """Of subqueries that name none."""
    max_samples: int
    constant: frozenset[int]
    """The `id` of the nodes that are the same at every step, as `@` stands in all of their selectors."""
    held: int = field(default=0)
    """Samples of the results that are being worked on."""

    @property
    def semantics(self) -> Semantics:
        """Whose answers are given."""
        return self.reader.semantics

    def value(self, expr: Expr, times: Ints) -> Value:
        """Any expression but a range vector, at each of the times. Raises EvaluationError."""
        if times.size > 1 and id(expr) in self.constant and not isinstance(expr, Text):
            return _repeated(self.value(expr, times[:1]), times.size)
        self.reader.checkpoint()
        before = self.held
        result = self._value(expr, times)
        self.held = before
        if isinstance(result, Vector):
            result = shown(result)
            self.hold(result.values.size)
        return result

    def hold(self, samples: int) -> None:
        """Counts samples that are kept while the rest is evaluated. Raises EvaluationError."""
        self.held += samples
        if self.held > self.max_samples:
            raise too_many_samples()

    def _value(self, expr: Expr, times: Ints) -> Value:  # noqa: PLR0911 - one for each sort of node
        match expr:
            case Number():
                return np.full(times.size, expr.value)
            case Text():
                return expr.value
            case Parens():
                return self.value(expr.inner, times)
            case Selector():
                return self.reader.instant(expr, times)
            case Call():
                return FUNCTIONS[expr.name].evaluate(self, expr, times)
            case Aggregate():
                parameter = None if expr.parameter is None else self.value(expr.parameter, times)
                inner = self.vector(expr.inner, times)
                return aggregated(expr, inner, None if isinstance(parameter, Vector) else parameter, self.semantics)
            case Binary():
                return self._binary(expr, times)
            case Unary():
                return _negated(expr, self.value(expr.inner, times))
            case RangeSelector() | Subquery():
                raise TypeError("a range vector has no value at a step")
            case _:
                assert_never(expr)

    def vector(self, expr: Expr, times: Ints) -> Vector:
        """An expression that is an instant vector; the parser has seen to that."""
        value = self.value(expr, times)
        if not isinstance(value, Vector):
            raise TypeError(f"not an instant vector: {type(expr).__name__}")
        return value

    def scalar(self, expr: Expr, times: Ints) -> Scalar:
        """An expression that is a scalar."""
        value = self.value(expr, times)
        if not isinstance(value, np.ndarray):
            raise TypeError(f"not a scalar: {type(expr).__name__}")
        return value

    def sample_times(self, selector: Selector, times: Ints) -> Vector:
        """Of each series the time of its newest sample, in seconds."""
        return self.reader.instant(selector, times, sample_times=True)

    def windows(self, expr: Expr, times: Ints, *, drifting: bool = False) -> Sequence[Windows]:
        """The samples of a range vector, a matrix at a time; `drifting`: see selectors.drifted."""
        match bare(expr):
            case RangeSelector() as selector:
                return self.reader.ranges(selector, times, drifting=drifting)
            case Subquery() as subquery:
                return self._subquery(subquery, times, drifting=drifting)
            case _:
                raise TypeError(f"not a range vector: {type(expr).__name__}")

    def _subquery(self, subquery: Subquery, times: Ints, *, drifting: bool) -> list[Windows]:
        ends = self.reader.shifted(subquery.shift, times)
        moved = drifted(subquery.shift, ends, times) if drifting else ends
        inner_times = self._inner_times(subquery, int(ends.min()), int(moved.max()))
        if not inner_times.size:
            return []
        vector = self._inside(subquery, inner_times, int(ends.max()))
        return [self.reader.windowed(batch, moved, subquery.range_ms, times) for batch in _batches(vector, inner_times)]

    def _inner_times(self, subquery: Subquery, first_end_ms: int, last_end_ms: int) -> Ints:
        step = subquery.step_ms or self.default_step_ms
        return self._aligned(first_end_ms - subquery.range_ms, last_end_ms, step)

    def _inside(self, subquery: Subquery, inner_times: Ints, asked_until_ms: int) -> Vector:
        """What is inside of a subquery, at its own times. Samples were asked for until that time only.

        Windows that drift go beyond it; there the real one sees what it has for as long as it looks back.
        """
        around = self.reader
        cut_ms = around.cut_ms
        if int(inner_times[-1]) > asked_until_ms:
            cut_ms = asked_until_ms
        elif cut_ms is not None:
            cut_ms = None if subquery.shift.at is not None else cut_ms - subquery.shift.offset_ms
        self.reader = replace(around, cut_ms=cut_ms)
        try:
            value = self.value(subquery.inner, inner_times)
        finally:
            self.reader = around
        return value if isinstance(value, Vector) else constant_vector((), np.asarray(value, dtype=np.float64))

    def alone(self, subquery: Subquery, time_ms: int) -> list[tuple[LabelSet, int, float]]:
        """What a subquery gives, as a whole query, in whose window no step lies: nothing.

        Of what is the same at each step the real one has a single value, at the first step after the window.
        """
        if id(subquery.inner) not in self.constant:
            return []
        end_ms = int(self.reader.shifted(subquery.shift, np.array([time_ms]))[0])
        if self._inner_times(subquery, end_ms, end_ms).size:
            return []
        step = subquery.step_ms or self.default_step_ms
        first = self._aligned(end_ms - subquery.range_ms, end_ms + step, step)[:1]
        vector = self._inside(subquery, first, end_ms + step)
        there = vector.present[:, 0]
        return [
            (labels, int(first[0]), float(vector.values[row, 0]))
            for row, labels in enumerate(vector.labels)
            if there[row]
        ]

    def _aligned(self, start_ms: int, end_ms: int, step_ms: int) -> Ints:
        """The multiples of the step in a window; with Prometheus 3 its left edge is not part of it."""
        first = -(-start_ms // step_ms) * step_ms
        if first == start_ms and self.semantics is Semantics.V3:
            first += step_ms
        count = max(0, (end_ms - first) // step_ms + 1)
        if count > self.max_samples:
            raise too_many_samples()
        return first + np.arange(count, dtype=np.int64) * step_ms

    def _binary(self, node: Binary, times: Ints) -> Value:
        left, right = self.value(node.left, times), self.value(node.right, times)
        if isinstance(left, str) or isinstance(right, str):
            raise TypeError("strings have no operators")
        return combined(node, left, right, self.semantics)


def _negated(node: Unary, value: Value) -> Value:
    if node.operator == "+" or isinstance(value, str):
        return value
    if isinstance(value, Vector):
        labels = tuple(map(without_name, value.labels))
        return merged(Vector(labels, -value.values, value.present), strict=True)
    return -value


def _repeated(value: Value, steps: int) -> Value:
    if isinstance(value, Vector):
        return Vector(value.labels, np.repeat(value.values, steps, axis=1), np.repeat(value.present, steps, axis=1))
    return value if isinstance(value, str) else np.repeat(value, steps)


def _batches(vector: Vector, times: Ints) -> list[Batch]:
    """The results of a subquery as samples."""
    whole = vector.present.all(axis=1)
    full = vector.rows(np.flatnonzero(whole))
    batches = [Batch(full.labels, times[None], full.values)] if full.labels else []
    return batches + kept(Batch(vector.labels, times[None], vector.values), vector.present, np.flatnonzero(~whole))


def constant_nodes(root: Expr) -> frozenset[int]:
    """The nodes that give the same at every step."""
    found: set[int] = set()

    def look(expr: Expr) -> bool:
        inner = [look(part) for part in parts(expr)]
        match expr:
            case Number() | Text():
                return True
            case Selector():
                constant = expr.shift.at is not None
            case Subquery():
                constant = expr.shift.at is not None
            case Call():
                constant = all(inner) and not FUNCTIONS[expr.name].per_step
            case _:
                constant = all(inner)
        if constant:
            found.add(id(expr))
        return constant

    look(root)
    return frozenset(found)
