"""Queries of Prometheus 3, read by promql-parser: its grammar is theirs, its refusals have words of their own."""

from __future__ import annotations

import re
from typing import Any

import promql_parser as parser

from opsdash.core.promql.errors import ParseError
from opsdash.core.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Edge,
    Expr,
    Matching,
    Number,
    Parens,
    RangeSelector,
    Selector,
    Shift,
    Subquery,
    Text,
    Unary,
)
from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.core.promql.values import NAME

_OPS = {"Equal": MatchOp.EQUAL, "NotEqual": MatchOp.NOT_EQUAL, "Re": MatchOp.REGEX, "NotRe": MatchOp.NOT_REGEX}

_NEGATIVE_TIME = re.compile(r"@\s*-")
"""The parser cannot tell such a time to Python."""


def read_third(query: str) -> Expr:
    """The tree of a query. Raises ParseError."""
    if _NEGATIVE_TIME.search(query):
        raise ParseError("parse error: timestamp out of bounds for @ modifier: times before 1970 are not here")
    try:
        return _node(parser.parse(query))
    except ValueError as error:
        raise ParseError(f"parse error: {error}") from error


def _node(node: Any) -> Expr:  # noqa: PLR0911
    match type(node).__name__:
        case "NumberLiteral":
            return Number(value=node.val)
        case "StringLiteral":
            return Text(value=node.val)
        case "ParenExpr":
            return Parens(inner=_node(node.expr))
        case "VectorSelector":
            return _selector(node)
        case "MatrixSelector":
            return RangeSelector(selector=_selector(node.vector_selector), range_ms=_ms(node.range))
        case "SubqueryExpr":
            step = None if node.step is None else _ms(node.step)
            return Subquery(inner=_node(node.expr), range_ms=_ms(node.range), step_ms=step, shift=_shift(node))
        case "Call":
            return Call(name=node.func.name, arguments=tuple(map(_node, node.args)))
        case "AggregateExpr":
            modifier = node.modifier
            return Aggregate(
                operator=str(node.op),
                inner=_node(node.expr),
                parameter=None if node.param is None else _node(node.param),
                labels=tuple(modifier.labels) if modifier else (),
                without=modifier is not None and modifier.type == parser.AggModifierType.Without,
            )
        case "UnaryExpr":
            return Unary(operator="-", inner=_node(node.expr))
        case _:
            return _binary(node)


def _binary(node: Any) -> Binary:
    modifier = node.modifier
    matching = None
    fill = None if modifier is None else modifier.fill_values
    if fill is not None and (fill.lhs is not None or fill.rhs is not None):
        raise ParseError("parse error: the fill modifier is experimental in Prometheus and not here")
    if modifier is not None and modifier.matching is not None:
        many = {"ManyToOne": "left", "OneToMany": "right"}.get(str(modifier.card).rpartition(".")[2], "")
        on = modifier.matching
        matching = Matching(
            labels=tuple(on.labels),
            on=on.type == parser.LabelModifierType.Include,
            many=many,
            included=tuple(modifier.group_labels or ()),
        )
    return Binary(
        operator=str(node.op),
        left=_node(node.lhs),
        right=_node(node.rhs),
        matching=matching,
        returns_bool=modifier is not None and bool(modifier.return_bool),
    )


def _selector(node: Any) -> Selector:
    if node.matchers.or_matchers:
        raise ParseError("parse error: `or` between matchers is not PromQL")
    matchers = tuple(
        Matcher(matcher.name, _OPS[str(matcher.op).rpartition(".")[2]], matcher.value)
        for matcher in node.matchers.matchers
    )
    if node.name:
        matchers = (*matchers, Matcher(NAME, MatchOp.EQUAL, node.name))
    return Selector(name=node.name or "", matchers=matchers, shift=_shift(node))


def _shift(node: Any) -> Shift:
    at: int | Edge | None = None
    if node.at is not None:
        kind = str(node.at.type).rpartition(".")[2]
        at = {"Start": Edge.START, "End": Edge.END}.get(kind) or round(node.at.at.timestamp() * 1000)
    return Shift(offset_ms=0 if node.offset is None else _ms(node.offset), at=at)


def _ms(duration: Any) -> int:
    seconds: float = duration.total_seconds()
    return round(seconds * 1000)
