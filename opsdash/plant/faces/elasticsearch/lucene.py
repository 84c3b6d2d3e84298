"""The syntax of query_string: Lucene's classic query language, read into a tree.

It follows the grammar of Lucene 9, with its surprises: bare words that stand side by side are one text, `AND` makes
its neighbours required, and only then `OR` is optional. Refusals have its words and columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from opsdash.plant.faces.elasticsearch.errors import Refused

DEEPEST = 100
_SPACE = " \\t\\n\\r\\u3000"
_START = rf"(?:[^{_SPACE}+\-!():^\[\]\"{{}}~*?\\/]|\\.)"
_CHAR = rf"(?:{_START}|[+\-])"
_TOKENS = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        ("AND", r"AND|&&"),
        ("OR", r"OR|\|\|"),
        ("NOT", r"NOT|!"),
        ("PLUS", r"\+"),
        ("MINUS", r"-"),
        ("BAREOPER", rf"[+\-!][{_SPACE}]"),
        ("LPAREN", r"\("),
        ("RPAREN", r"\)"),
        ("COLON", r":"),
        ("STAR", r"\*"),
        ("CARAT", r"\^"),
        ("QUOTED", r'"(?:[^"\\]|\\.)*"'),
        ("TERM", rf"{_START}{_CHAR}*"),
        ("FUZZY_SLOP", r"~(?:\d+(?:\.\d+)?|\.\d+)?"),
        ("PREFIXTERM", rf"{_START}{_CHAR}*\*"),
        ("WILDTERM", rf"(?:{_START}|[*?])(?:{_CHAR}|[*?])*"),
        ("REGEXPTERM", r"/(?:[^*/]|\\/)(?:[^/]|\\/)*/"),
        ("RANGEIN_START", r"\["),
        ("RANGEEX_START", r"\{"),
    )
)
_RANGE_TOKENS = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        ("RANGE_TO", "TO"),
        ("RANGEIN_END", r"\]"),
        ("RANGEEX_END", r"\}"),
        ("RANGE_QUOTED", r'"(?:[^"\\]|\\"|\\.)+"'),
        ("RANGE_GOOP", r"[^ \]}]+"),
    )
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_PLAIN = {"LPAREN", "RPAREN", "COLON", "STAR", "CARAT", "PLUS", "MINUS", "RANGEIN_START", "RANGEEX_START",
          "RANGEIN_END", "RANGEEX_END", "RANGE_TO"}  # fmt: skip
_TERMS = ("TERM", "STAR", "PREFIXTERM", "WILDTERM", "REGEXPTERM", "NUMBER", "BAREOPER")
_NOT_AFTER_WORDS = ("COLON", "STAR", "FUZZY_SLOP", "CARAT", "AND", "OR")


class Occur(StrEnum):
    """How a clause counts."""

    MUST = "must"
    SHOULD = "should"
    MUST_NOT = "must_not"


@dataclass(frozen=True, slots=True)
class Words:
    """Bare text, to be analysed as one."""

    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Quoted text."""

    field: str | None
    text: str
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """`kind` is prefix, wildcard, regexp or fuzzy."""

    field: str | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """None is an open side."""

    field: str | None
    low: str | None
    high: str | None
    with_low: bool
    with_high: bool


@dataclass(frozen=True, slots=True)
class Clauses:
    """Clauses with how each counts."""

    parts: tuple[tuple[Occur, Node], ...]


Node = Words | Phrase | Pattern | Range | Clauses


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str, *, all_needed: bool) -> Node:
    """The tree of a query; `all_needed` is the default operator AND. Raises Refused (parse_exception)."""
    tokens = _tokens(text)
    reader = _Reader(text, tokens, all_needed=all_needed)
    tree = reader.query(None, 0)
    if reader.peek().kind != "EOF":
        raise reader.unexpected()
    return tree


def cannot_parse(text: str, reason: str, *, kind: str = "parse_exception") -> Refused:
    """`Cannot parse '…': …`."""
    return Refused("parse_exception", f"Cannot parse '{text}': {reason}", cause=Refused(kind, reason))


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, state = 0, _TOKENS
    while True:
        while at < len(text) and text[at] in " \t\n\r\u3000":
            at += 1
        if at >= len(text):
            return [*found, _Token("EOF", "", at)]
        after_carat = bool(found) and found[-1].kind == "CARAT"
        token = _number(text, at) if after_carat else _longest(text, at, state)
        if token is None:
            raise _lexical(text, at, "" if after_carat else " (in lexical state 2)")
        found.append(token)
        at += len(token.text)
        if token.kind in ("RANGEIN_START", "RANGEEX_START"):
            state = _RANGE_TOKENS
        elif token.kind in ("RANGEIN_END", "RANGEEX_END"):
            state = _TOKENS


def _longest(text: str, at: int, state: tuple[tuple[str, re.Pattern[str]], ...]) -> _Token | None:
    best: _Token | None = None
    for kind, pattern in state:
        match = pattern.match(text, at)
        if match and match[0] and (best is None or len(match[0]) > len(best.text)):
            best = _Token(kind, match[0], at)
    return best


def _number(text: str, at: int) -> _Token | None:
    match = _NUMBER.match(text, at)
    return _Token("NUMBER", match[0], at) if match else None


def _lexical(text: str, at: int, state: str) -> Refused:
    """Lucene reads to the end to find no token."""
    prefix = f' after prefix "{_shown(text[at:])}"' if text[at : at + 1] in ('"', "/") else ""
    reason = f"Lexical error at line 1, column {len(text) + 1}.  Encountered: <EOF>{prefix}{state}"
    return cannot_parse(text, reason, kind="token_mgr_error")


def _shown(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[_Token]
    all_needed: bool
    place: int = field(default=0)

    def peek(self, ahead: int = 0) -> _Token:
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)]

    def take(self, *kinds: str) -> _Token | None:
        token = self.peek()
        if token.kind not in kinds:
            return None
        self.place += 1
        return token

    def need(self, *kinds: str) -> _Token:
        token = self.take(*kinds)
        if token is None:
            raise self.unexpected()
        return token

    def unexpected(self) -> Refused:
        token = self.peek()
        if token.kind == "EOF":
            shown = "<EOF>"
        else:
            image = f'"{token.text}"' if token.kind in _PLAIN else f"<{token.kind}>"
            shown = f' {image} "{_shown(token.text)} "'
        reason = f'Encountered "{shown}" at line 1, column {token.at}.\nWas expecting one of:\n    <NOT> ...\n    '
        return cannot_parse(self.text, reason)

    # -- the grammar -----------------------------------------------------------------------------------------------

    def query(self, name: str | None, depth: int) -> Node:
        """Clauses up to a closing parenthesis or the end."""
        if depth > DEEPEST:
            raise cannot_parse(self.text, "too many parentheses inside of each other")
        clauses: list[tuple[Occur, Node]] = []
        first: Node | None = None
        if self._words_follow():
            first = self._words(name)
            self._add_words(clauses, first)
        else:
            modifier = self._modifier()
            node = self._clause(name, depth)
            self._add(clauses, None, modifier, node)
            first = node if modifier is None else None
        while self.peek().kind not in ("EOF", "RPAREN"):
            if self._words_follow():
                self._add_words(clauses, self._words(name))
                continue
            conjunction = self.take("AND", "OR")
            modifier = self._modifier()
            self._add(clauses, conjunction.kind if conjunction else None, modifier, self._clause(name, depth))
        if len(clauses) == 1 and first is not None:
            return first
        return Clauses(tuple(clauses))

    def _words_follow(self) -> bool:
        return self.peek().kind == "TERM" and self.peek(1).kind == "TERM" and self.peek(2).kind not in _NOT_AFTER_WORDS

    def _words(self, name: str | None) -> Node:
        texts = [self.need("TERM").text]
        while self.peek().kind == "TERM" and self.peek(1).kind not in _NOT_AFTER_WORDS:
            texts.append(self.need("TERM").text)
        return Words(name, self._unescaped(" ".join(texts)))

    def _add_words(self, clauses: list[tuple[Occur, Node]], node: Node) -> None:
        clauses.append((Occur.MUST if self.all_needed else Occur.SHOULD, node))

    def _modifier(self) -> str | None:
        token = self.take("PLUS", "MINUS", "NOT")
        return token.kind if token else None

    def _add(
        self, clauses: list[tuple[Occur, Node]], conjunction: str | None, modifier: str | None, node: Node
    ) -> None:
        """Lucene's `addClause`."""
        if clauses and clauses[-1][0] is not Occur.MUST_NOT:
            if conjunction == "AND":
                clauses[-1] = (Occur.MUST, clauses[-1][1])
            elif conjunction == "OR" and self.all_needed:
                clauses[-1] = (Occur.SHOULD, clauses[-1][1])
        if modifier in ("NOT", "MINUS"):
            occur = Occur.MUST_NOT
        elif self.all_needed:
            occur = Occur.SHOULD if conjunction == "OR" else Occur.MUST
        else:
            occur = Occur.MUST if modifier == "PLUS" or conjunction == "AND" else Occur.SHOULD
        clauses.append((occur, node))

    def _clause(self, name: str | None, depth: int) -> Node:
        if self.peek(1).kind == "COLON" and self.peek().kind in ("TERM", "STAR"):
            token = self.need("TERM", "STAR")
            self.need("COLON")
            name = "*" if token.kind == "STAR" else self._unescaped(token.text)
        if not self.take("LPAREN"):
            return self._term(name)
        node = self.query(name, depth + 1)
        self.need("RPAREN")
        self._boost()
        return node

    def _boost(self) -> None:
        if self.take("CARAT"):
            self.need("NUMBER")

    def _term(self, name: str | None) -> Node:
        if token := self.take("QUOTED"):
            slop = self.take("FUZZY_SLOP")
            self._boost()
            return Phrase(name, self._unescaped(token.text[1:-1]), int(float(slop.text[1:] or 0)) if slop else 0)
        if token := self.take("RANGEIN_START", "RANGEEX_START"):
            return self._range(name, with_low=token.kind == "RANGEIN_START")
        token = self.need(*_TERMS)
        fuzzy = self.take("FUZZY_SLOP")
        self._boost()
        fuzzy = fuzzy or self.take("FUZZY_SLOP")
        return self._bare(name, token, fuzzy=fuzzy is not None)

    def _bare(self, name: str | None, token: _Token, *, fuzzy: bool) -> Node:
        made: dict[str, Callable[[], Node]] = {
            "STAR": lambda: Pattern(name, "wildcard", "*"),
            "WILDTERM": lambda: Pattern(name, "wildcard", token.text),
            "PREFIXTERM": lambda: Pattern(name, "prefix", self._unescaped(token.text[:-1])),
            "REGEXPTERM": lambda: Pattern(name, "regexp", token.text[1:-1]),
        }
        if token.kind in made:
            return made[token.kind]()
        text = token.text[:1] if token.kind == "BAREOPER" else self._unescaped(token.text)
        return Pattern(name, "fuzzy", text) if fuzzy else Words(name, text)

    def _range(self, name: str | None, *, with_low: bool) -> Node:
        low = self.need("RANGE_GOOP", "RANGE_QUOTED")
        self.need("RANGE_TO")
        high = self.need("RANGE_GOOP", "RANGE_QUOTED", "RANGE_TO")
        end = self.need("RANGEIN_END", "RANGEEX_END")
        self._boost()
        bounds = [None if each.kind == "RANGE_GOOP" and each.text == "*" else self._bound(each) for each in (low, high)]
        return Range(name, bounds[0], bounds[1], with_low, end.kind == "RANGEIN_END")

    def _bound(self, token: _Token) -> str:
        return self._unescaped(token.text[1:-1] if token.kind == "RANGE_QUOTED" else token.text)

    def _unescaped(self, text: str) -> str:
        """Without its backslashes; `\\u0041` is a character."""
        if "\\" not in text:
            return text
        made, at = "", 0
        while at < len(text):
            if text[at] != "\\":
                made += text[at]
                at += 1
                continue
            if at + 1 >= len(text):
                raise cannot_parse(self.text, "Term can not end with escape character.")
            if text[at + 1] != "u":
                made += text[at + 1]
                at += 2
                continue
            code = text[at + 2 : at + 6]
            if len(code) < 4:
                raise cannot_parse(self.text, "Truncated unicode escape sequence.")
            if not re.fullmatch("[0-9a-fA-F]{4}", code):
                wrong = next(each for each in code if each not in "0123456789abcdefABCDEF")
                raise cannot_parse(self.text, f"Non-hex character in Unicode escape sequence: {wrong}")
            made += chr(int(code, 16))
            at += 6
        return made
