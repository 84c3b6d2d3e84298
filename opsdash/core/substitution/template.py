"""A query text cut into what stands as it is, variables, and the string literals that hold variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from opsdash.core.variables import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """`$name`, `${name}` or `${name:format}`."""

    name: str
    format: str
    source: str
    """As it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A string literal that holds at least one variable."""

    quoting: str
    operator: str
    """In PromQL the matcher before it: `=`, `!=`, `=~`, `!~`; empty elsewhere."""
    space: str
    """What stands between the operator and the literal."""
    pieces: tuple[str | Token, ...]
    """The inside, as it is written."""
    closed: bool


Part = str | Token | Quoted

_TOKEN = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_GROUP = re.compile(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_DOUBLE = r'"(?:\\.?|[^"\\])*+"?'
_SINGLE = r"'(?:\\.?|[^'\\])*+'?"
_BACKTICK = r"`[^`]*+`?"
_LITERALS = {
    "promql": re.compile(rf"#[^\n]*+|{_DOUBLE}|{_SINGLE}|{_BACKTICK}", re.DOTALL),
    "lucene": re.compile(rf"\\.?|{_DOUBLE}|(?<![^\s:(])/(?:\\.?|[^/\\])*+/?", re.DOTALL),
    "esql": re.compile(rf'//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|"""(?:[^"]|"(?!""))*+(?:""")?|{_DOUBLE}|{_BACKTICK}',
                       re.DOTALL),
}  # fmt: skip
_MATCHER = re.compile(r"(=~|!~|!=|(?<![=!<>~])=)(\s*)\Z")
_MATCHER_LONGEST = 64


def references(text: str) -> tuple[str, ...]:
    """The names of the variables in a text, each once, in order; groups of its own regex (`(?P<x>…)`) are not."""
    if "$" not in text:
        return ()
    groups = set(_GROUP.findall(text))
    return tuple(dict.fromkeys(name for name in map(_name, _TOKEN.finditer(text)) if name not in groups))


def formats(text: str) -> tuple[tuple[str, str], ...]:
    """(name, format) of each `${name:format}` in a text."""
    return tuple((found[1], found[2]) for found in _TOKEN.finditer(text) if found[2])


@lru_cache(maxsize=4096)
def parts(text: str, dialect: Dialect) -> tuple[Part, ...]:
    """The text in parts; joined as they were written they are the text."""
    return tuple(_parts(text, dialect))


@lru_cache(maxsize=4096)
def only_token(text: str) -> Token | None:
    """The variable that a text is, and nothing else."""
    found = _TOKEN.fullmatch(text.strip())
    return _token(found) if found else None


def _parts(text: str, dialect: Dialect) -> Iterator[Part]:
    pattern = _LITERALS.get(dialect)
    at = 0
    for found in pattern.finditer(text) if pattern else ():
        literal = found[0]
        if "$" not in literal:
            continue
        if not _holds_values(literal):
            yield from _pieces(text[at : found.start()])
            yield literal
            at = found.end()
            continue
        operator, space, code_end = _matcher(text, at, found.start()) if dialect == "promql" else ("", "", -1)
        yield from _pieces(text[at : found.start() if code_end < 0 else code_end])
        yield _quoted(literal, operator, space)
        at = found.end()
    yield from _pieces(text[at:])


def _holds_values(literal: str) -> bool:
    return literal[0] in "\"'`/" and not literal.startswith(("//", "/*")) and _TOKEN.search(literal) is not None


def _matcher(text: str, start: int, end: int) -> tuple[str, str, int]:
    found = _MATCHER.search(text, max(start, end - _MATCHER_LONGEST), end)
    return (found[1], found[2], found.start()) if found else ("", "", -1)


def _quoted(literal: str, operator: str, space: str) -> Quoted:
    quoting = '"""' if literal.startswith('"""') else literal[0]
    size = len(quoting)
    closed = len(literal) >= 2 * size and literal.endswith(quoting)
    inside = literal[size : -size if closed else None]
    return Quoted(quoting=quoting, operator=operator, space=space, pieces=tuple(_pieces(inside)), closed=closed)


def _pieces(text: str) -> Iterator[str | Token]:
    at = 0
    for found in _TOKEN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield _token(found)
        at = found.end()
    if at < len(text):
        yield text[at:]


def _token(found: re.Match[str]) -> Token:
    return Token(name=_name(found), format=found[2] or "", source=found[0])


def _name(found: re.Match[str]) -> str:
    return found[1] or found[3]


def promql_code(expr: str) -> Iterator[tuple[int, str]]:
    """Position and character of a PromQL expression without its strings and comments.

    A string that does not end gives its opening quote.
    """
    at = 0
    for found in _LITERALS["promql"].finditer(expr):
        yield from enumerate(expr[at : found.start()], at)
        literal = found[0]
        if literal[0] != "#" and not _is_closed(literal):
            yield found.start(), literal[0]
        at = found.end()
    yield from enumerate(expr[at:], at)


def _is_closed(literal: str) -> bool:
    if len(literal) < 2 or literal[-1] != literal[0]:
        return False
    slashes = len(literal) - 1 - len(literal[:-1].rstrip("\\"))
    return literal[0] == "`" or slashes % 2 == 0
