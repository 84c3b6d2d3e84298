"""The selectors of a PromQL expression, for saying why it gives nothing. Pure, and forgiving: not a parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

MOST_SELECTORS = 8
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
      | (?P<number>\d[\w.]*)
      | (?P<name>[A-Za-z_:][\w:.]*)
      | (?P<op>=~|!~|!=|==|=|.)""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset(
    [
        "and",
        "or",
        "unless",
        "bool",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "by",
        "without",
        "offset",
        "inf",
        "nan",
        "start",
        "end",
    ]
)
_LISTS = frozenset(["on", "ignoring", "group_left", "group_right", "by", "without"])
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """`name="value"`, with its operator."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        quoted = self.value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        return f'{self.name}{self.operator}"{quoted}"'


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric with its matchers; the metric is empty for `{job="api"}`."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        inner = ",".join(str(matcher) for matcher in self.matchers)
        return f"{self.metric}{{{inner}}}" if inner or not self.metric else self.metric


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def selectors_of(expr: str) -> tuple[Selector, ...]:
    """The different selectors of the expression, in their order, eight at most."""
    found: dict[Selector, None] = {}
    tokens = [*_tokens(expr), _Token("op", ""), _Token("op", "")]
    position = 0
    while position < len(tokens) - 2:
        token, after = tokens[position], tokens[position + 1]
        if token.kind == "name" and token.text.lower() in _LISTS and after.text == "(":
            position = _past(tokens, position + 1, ")")
        elif token.text == "{":
            end = _past(tokens, position, "}")
            found[_selector("", tokens[position + 1 : end - 1])] = None
            position = end
        elif token.kind == "name" and after.text == "{":
            end = _past(tokens, position + 1, "}")
            found[_selector(token.text, tokens[position + 2 : end - 1])] = None
            position = end
        else:
            if _is_metric(token, after):
                found[Selector(token.text)] = None
            position += 1
    return tuple(found)[:MOST_SELECTORS]


def _tokens(expr: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(expr):
        if match.lastgroup != "space":
            yield _Token(str(match.lastgroup), match[0])


def _past(tokens: list[_Token], position: int, closing: str) -> int:
    """The position after the next closing sign."""
    while position < len(tokens) - 2 and tokens[position].text != closing:
        position += 1
    return position + 1 if position < len(tokens) - 2 else position


def _is_metric(token: _Token, after: _Token) -> bool:
    """A name that is no keyword and no function, nor an operator as in `sum by (…) (…)`."""
    if token.kind != "name" or after.text == "(" or token.text.lower() in _KEYWORDS:
        return False
    return after.text.lower() not in ("by", "without")


def _selector(metric: str, inner: list[_Token]) -> Selector:
    matchers = []
    for (name, operator), value in zip(pairwise(inner), inner[2:], strict=False):
        if name.kind in ("name", "string") and operator.text in ("=", "!=", "=~", "!~") and value.kind == "string":
            label = _unquoted(name.text) if name.kind == "string" else name.text
            matchers.append(Matcher(label, operator.text, _unquoted(value.text)))
    own = next((m for m in matchers if m.name == "__name__" and m.operator == "="), None)
    if own is not None and not metric:
        return Selector(own.value, tuple(matcher for matcher in matchers if matcher != own))
    return Selector(metric, tuple(matchers))


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner if text[0] == "`" else _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), inner)
