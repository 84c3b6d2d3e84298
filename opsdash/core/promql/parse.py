"""From the text of a query to a tree that can be evaluated."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate

from opsdash.core.promql.aggregate import AGGREGATIONS
from opsdash.core.promql.errors import ParseError
from opsdash.core.promql.functions import FUNCTIONS
from opsdash.core.promql.grammar import MOST_NESTED, Grammar
from opsdash.core.promql.nodes import Aggregate, Call, Expr, Selector, parts
from opsdash.core.promql.regex import RegexRefused, compiled
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import MatchOp
from opsdash.core.promql.third import read_third
from opsdash.core.promql.types import Check

LONGEST_QUERY = 100_000
"""Characters."""
_OPERATOR = re.compile(r"[+\-*/%^=<>!]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_BRACKET = re.compile(r"[()\[\]]")
_MOST_OPERATORS = 250


@lru_cache(maxsize=1024)
def parse_tree(query: str, semantics: Semantics = Semantics.V2) -> Expr:
    """The tree of a query, all of its types checked. Raises ParseError."""
    if len(query) > LONGEST_QUERY:
        raise ParseError(f"1:1: parse error: the query is longer than {LONGEST_QUERY:,} characters")
    if semantics is Semantics.V2:
        root = Grammar(query).whole()
        Check(query).expression(root)
    else:
        root = _third(query)
    return root


def _third(query: str) -> Expr:
    """A parser that calls itself must not be given what is nested too deeply."""
    if sum(1 for _ in _OPERATOR.finditer(query)) > _MOST_OPERATORS:
        raise ParseError(f"parse error: more than {_MOST_OPERATORS} operators")
    opened = accumulate(1 if found[0] in "([" else -1 for found in _BRACKET.finditer(query))
    if max(opened, default=0) > MOST_NESTED:
        raise ParseError(f"parse error: the query is nested more than {MOST_NESTED} deep")
    root = read_third(query)
    waiting = [(root, 1)]
    while waiting:
        expr, depth = waiting.pop()
        if depth > MOST_NESTED:
            raise ParseError(f"parse error: the query is nested more than {MOST_NESTED} deep")
        _check_known(expr)
        waiting.extend((part, depth + 1) for part in parts(expr))
    return root


def _check_known(expr: Expr) -> None:
    if isinstance(expr, Call) and (expr.name not in FUNCTIONS or Semantics.V3 not in FUNCTIONS[expr.name].semantics):
        raise ParseError(f'parse error: unknown function with name "{expr.name}"')
    if isinstance(expr, Aggregate) and expr.operator not in AGGREGATIONS:
        raise ParseError(f"parse error: {expr.operator}() is experimental in Prometheus and not here")
    if isinstance(expr, Selector):
        for matcher in expr.matchers:
            if matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
                _check_regex(matcher.value)


def _check_regex(pattern: str) -> None:
    try:
        compiled(pattern)
    except RegexRefused as error:
        raise ParseError(f"parse error: error parsing regexp: {error}") from error
