"""The engine: a query in, an answer out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.errors import EvaluationError, too_many_samples
from opsdash.core.promql.evaluate import Evaluation, constant_nodes
from opsdash.core.promql.nodes import Expr, Kind, RangeSelector, Selector, Subquery, bare, parts
from opsdash.core.promql.parse import parse_tree
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.selectors import Reader
from opsdash.core.promql.storage import Matcher, Storage, Times, Values
from opsdash.core.promql.types import kind_of
from opsdash.core.promql.values import Bools, Ints, LabelSet, Vector, merged, ordered, shown
from opsdash.core.promql.windows import Checkpoint, go_on

DEFAULT_LOOKBACK_MS = 300_000
DEFAULT_STEP_MS = 60_000
DEFAULT_MAX_SAMPLES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What a query gives."""

    kind: str
    """`vector`, `matrix`, `scalar` or `string`, as the API calls them; of a range query always `matrix`."""
    labels: tuple[Mapping[str, str], ...] = ()
    """Of each series. A scalar in a range query is one series without labels."""
    times: Times
    """(steps,) ms."""
    values: Values
    """(series, steps); a scalar has one row."""
    present: Bools
    """(series, steps): where there is a value."""
    text: str = ""
    """Of a string."""
    samples: tuple[tuple[Times, Values], ...] = ()
    """Of each series, times (ms) and values: only of a range vector in an instant query, where `values` is empty."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A query that was read and checked."""

    query: str
    root: Expr

    @property
    def kind(self) -> Kind:
        """Its type."""
        return kind_of(self.root)


def parse(query: str, semantics: Semantics = Semantics.V2) -> Expression:
    """Reads and checks a query. Raises ParseError."""
    return Expression(query, parse_tree(query, semantics))


def selectors(query: str, semantics: Semantics = Semantics.V2) -> list[tuple[Matcher, ...]]:
    """The matchers of each selector of a query, in its order. Raises ParseError."""
    found: list[tuple[Matcher, ...]] = []
    waiting = [parse_tree(query, semantics)]
    while waiting:
        expr = waiting.pop()
        if isinstance(expr, Selector):
            found.append(expr.matchers)
        waiting.extend(reversed(parts(expr)))
    return found


class Engine:
    """Answers queries over a storage. It holds nothing between two queries."""

    def __init__(  # noqa: PLR0913 - the settings of a server, each with its default
        self,
        storage: Storage,
        *,
        semantics: Semantics = Semantics.V2,
        lookback_ms: int = DEFAULT_LOOKBACK_MS,
        max_samples: int = DEFAULT_MAX_SAMPLES,
        default_step_ms: int = DEFAULT_STEP_MS,
        checkpoint: Checkpoint = go_on,
    ) -> None:
        """`default_step_ms` is that of subqueries that name none: the evaluation interval of the server's rules.

        `checkpoint` is asked at each part of a query and each matrix of samples; what it raises ends the evaluation.
        """
        self._storage = storage
        self._semantics = semantics
        self._lookback_ms = lookback_ms
        self._max_samples = max_samples
        self._default_step_ms = default_step_ms
        self._checkpoint = checkpoint

    def instant(self, query: str, time_ms: int) -> Answer:
        """The answer at one time. Raises ParseError, EvaluationError."""
        return self._answer(query, np.array([time_ms], dtype=np.int64), time_ms, in_range=False)

    def range(self, query: str, start_ms: int, end_ms: int, step_ms: int) -> Answer:
        """The answer at start, start + step, … up to the end. Raises ParseError, EvaluationError."""
        if step_ms <= 0:
            raise EvaluationError("zero or negative query resolution step widths are not accepted")
        if (end_ms - start_ms) // step_ms >= self._max_samples:
            raise too_many_samples()
        times = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
        return self._answer(query, times, end_ms, in_range=True)

    def _answer(self, query: str, times: Ints, end_ms: int, *, in_range: bool) -> Answer:
        root = parse_tree(query, self._semantics)
        kind = kind_of(root)
        if in_range and kind in (Kind.MATRIX, Kind.STRING):
            raise EvaluationError(f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector')
        if not times.size:
            return _of_vector(_nothing(times), times, "matrix")
        evaluation = self._evaluation(root, int(times[0]), end_ms)
        with np.errstate(all="ignore"):
            if kind is Kind.MATRIX:
                return _of_windows(evaluation, root, times)
            value = evaluation.value(root, times)
        if isinstance(value, str):
            return Answer(kind="string", times=times, values=np.empty((0, 1)), present=_none(1), text=value)
        if isinstance(value, Vector):
            vector = shown(merged(value))
            return _of_vector(ordered(vector) if in_range else vector, times, "matrix" if in_range else "vector")
        present = np.ones((1, times.size), dtype=np.bool_)
        labels: tuple[Mapping[str, str], ...] = ({},)
        return Answer(
            kind="matrix" if in_range else "scalar", labels=labels, times=times, values=value[None], present=present
        )

    def _evaluation(self, root: Expr, start_ms: int, end_ms: int) -> Evaluation:
        reader = Reader(
            storage=self._storage,
            semantics=self._semantics,
            lookback_ms=self._lookback_ms,
            start_ms=start_ms,
            end_ms=end_ms,
            checkpoint=self._checkpoint,
        )
        return Evaluation(
            reader=reader,
            default_step_ms=self._default_step_ms,
            max_samples=self._max_samples,
            constant=constant_nodes(root),
        )


def _nothing(times: Ints) -> Vector:
    return Vector((), np.empty((0, times.size)), np.empty((0, times.size), dtype=np.bool_))


def _none(steps: int) -> Bools:
    return np.empty((0, steps), dtype=np.bool_)


def _of_vector(vector: Vector, times: Ints, kind: str) -> Answer:
    labels = tuple(map(dict, vector.labels))
    return Answer(kind=kind, labels=labels, times=times, values=vector.values, present=vector.present)


def _of_windows(evaluation: Evaluation, root: Expr, times: Ints) -> Answer:
    """The samples of a range vector as they are; a subquery's are its results."""
    found: list[tuple[LabelSet, Ints, Values]] = []
    expr = bare(root)
    if not isinstance(expr, RangeSelector | Subquery):
        raise TypeError("not a range vector")
    for windows in evaluation.windows(expr, times):
        first = np.broadcast_to(windows.first[:, 0], len(windows.labels))
        after = np.broadcast_to(windows.after[:, 0], len(windows.labels))
        sample_times = np.broadcast_to(windows.batch.times, windows.batch.values.shape)
        for row, labels in enumerate(windows.labels):
            inside = slice(int(first[row]), int(after[row]))
            if inside.stop > inside.start:
                found.append((labels, sample_times[row, inside].copy(), windows.batch.values[row, inside].copy()))
                evaluation.hold(inside.stop - inside.start)
    if isinstance(expr, Subquery):
        single = evaluation.alone(expr, int(times[0]))
        found += [(labels, np.array([time_ms], dtype=np.int64), np.array([value])) for labels, time_ms, value in single]
    found.sort(key=lambda one: one[0])
    return Answer(
        kind="matrix",
        labels=tuple(dict(labels) for labels, _, _ in found),
        times=times,
        values=np.empty((0, 1)),
        present=_none(1),
        samples=tuple((sample_times, values) for _, sample_times, values in found),
    )
