"""Matchers as people write them: `service="orders", team=~"shop|pay"`, as in Alertmanager and amtool."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import cast

from opsdash.core.alerting.matchers import Matcher, Matchers, MatchOp
from opsdash.core.errors import Refused
from opsdash.core.metrics.labels import Labels
from opsdash.core.re2 import PatternRefused, compiled
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean, fit

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:]*", re.ASCII)
_OPERATOR = re.compile(r"[=!~<>:]+")
_OPERATORS = ("=~", "!~", "!=", "=")
_MEANT = {"==": "=", "~": "=~", "~=": "=~", "=!": "!=", "<>": "!=", ":": "=", ":=": "=", "===": "=", "!==": "!="}
_BARE = re.compile(r"[^\s,{}\"'=!~]+")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_MOST = 64
_LONGEST = 4_096


class MatchersWrong(Refused):
    """What was written are no matchers; `at` is where, counted from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"at {at + 1}: {message}")
        self.at = at


def parse_matchers(text: str, *, known: Collection[str] = ()) -> Matchers:
    """The matchers of a text; braces around them and quotes around plain values may be left out. Empty: none.

    `known`: names of labels, to say which one was meant where there is no such name but a similar one. Raises
    MatchersWrong with the place.
    """
    if len(text) > _LONGEST:
        raise MatchersWrong(f"longer than {_LONGEST:,} characters", _LONGEST)
    return _Reader(text, known).all()


def strange_labels(matchers: Matchers, label_sets: Iterable[Labels]) -> str:
    """`; no alert has a label "servcie"; did you mean service?`, beside a preview that is empty; or nothing."""
    names = {name for labels in label_sets for name, _ in labels}
    strange = [matcher.name for matcher in matchers if matcher.name not in names] if names else []
    if not strange:
        return ""
    return f'; no alert has a label "{fit(strange[0], 40)}"{did_you_mean(strange[0], sorted(names))}'


class _Reader:
    """Reads the text from left to right."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._text = text
        self._known = known
        self._at = 0

    def all(self) -> Matchers:
        """Every matcher, to the end of the text."""
        braced = self._take("{")
        found: list[Matcher] = []
        while not self._is_over(braced):
            if len(found) == _MOST:
                raise MatchersWrong(f"more than {_MOST} matchers", self._at)
            found.append(self._matcher())
            if not self._take(",") and not self._is_over(braced):
                raise MatchersWrong(f"a comma is missing before {self._next()}", self._at)
        if braced and not self._take("}"):
            raise MatchersWrong("the closing } is missing", len(self._text))
        if self._skip() < len(self._text):
            raise MatchersWrong(f"{self._next()} does not belong here", self._at)
        return tuple(found)

    def _matcher(self) -> Matcher:
        start = self._skip()
        name = self._name(start)
        operator = self._operator(name)
        value_at = self._skip()
        value = self._value(name, operator)
        if operator in ("=~", "!~"):
            self._refuse_pattern(value, value_at)
        return Matcher(name=name, op=operator, value=value)

    def _name(self, start: int) -> str:
        if self._text[start : start + 1] == '"':
            return self._quoted()
        found = _NAME.match(self._text, start)
        if found is None:
            raise MatchersWrong(f"a label's name is missing before {self._next()}", start)
        self._at = found.end()
        name = found[0]
        if self._known and name not in self._known and (near := did_you_mean(name, self._known)):
            raise MatchersWrong(f'no alert has a label "{clean(name)}"{near}', start)
        return name

    def _operator(self, name: str) -> MatchOp:
        start = self._skip()
        found = _OPERATOR.match(self._text, start)
        if found is None:
            raise MatchersWrong(f"after {clean(name)} comes =, !=, =~ or !~, not {self._next()}", start)
        for operator in _OPERATORS:
            if found[0] == operator:
                self._at = found.end()
                return cast("MatchOp", operator)
        meant = f"; did you mean {_MEANT[found[0]]}?" if found[0] in _MEANT else "; there are =, !=, =~ and !~"
        raise MatchersWrong(f"{found[0]} is no operator{meant}", start)

    def _value(self, name: str, operator: str) -> str:
        start = self._skip()
        if self._text[start : start + 1] == '"':
            return self._quoted()
        if self._text[start : start + 1] == "'":
            raise MatchersWrong("values stand in double quotes", start)
        found = _BARE.match(self._text, start)
        if found is None:
            raise MatchersWrong(
                f"after {clean(name)}{operator} comes a value in double quotes, not {self._next()}", start
            )
        self._at = found.end()
        return found[0]

    def _quoted(self) -> str:
        start, at = self._at, self._at + 1
        value: list[str] = []
        while at < len(self._text):
            char = self._text[at]
            if char == '"':
                self._at = at + 1
                return "".join(value)
            if char == "\\":
                at += 1
                escaped = self._text[at : at + 1]
                # Alertmanager leaves an escape alone that it does not know: \. and \d of a regular expression.
                char = _ESCAPES.get(escaped, f"\\{escaped}")
            value.append(char)
            at += 1
        raise MatchersWrong("the closing quote is missing", start)

    def _refuse_pattern(self, value: str, at: int) -> None:
        try:
            compiled(value)
        except PatternRefused as wrong:
            raise MatchersWrong(clean(str(wrong)), at) from wrong

    def _take(self, sign: str) -> bool:
        if self._text[self._skip() : self._at + 1] != sign:
            return False
        self._at += 1
        return True

    def _is_over(self, braced: bool) -> bool:
        left = self._text[self._skip() :]
        return not left or (braced and left.startswith("}"))

    def _skip(self) -> int:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at

    def _next(self) -> str:
        left = self._text[self._skip() :]
        return f'"{fit(left.split()[0], 20)}"' if left else "the end"
