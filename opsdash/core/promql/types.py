"""The type of an expression."""

from __future__ import annotations

from opsdash.core.promql.functions import FUNCTIONS
from opsdash.core.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Kind,
    Number,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    Unary,
    bare,
)


def kind_of(expr: Expr) -> Kind:
    """One of the four."""
    match bare(expr):
        case Number():
            return Kind.SCALAR
        case Text():
            return Kind.STRING
        case RangeSelector() | Subquery():
            return Kind.MATRIX
        case Call() as call:
            return FUNCTIONS[call.name].returns
        case Unary() as unary:
            return kind_of(unary.inner)
        case Binary() as binary:
            scalars = kind_of(binary.left) is Kind.SCALAR and kind_of(binary.right) is Kind.SCALAR
            return Kind.SCALAR if scalars else Kind.VECTOR
        case Selector() | Aggregate() | _:
            return Kind.VECTOR
