"""The tree of a query: what is asked, before anybody knows any series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opsdash.core.promql.storage import Matcher


class Kind(StrEnum):
    """The four types of PromQL, in its own words."""

    VECTOR = "instant vector"
    MATRIX = "range vector"
    SCALAR = "scalar"
    STRING = "string"


class Edge(StrEnum):
    """`@ start()` and `@ end()`: an end of the whole query's range."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """At which other time a selector looks."""

    offset_ms: int = 0
    at: int | Edge | None = None
    """Milliseconds since the epoch, or an edge; None: at the time of each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any expression. `start` and `end` are places in the query, in characters."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """`1`, `0x1F`, `Inf`."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """A string in quotes, its escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parens(Node):
    """An expression in parentheses."""

    inner: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector(Node):
    """`name{matchers} @ t offset d`: the newest sample of each series."""

    name: str
    """As written before the braces; empty where it is not there. It is among the matchers too."""
    matchers: tuple[Matcher, ...]
    shift: Shift = Shift()


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeSelector(Node):
    """`selector[5m]`: all samples of a window."""

    selector: Selector
    range_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Node):
    """`expression[1h:1m] @ t offset d`: an instant vector, evaluated again and again."""

    inner: Expr
    range_ms: int
    step_ms: int | None
    """None: the engine's default."""
    shift: Shift = Shift()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Node):
    """`sum by (a) (…)`, `topk(3, …)`."""

    operator: str
    inner: Expr
    parameter: Expr | None = None
    labels: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which series of the two sides belong together."""

    labels: tuple[str, ...] = ()
    on: bool = False
    """Whether `labels` are those that have to agree; otherwise those that are ignored."""
    many: str = ""
    """The side that may have several series for one of the other: `left`, `right`, or none."""
    included: tuple[str, ...] = ()
    """Labels that are taken from the "one" side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """An operator between two expressions."""

    operator: str
    left: Expr
    right: Expr
    matching: Matching | None = None
    """None where nothing was said."""
    returns_bool: bool = False
    sign: int = field(default=0, compare=False)
    """Where the operator stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """A sign before an expression."""

    operator: str
    inner: Expr


Expr = Number | Text | Parens | Selector | RangeSelector | Subquery | Call | Aggregate | Binary | Unary

SET_OPERATORS = frozenset({"and", "or", "unless"})
COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "atan2"})
PARAMETERS: Mapping[str, Kind] = {
    "topk": Kind.SCALAR,
    "bottomk": Kind.SCALAR,
    "limitk": Kind.SCALAR,
    "limit_ratio": Kind.SCALAR,
    "quantile": Kind.SCALAR,
    "count_values": Kind.STRING,
}
"""Aggregations that take a parameter, and of which type it is."""


def bare(expr: Expr) -> Expr:
    """An expression without the parentheses around it."""
    while isinstance(expr, Parens):
        expr = expr.inner
    return expr


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside of one."""
    match expr:
        case Parens() | Subquery() | Unary():
            return (expr.inner,)
        case RangeSelector():
            return (expr.selector,)
        case Call():
            return expr.arguments
        case Aggregate():
            return (expr.inner,) if expr.parameter is None else (expr.parameter, expr.inner)
        case Binary():
            return (expr.left, expr.right)
        case _:
            return ()
