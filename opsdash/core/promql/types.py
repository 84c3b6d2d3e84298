"""The type of every expression, and whether each is of the type that is wanted there."""

from __future__ import annotations

from opsdash.core.promql.errors import PromqlError, refusal
from opsdash.core.promql.functions import FUNCTIONS
from opsdash.core.promql.nodes import (
    COMPARISONS,
    PARAMETERS,
    SET_OPERATORS,
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
    parts,
)
from opsdash.core.promql.regex import matches
from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.core.promql.values import NAME

_VALUES = (Kind.SCALAR, Kind.VECTOR)
_API_NAMES = {Kind.SCALAR: "scalar", Kind.VECTOR: "vector", Kind.MATRIX: "matrix", Kind.STRING: "string"}


def kind_of(expr: Expr) -> Kind:
    """One of the four."""
    match bare(expr):
        case Number():
            kind = Kind.SCALAR
        case Text():
            kind = Kind.STRING
        case RangeSelector() | Subquery():
            kind = Kind.MATRIX
        case Call() as call:
            kind = FUNCTIONS[call.name].returns
        case Unary() as unary:
            kind = kind_of(unary.inner)
        case Binary() as binary:
            scalars = kind_of(binary.left) is Kind.SCALAR and kind_of(binary.right) is Kind.SCALAR
            kind = Kind.SCALAR if scalars else Kind.VECTOR
        case Selector() | Aggregate() | _:
            kind = Kind.VECTOR
    return kind


class Check:
    """Goes through a tree as Prometheus does, and remembers the first thing that is wrong."""

    def __init__(self, query: str) -> None:
        self._query = query

    def expression(self, expr: Expr) -> Kind:
        """The type of an expression that is right in itself. Raises ParseError."""
        match expr:
            case Aggregate():
                self._aggregate(expr)
            case Binary():
                self._binary(expr)
            case Call():
                self._call(expr)
            case Unary():
                kind = self.expression(expr.inner)
                if kind not in _VALUES:
                    raise self._error(
                        f'unary expression only allowed on expressions of type scalar or instant vector, got "{kind}"',
                        expr.start,
                    )
            case Subquery():
                kind = self.expression(expr.inner)
                if kind is not Kind.VECTOR:
                    message = f"subquery is only allowed on instant vector, got {_API_NAMES[kind]} instead"
                    raise self._error(message, expr.start)
            case Selector():
                self._selector(expr)
            case _:
                for part in parts(expr):
                    self.expression(part)
        return kind_of(expr)

    def _error(self, message: str, at: int) -> PromqlError:
        return refusal(self._query, at, message)

    def _expect(self, expr: Expr, wanted: Kind, context: str) -> None:
        kind = self.expression(expr)
        if kind is not wanted:
            raise self._error(f"expected type {wanted} in {context}, got {kind}", expr.start)

    def _aggregate(self, node: Aggregate) -> None:
        self._expect(node.inner, Kind.VECTOR, "aggregation expression")
        if node.parameter is not None:
            self._expect(node.parameter, PARAMETERS[node.operator], "aggregation parameter")

    def _call(self, call: Call) -> None:
        function = FUNCTIONS[call.name]
        given, known = len(call.arguments), len(function.arguments)
        least = known - (1 if function.optional else 0)
        message = ""
        if not function.optional and given != known:
            message = f"expected {known}"
        elif given < least:
            message = f"expected at least {least}"
        elif function.optional > 0 and given > least + function.optional:
            message = f"expected at most {least + function.optional}"
        if message:
            raise self._error(f'{message} argument(s) in call to "{call.name}", got {given}', call.start)
        for number, argument in enumerate(call.arguments):
            wanted = function.arguments[min(number, known - 1)]
            self._expect(argument, wanted, f'call to function "{call.name}"')

    def _binary(self, node: Binary) -> None:
        left, right = self.expression(node.left), self.expression(node.right)
        compares, is_set = node.operator in COMPARISONS, node.operator in SET_OPERATORS
        if node.returns_bool and not compares:
            raise self._error("bool modifier can only be used on comparison operators", node.sign)
        if compares and not node.returns_bool and left is right is Kind.SCALAR:
            raise self._error("comparisons between scalars must use BOOL modifier", node.sign)
        self._grouping(node)
        for side, kind in ((node.left, left), (node.right, right)):
            if kind not in _VALUES:
                message = "binary expression must contain only scalar and instant vector types"
                raise self._error(message, side.start)
        matching = node.matching
        if left is not Kind.VECTOR or right is not Kind.VECTOR:
            if matching is not None and matching.labels:
                raise self._error("vector matching only allowed between instant vectors", node.start)
        elif is_set and matching is not None and matching.many:
            raise self._error(f'no grouping allowed for "{node.operator}" operation', node.start)
        if is_set and Kind.SCALAR in (left, right):
            raise self._error(f'set operator "{node.operator}" not allowed in binary scalar expression', node.start)

    def _grouping(self, node: Binary) -> None:
        matching = node.matching
        if matching is None or not matching.on:
            return
        for label in matching.labels:
            if label in matching.included:
                raise self._error(f'label "{label}" must not occur in ON and GROUP clause at once', node.sign)

    def _selector(self, selector: Selector) -> None:
        if selector.name:
            for matcher in selector.matchers[:-1]:
                if matcher.name == NAME:
                    message = f'metric name must not be set twice: "{selector.name}" or "{matcher.value}"'
                    raise self._error(message, selector.start)
        elif not any(wants_something(matcher) for matcher in selector.matchers):
            raise self._error("vector selector must contain at least one non-empty matcher", selector.start)


def wants_something(matcher: Matcher) -> bool:
    """Whether a label that is not there does not meet it."""
    match matcher.op:
        case MatchOp.EQUAL:
            return bool(matcher.value)
        case MatchOp.NOT_EQUAL:
            return not matcher.value
        case MatchOp.REGEX:
            return matches(matcher.value, "") is None
        case _:
            return matches(matcher.value, "") is not None
