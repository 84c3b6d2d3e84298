"""What a function is given when it is evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from opsdash.core.promql.nodes import Expr, Selector
from opsdash.core.promql.values import Ints, Scalar, Value, Vector
from opsdash.core.promql.windows import Windows


class Semantics(StrEnum):
    """Whose answers are given."""

    V2 = "2.42"
    """Prometheus 2.42: windows and look-back include their left edge."""
    V3 = "3"
    """Prometheus 3: they do not; names may be any UTF-8; experimental functions are on."""


class Scope(Protocol):
    """An evaluation that is under way."""

    @property
    def semantics(self) -> Semantics:
        """Whose answers are given."""
        ...

    def value(self, expr: Expr, times: Ints) -> Value:
        """Any expression but a range vector, at each of the times (ms)."""
        ...

    def vector(self, expr: Expr, times: Ints) -> Vector:
        """An expression that is an instant vector."""
        ...

    def scalar(self, expr: Expr, times: Ints) -> Scalar:
        """An expression that is a scalar: one number a time."""
        ...

    def windows(self, expr: Expr, times: Ints, *, drifting: bool = False) -> Sequence[Windows]:
        """The samples of a range vector, a matrix at a time; `drifting`: see selectors.drifted."""
        ...

    def sample_times(self, selector: Selector, times: Ints) -> Vector:
        """Of each series the time of its newest sample, in seconds."""
        ...
