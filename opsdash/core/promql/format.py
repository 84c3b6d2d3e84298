"""A query written anew, in the one form that Prometheus gives it: lines of at most 100 bytes where that is possible."""

from __future__ import annotations

import promql_parser as parser

from opsdash.core.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Number,
    Parens,
    RangeSelector,
    Selector,
    Shift,
    Subquery,
    Text,
    Unary,
)
from opsdash.core.promql.numbers import go_quoted, spelled_number
from opsdash.core.promql.parse import parse_tree
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import MatchOp
from opsdash.core.promql.values import NAME

_LONGEST_LINE = 100
_INDENT = "  "
_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))


def format_query(query: str, semantics: Semantics = Semantics.V2) -> str:
    """The query with its spaces and lines as Prometheus sets them. Raises ParseError."""
    root = parse_tree(query, semantics)
    return _pretty(root, 0) if semantics is Semantics.V2 else str(parser.parse(query).prettify())


def _pretty(expr: Expr, level: int) -> str:  # noqa: PLR0911 - one for each sort of node
    """An expression at the start of a line, indented."""
    indent, line = _INDENT * level, _line(expr)
    if isinstance(expr, Unary):
        return f"{indent}{expr.operator}{_pretty(expr.inner, level).strip()}"
    if len(line.encode()) <= _LONGEST_LINE:
        return line if isinstance(expr, Subquery) else indent + line
    match expr:
        case Aggregate():
            arguments = _listed(_arguments(expr), level + 1)
            return f"{indent}{_head(expr)}(\n{arguments}\n{indent})"
        case Call():
            return f"{indent}{expr.name}(\n{_listed(expr.arguments, level + 1)}\n{indent})"
        case Parens():
            return f"{indent}(\n{_pretty(expr.inner, level + 1)}\n{indent})"
        case Binary():
            left, right = _pretty(expr.left, level + 1), _pretty(expr.right, level + 1)
            return f"{left}\n{indent}{_operator(expr)}\n{right}"
        case Subquery():
            return _pretty(expr.inner, level) + _steps(expr)
        case _:
            return indent + line


def _listed(exprs: tuple[Expr, ...], level: int) -> str:
    return ",\n".join(_pretty(expr, level) for expr in exprs)


def _line(expr: Expr) -> str:  # noqa: C901, PLR0911 - one for each sort of node
    """An expression on one line."""
    match expr:
        case Number():
            return spelled_number(expr.value)
        case Text():
            return go_quoted(expr.value)
        case Parens():
            return f"({_line(expr.inner)})"
        case Unary():
            return f"{expr.operator}{_line(expr.inner)}"
        case Selector():
            return _selected(expr) + _shift(expr.shift)
        case RangeSelector():
            return f"{_selected(expr.selector)}[{_duration(expr.range_ms)}]{_shift(expr.selector.shift)}"
        case Subquery():
            return _line(expr.inner) + _steps(expr)
        case Call():
            return f"{expr.name}({', '.join(map(_line, expr.arguments))})"
        case Aggregate():
            return f"{_head(expr)}({', '.join(map(_line, _arguments(expr)))})"
        case Binary():
            return f"{_line(expr.left)} {_operator(expr)} {_line(expr.right)}"


def _arguments(node: Aggregate) -> tuple[Expr, ...]:
    return (node.inner,) if node.parameter is None else (node.parameter, node.inner)


def _head(node: Aggregate) -> str:
    if not node.without and not node.labels:
        return node.operator
    return f"{node.operator} {'without' if node.without else 'by'} ({', '.join(node.labels)}) "


def _operator(node: Binary) -> str:
    text = node.operator + (" bool" if node.returns_bool else "")
    matching = node.matching
    if matching is None or not (matching.labels or matching.on):
        return text
    text += f" {'on' if matching.on else 'ignoring'} ({', '.join(matching.labels)})"
    return f"{text} group_{matching.many} ({', '.join(matching.included)})" if matching.many else text


def _selected(selector: Selector) -> str:
    shown = sorted(
        f"{matcher.name}{matcher.op}{go_quoted(matcher.value)}"
        for matcher in selector.matchers
        if not (matcher.name == NAME and matcher.op is MatchOp.EQUAL and matcher.value == selector.name)
    )
    return f"{selector.name}{{{','.join(shown)}}}" if shown else selector.name


def _steps(subquery: Subquery) -> str:
    step = "" if subquery.step_ms is None else _duration(subquery.step_ms)
    return f"[{_duration(subquery.range_ms)}:{step}]{_shift(subquery.shift)}"


def _shift(shift: Shift) -> str:
    text = ""
    if isinstance(shift.at, int):
        text = f" @ {shift.at / 1000:.3f}"
    elif shift.at is not None:
        text = f" @ {shift.at}()"
    if shift.offset_ms:
        text += f" offset {'-' if shift.offset_ms < 0 else ''}{_duration(abs(shift.offset_ms))}"
    return text


def _duration(milliseconds: int) -> str:
    """Years and weeks only where nothing is left over."""
    parts, left = [], milliseconds
    for unit, size in _UNITS:
        count = left // size
        if count and not (unit in "yw" and left % size):
            parts.append(f"{count}{unit}")
            left -= count * size
    return "".join(parts) + (f"{left}ms" if left else "")
