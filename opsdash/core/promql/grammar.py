"""The grammar of PromQL 2.42: words to a tree, refusing in Prometheus's words and at its places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsdash.core.promql.errors import PromqlError, refusal
from opsdash.core.promql.functions import FUNCTIONS
from opsdash.core.promql.literals import read_duration, read_number, read_string
from opsdash.core.promql.modifiers import at_edge, at_time, offset_by, ranged
from opsdash.core.promql.nodes import (
    PARAMETERS,
    Aggregate,
    Binary,
    Call,
    Edge,
    Expr,
    Matching,
    Number,
    Parens,
    Selector,
    Subquery,
    Text,
    Unary,
)
from opsdash.core.promql.regex import RegexRefused, compiled
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.core.promql.tokens import Item, Lexer, Token
from opsdash.core.promql.values import NAME

MOST_NESTED = 100
"""Expressions inside of each other: far more than anybody writes, far fewer than Python's stack holds."""

_PRECEDENCE: Mapping[str, int] = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(("==", "!=", ">", "<", ">=", "<="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_SIGN = 5
"""A sign binds like a multiplication: `-1 ^ 2` is `-(1 ^ 2)`."""
_NAMES = frozenset({"by", "without", "offset", "start", "end", "and", "or", "unless"})
"""Keywords and operators that can be the name of a metric."""
_MATCH_OPS = frozenset(MatchOp)


class Grammar:
    """Reads one query from left to right, one word ahead."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._lexer = Lexer(query)
        self._item = self._lexer.next()
        self._late: PromqlError | None = None
        """The first thing that is wrong without being in the way: what cannot be read at all later on comes after."""
        self._depth = 0
        self._aggregations = 0
        self._closed = 0
        """Where the last bracket, number or duration ended."""

    def whole(self) -> Expr:
        """The tree of the query. Raises ParseError."""
        if self._ended():
            raise refusal(self._query, 0, "no expression found in input")
        try:
            expr = self._expression(0)
            if not self._ended():
                raise self._unexpected()
        except PromqlError as error:
            raise self._late or error from None
        if self._late is not None:
            raise self._late
        return expr

    def selector(self) -> Selector:
        """The query as a selector alone, without window, offset or `@`. Raises ParseError."""
        try:
            named = self._item.sort in (Token.NAME, Token.METRIC, Token.AGGREGATION) or self._item.word in _NAMES
            if not named and not self._is("{"):
                raise self._unexpected()
            found = self._selector(self._take() if named else None)
            if not self._ended():
                raise self._unexpected()
        except PromqlError as error:
            raise self._late or error from None
        return found

    # -- words -----------------------------------------------------------------------------------------------------

    def _take(self) -> Item:
        item = self._item
        if item.sort in (Token.NUMBER, Token.DURATION) or item.text in (")", "}", "]"):
            self._closed = item.end
        self._item = self._lexer.next()
        return item

    def _ended(self) -> bool:
        return self._item.sort is Token.END

    def _is(self, *words: str) -> bool:
        return self._item.word in words and bool(self._item.word)

    def _expect(self, mark: str) -> Item:
        if not self._is(mark):
            raise self._unexpected()
        return self._take()

    def _unexpected(self, context: str = "", expected: str = "") -> PromqlError:
        context = context or ("aggregation" if self._aggregations else "")
        message = f"unexpected {self._item.described()}" + (f" in {context}" if context else "")
        return self._error(message + (f", expected {expected}" if expected else ""), self._item.start)

    def _error(self, message: str, at: int) -> PromqlError:
        return refusal(self._query, at, message)

    def _note(self, message: str, at: int) -> None:
        self._late = self._late or self._error(message, at)

    # -- expressions -----------------------------------------------------------------------------------------------

    def _expression(self, least: int) -> Expr:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise self._error(f"the query is nested more than {MOST_NESTED} deep", self._item.start)
        expr = self._operand()
        height = 0
        while (level := _PRECEDENCE.get(self._item.word, 0)) > least or (level == 6 and least == 6):
            height += 1
            if self._depth + height > MOST_NESTED:
                raise self._error(f"more than {MOST_NESTED} operators in one another", self._item.start)
            expr = self._operation(expr, level)
        self._depth -= 1
        return expr

    def _operation(self, left: Expr, level: int) -> Binary:
        operator = self._take()
        returns_bool = self._is("bool")
        if returns_bool:
            self._take()
        matching = self._matching()
        right = self._expression(level - 1 if level == 6 else level)
        return Binary(
            operator=operator.word,
            left=left,
            right=right,
            matching=matching,
            returns_bool=returns_bool,
            start=left.start,
            end=right.end,
            sign=operator.start,
        )

    def _matching(self) -> Matching | None:
        if not self._is("on", "ignoring"):
            return None
        on = self._take().word == "on"
        matching = Matching(labels=self._labels(), on=on)
        if not self._is("group_left", "group_right"):
            return matching
        many = "left" if self._take().word == "group_left" else "right"
        return replace(matching, many=many, included=self._labels() if self._is("(") else ())

    def _operand(self) -> Expr:
        if self._is("+", "-"):
            sign = self._take()
            inner = self._expression(_SIGN)
            if isinstance(inner, Number):
                return replace(inner, value=-inner.value if sign.text == "-" else inner.value, start=sign.start)
            return Unary(operator=sign.text, inner=inner, start=sign.start, end=inner.end)
        expr = self._primary()
        while self._is("offset", "@", "["):
            expr = self._modified(expr)
        return expr

    def _primary(self) -> Expr:
        item = self._item
        if item.sort in (Token.NUMBER, Token.STRING):
            return self._literal()
        match item.sort:
            case Token.AGGREGATION:
                self._take()
                return self._aggregate(item) if self._is("(", "by", "without") else self._selector(item)
            case Token.NAME:
                self._take()
                return self._call(item) if self._is("(") else self._selector(item)
            case _ if item.sort is Token.METRIC or item.word in _NAMES:
                self._take()
                return self._selector(item)
            case _:
                return self._selector(None) if self._is("{") else self._parens()

    def _literal(self) -> Number | Text:
        item = self._take()
        if item.sort is Token.STRING:
            return Text(value=read_string(item.text), start=item.start, end=item.end)
        return Number(value=self._number(item), start=item.start, end=item.end)

    def _parens(self) -> Parens:
        start = self._expect("(").start
        inner = self._expression(0)
        end = self._expect(")").end
        return Parens(inner=inner, start=start, end=end)

    def _number(self, item: Item) -> float:
        try:
            return read_number(item.text)
        except ValueError as error:
            self._note(str(error), item.start)
            return 0.0

    # -- calls -----------------------------------------------------------------------------------------------------

    def _call(self, name: Item) -> Call:
        arguments = self._arguments()
        function = FUNCTIONS.get(name.text)
        if function is None or Semantics.V2 not in function.semantics:
            self._note(f'unknown function with name "{name.text}"', name.start)
        return Call(name=name.text, arguments=arguments, start=name.start, end=self._closed)

    def _arguments(self) -> tuple[Expr, ...]:
        self._expect("(")
        if self._is(")"):
            self._take()
            return ()
        found = [self._expression(0)]
        while self._is(","):
            comma = self._take()
            if self._is(")", ","):
                self._note("trailing commas not allowed in function call args", comma.start)
            else:
                found.append(self._expression(0))
        self._expect(")")
        return tuple(found)

    def _aggregate(self, operator: Item) -> Expr:
        self._aggregations += 1
        grouping = self._grouping()
        arguments = self._arguments()
        grouping = grouping or self._grouping()
        self._aggregations -= 1
        wanted = 2 if operator.word in PARAMETERS else 1
        if not arguments:
            self._note("no arguments for aggregate expression provided", operator.start)
        elif len(arguments) != wanted:
            self._note(
                f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(arguments)}",
                operator.start,
            )
        word, labels = grouping or ("by", ())
        return Aggregate(
            operator=operator.word,
            inner=arguments[-1] if arguments else Number(value=0.0),
            parameter=arguments[0] if len(arguments) > 1 else None,
            labels=labels,
            without=word == "without",
            start=operator.start,
            end=self._closed,
        )

    def _grouping(self) -> tuple[str, tuple[str, ...]] | None:
        return (self._take().word, self._labels()) if self._is("by", "without") else None

    def _labels(self) -> tuple[str, ...]:
        """Label names in parentheses; keywords are names here."""
        if not self._is("("):
            raise self._unexpected("grouping opts", '"("')
        self._take()
        found: list[str] = []
        while not self._is(")"):
            label = self._item
            words = (Token.KEYWORD, Token.AGGREGATION, Token.NAME)
            if label.sort not in words and label.word not in ("and", "or", "unless", "atan2"):
                raise self._unexpected("grouping opts", "label")
            found.append(self._take().text)
            if not self._is(",", ")"):
                raise self._unexpected("grouping opts", '"," or ")"')
            if self._is(","):
                self._take()
        self._take()
        return tuple(found)

    # -- selectors -------------------------------------------------------------------------------------------------

    def _selector(self, name: Item | None) -> Selector:
        start = self._item.start if name is None else name.start
        end = self._item.start if name is None else name.end
        matchers: tuple[Matcher, ...] = ()
        if self._is("{"):
            matchers = self._matchers()
            end = self._closed
        if name is not None:
            matchers = (*matchers, Matcher(NAME, MatchOp.EQUAL, name.text))
        return Selector(name=name.text if name else "", matchers=matchers, start=start, end=end)

    def _matchers(self) -> tuple[Matcher, ...]:
        self._take()
        found: list[Matcher] = []
        while not self._is("}"):
            found.append(self._matcher())
            if not self._is(",", "}"):
                raise self._unexpected("label matching", '"," or "}"')
            if self._is(","):
                self._take()
        self._take()
        return tuple(found)

    def _matcher(self) -> Matcher:
        if self._item.sort is not Token.NAME:
            raise self._unexpected("label matching", 'identifier or "}"')
        label = self._take()
        if self._item.word not in _MATCH_OPS:
            raise self._unexpected("label matching", "label matching operator")
        op = MatchOp(self._take().text)
        value = read_string(self._value().text)
        if op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            try:
                compiled(value)
            except RegexRefused as error:
                self._note(f"error parsing regexp: {error}", label.start)
        return Matcher(label.text, op, value)

    def _value(self) -> Item:
        if self._item.sort is not Token.STRING:
            raise self._unexpected("label matching", "string")
        return self._take()

    # -- modifiers -------------------------------------------------------------------------------------------------

    def _modified(self, expr: Expr) -> Expr:
        word = self._take().word
        if word == "[":
            return self._window(expr)
        result, problem = self._offset(expr) if word == "offset" else self._at(expr)
        if problem:
            self._note(problem, expr.start)
            return expr
        return replace(result, end=self._closed)

    def _offset(self, expr: Expr) -> tuple[Expr, str]:
        back = self._is("-")
        if back:
            self._take()
        if self._item.sort is not Token.DURATION:
            raise self._unexpected("offset", "duration")
        duration = self._duration()
        return offset_by(expr, -duration if back else duration)

    def _at(self, expr: Expr) -> tuple[Expr, str]:
        if self._is("start", "end"):
            edge = Edge(self._take().word)
            for mark in "()":
                if not self._is(mark):
                    raise self._unexpected("@", "timestamp")
                self._take()
            return at_edge(expr, edge)
        minus = self._is("-")
        if self._is("-", "+"):
            self._take()
        if self._item.sort is not Token.NUMBER:
            raise self._unexpected("@", "timestamp")
        number = self._number(self._take())
        return at_time(expr, -number if minus else number)

    def _duration(self) -> int:
        item = self._take()
        try:
            return read_duration(item.text)
        except ValueError as error:
            self._note(str(error), item.start)
            return 1

    def _window(self, expr: Expr) -> Expr:
        bracket = self._query.rindex("[", 0, self._item.start)
        if self._item.sort is not Token.DURATION:
            raise self._unexpected("subquery selector", "duration")
        range_ms = self._duration()
        if self._is("]"):
            end = self._take().end
            result, problem = ranged(expr, range_ms, end)
            if problem:
                self._note(problem, bracket)
            return result
        if not self._is(":"):
            raise self._unexpected("subquery or range", '":" or "]"')
        self._take()
        step_ms = None
        if self._item.sort is Token.DURATION:
            step_ms = self._duration()
            if not self._is("]"):
                raise self._unexpected("subquery selector", '"]"')
        elif not self._is("]"):
            raise self._unexpected("subquery selector", 'duration or "]"')
        end = self._take().end
        return Subquery(inner=expr, range_ms=range_ms, step_ms=step_ms, start=expr.start, end=end)
