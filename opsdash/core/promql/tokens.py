"""The words of PromQL 2.42, and what is wrong with a text that is none, as Prometheus says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from opsdash.core.promql.errors import PromqlError, refusal
from opsdash.core.promql.numbers import go_quoted


class Token(StrEnum):
    """Sorts of words whose text matters; every other word is a sort of its own."""

    END = "end of input"
    NAME = "identifier"
    METRIC = "metric identifier"
    STRING = "string"
    NUMBER = "number"
    DURATION = "duration"
    KEYWORD = "keyword"
    AGGREGATION = "aggregation"
    OPERATOR = "operator"
    MARK = "mark"


AGGREGATIONS = frozenset(
    {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"}
)
WORD_OPERATORS = frozenset({"and", "or", "unless", "atan2"})
KEYWORDS = frozenset({"offset", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "start", "end"})
_SPACE = " \t\n\r"
_LONGEST_SHOWN = 10
"""Bytes of a number or string in a message."""
_AT_ITEM = '"<Item 57385>" <op:@>'
"""How Prometheus 2.42 calls the sign `@`."""

_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?|[0-9]*(?:\.[0-9]*)?)(?:[eE][+-]?[0-9]*)?", re.ASCII)
_DURATION_REST = re.compile(r"[smhdwy]s?(?:[0-9]+[smhdw]s?)*", re.ASCII)
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9_]", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_:]+", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_ESCAPE_LENGTHS = {"x": (2, 16, 0xFF), "u": (4, 16, 0x10FFFF), "U": (8, 16, 0x10FFFF)}


@dataclass(frozen=True, slots=True)
class Item:
    """One word at its place."""

    sort: Token
    text: str
    start: int

    @property
    def end(self) -> int:
        """Past its last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """A keyword, operator or mark as it is compared: they are in any case."""
        return self.text.lower() if self.sort in (Token.KEYWORD, Token.AGGREGATION, Token.OPERATOR, Token.MARK) else ""

    def described(self) -> str:
        """What Prometheus calls it where it was not expected."""
        if self.sort in (Token.NAME, Token.METRIC):
            return f"{self.sort} {go_quoted(self.text)}"
        if self.sort in (Token.STRING, Token.NUMBER, Token.DURATION):
            dots = "..." if len(self.text.encode()) > _LONGEST_SHOWN else ""
            return f"{self.sort} {go_quoted(self.text[:_LONGEST_SHOWN] if dots else self.text)}{dots}"
        if self.sort is Token.OPERATOR:
            return _AT_ITEM if self.text == "@" else f"<op:{self.text}>"
        known = {
            Token.END: "end of input",
            Token.KEYWORD: f"<{self.text}>",
            Token.AGGREGATION: f"<aggr:{self.text}>",
        }
        return known.get(self.sort, go_quoted(self.text))


class Lexer:
    """Reads one word after the other; what is inside of braces and brackets has rules of its own."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._at = 0
        self._parens = 0
        self._in_braces = False
        self._in_brackets = False
        self._colon_seen = False
        self._duration_next = False

    def next(self) -> Item:
        """The next word; Token.END again and again after the last. Raises ParseError."""
        if self._duration_next:
            self._duration_next = False
            return self._duration()
        self._skip()
        if self._at >= len(self.query):
            return self._ended()
        return self._inside_braces() if self._in_braces else self._anywhere()

    def _skip(self) -> None:
        while self._at < len(self.query):
            if self.query[self._at] == "#":
                ends = [place for mark in "\r\n" if (place := self.query.find(mark, self._at)) >= 0]
                self._at = min(ends, default=len(self.query))
            elif self.query[self._at] in _SPACE:
                self._at += 1
            else:
                return

    def _ended(self) -> Item:
        if self._in_braces:
            raise self._error("unexpected end of input inside braces")
        if self._parens:
            raise self._error("unclosed left parenthesis")
        if self._in_brackets:
            raise self._error("unclosed left bracket")
        return Item(Token.END, "", len(self.query))

    def _error(self, message: str, at: int | None = None) -> PromqlError:
        return refusal(self.query, self._at if at is None else at, message)

    def _item(self, sort: Token, length: int) -> Item:
        item = Item(sort, self.query[self._at : self._at + length], self._at)
        self._at += length
        return item

    def _peek(self, offset: int = 1) -> str:
        return self.query[self._at + offset : self._at + offset + 1]

    def _anywhere(self) -> Item:
        char = self.query[self._at]
        if char in "\"'`":
            return self._string(char)
        if char.isascii() and (char.isdigit() or (char == "." and self._peek().isascii() and self._peek().isdigit())):
            return self._number()
        if char in _MARKS:
            return _MARKS[char](self)
        if char.isascii() and (char.isalpha() or char in "_:"):
            return self._word() if not self._in_brackets else self._colon(char)
        raise self._error(f"unexpected character: {go_rune(char)}")

    def _colon(self, char: str) -> Item:
        """In brackets any letter counts as the colon of a subquery: so does Prometheus read them."""
        if self._colon_seen:
            raise self._error(f"unexpected colon {go_rune(char)}")
        self._colon_seen = True
        return Item(Token.MARK, ":", self._item(Token.MARK, 1).start)

    def _operator(self) -> Item:
        char, after = self.query[self._at], self._peek()
        if char == "!":
            if after != "=":
                raise self._error(f"unexpected character after '!': {go_rune(after)}")
            return self._item(Token.OPERATOR, 2)
        if char == "=" and after == "~":
            raise self._error("unexpected character after '=': '~'")
        if char in "=<>" and after == "=":
            return self._item(Token.OPERATOR, 2)
        return self._item(Token.MARK if char == "=" else Token.OPERATOR, 1)

    def _paren(self) -> Item:
        opens = self.query[self._at] == "("
        self._parens += 1 if opens else -1
        if self._parens < 0:
            raise self._error("unexpected right parenthesis ')'", self._at + 1)
        return self._item(Token.MARK, 1)

    def _brace(self) -> Item:
        self._in_braces = True
        return self._item(Token.MARK, 1)

    def _bracket(self) -> Item:
        opens = self.query[self._at] == "["
        if opens == self._in_brackets:
            side = "left" if opens else "right"
            raise self._error(f"unexpected {side} bracket '{self.query[self._at]}'")
        self._in_brackets = opens
        item = self._item(Token.MARK, 1)
        if opens:
            self._colon_seen, self._duration_next = False, True
            while self._peek(0) and self._peek(0) in _SPACE:
                self._at += 1
        return item

    def _inside_braces(self) -> Item:
        char, after = self.query[self._at], self._peek()
        if char in "\"'`":
            return self._string(char)
        if char.isascii() and (char.isalpha() or char == "_"):
            found = _LABEL.match(self.query, self._at)
            return self._item(Token.NAME, len(found[0]) if found else 1)
        if char == ",":
            return self._item(Token.MARK, 1)
        if char == "=":
            return self._item(Token.MARK, 2 if after == "~" else 1)
        if char == "!":
            if after and after in "=~":
                return self._item(Token.MARK, 2)
            raise self._error(f"unexpected character after '!' inside braces: {go_rune(after)}")
        if char == "{":
            raise self._error("unexpected left brace '{'")
        if char == "}":
            self._in_braces = False
            return self._item(Token.MARK, 1)
        raise self._error(f"unexpected character inside braces: {go_rune(char)}")

    def _word(self) -> Item:
        found = _WORD.match(self.query, self._at)
        text = found[0] if found else self.query[self._at]
        return self._item(_sort_of(text), len(text))

    def _number(self) -> Item:
        found = _NUMBER.match(self.query, self._at)
        length = len(found[0]) if found else 0
        if not _ALPHANUMERIC.match(self.query, self._at + length):
            return self._item(Token.NUMBER, length)
        return self._with_units(length, "bad number or duration syntax")

    def _duration(self) -> Item:
        """What follows a left bracket."""
        found = _NUMBER.match(self.query, self._at)
        length = len(found[0]) if found else 0
        if not _ALPHANUMERIC.match(self.query, self._at + length):
            raise self._error("missing unit character in duration")
        return self._with_units(length, "bad duration syntax")

    def _with_units(self, digits: int, problem: str) -> Item:
        found = _DURATION_REST.match(self.query, self._at + digits)
        end = found.end() if found else self._at + digits
        if found and not _ALPHANUMERIC.match(self.query, end):
            return self._item(Token.DURATION, end - self._at)
        if found:
            rest = re.compile(r"[0-9]+", re.ASCII).match(self.query, end)
            end = rest.end() if rest else end + 1
        raise self._error(f"{problem}: {go_quoted(self.query[self._at : end])}")

    def _string(self, quote: str) -> Item:
        at = self._at + 1
        while at < len(self.query) and (quote == "`" or self.query[at] != "\n"):
            if self.query[at] == quote:
                return self._item(Token.STRING, at + 1 - self._at)
            at = self._escape(at, quote) if self.query[at] == "\\" and quote != "`" else at + 1
        raise self._error("unterminated raw string" if quote == "`" else "unterminated quoted string")

    def _escape(self, at: int, quote: str) -> int:
        """Past an escape sequence."""
        char = self.query[at + 1 : at + 2]
        if not char:
            raise self._error("escape sequence not terminated")
        if char in "abfnrtv\\" or char == quote:
            return at + 2
        if char in "01234567":
            first, (length, base, most) = at + 1, (3, 8, 0xFF)
        elif char in _ESCAPE_LENGTHS:
            first, (length, base, most) = at + 2, _ESCAPE_LENGTHS[char]
        else:
            raise self._error(f"unknown escape sequence {_code_point(char)}")
        for place in range(first, first + length):
            digit = self.query[place : place + 1]
            if not digit:
                raise self._error("escape sequence not terminated")
            if digit not in "0123456789abcdefABCDEF"[: 8 if base == 8 else 22]:
                raise self._error(f"illegal character {_code_point(digit)} in escape sequence")
        number = int(self.query[first : first + length], base)
        if number > most or 0xD800 <= number < 0xE000:
            raise self._error("escape sequence is an invalid Unicode code point")
        return first + length


_MARKS: Mapping[str, Callable[[Lexer], Item]] = {
    **dict.fromkeys("()", Lexer._paren),
    **dict.fromkeys("[]", Lexer._bracket),
    "{": Lexer._brace,
    ",": lambda lexer: lexer._item(Token.MARK, 1),
    **dict.fromkeys("+-*/%^@=!<>", Lexer._operator),
}


def _sort_of(word: str) -> Token:
    lowered = word.lower()
    if lowered in AGGREGATIONS:
        return Token.AGGREGATION
    if lowered in WORD_OPERATORS:
        return Token.OPERATOR
    if lowered in KEYWORDS:
        return Token.KEYWORD
    if lowered in ("inf", "nan"):
        return Token.NUMBER
    return Token.METRIC if ":" in word else Token.NAME


def go_rune(char: str) -> str:
    """A character as Go quotes it; of none, what Go shows of the end."""
    if not char:
        return "'�'"
    return "'\\''" if char == "'" else f"'{go_quoted(char)[1:-1]}'" if char != '"' else "'\"'"


def _code_point(char: str) -> str:
    """Go's `%#U`."""
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")
