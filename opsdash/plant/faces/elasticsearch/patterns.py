"""Wildcards and Lucene's regular expressions as matchers whose time is bounded, whatever the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from opsdash.core.regex import longest_value, regex_problem
from opsdash.plant.faces.elasticsearch.errors import illegal, not_created, not_kept, shard_illegal

LONGEST = 1_000
"""Characters of a pattern."""
Matches = Callable[[str], bool]


@lru_cache(maxsize=256)
def wildcard(pattern: str, *, ignore_case: bool = False) -> Matches:
    """`*` any text, `?` any character, a backslash makes the next one literal. Raises Refused for a very long one."""
    if len(pattern) > LONGEST:
        raise shard_illegal(f"The length of wildcard [{len(pattern)}] has exceeded the allowed maximum of [{LONGEST}].")
    pieces = _pieces(pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    compiled = [
        re.compile("".join("." if each is None else re.escape(each) for each in piece), flags) for piece in pieces
    ]
    widths = [len(piece) for piece in pieces]

    def matches(value: str) -> bool:
        """The first piece at the beginning, the last at the end, the others in order between them."""
        if len(compiled) == 1:
            return compiled[0].fullmatch(value) is not None
        stop = len(value) - widths[-1]
        if stop < widths[0] or not compiled[0].match(value) or not compiled[-1].match(value, stop):
            return False
        at = widths[0]
        for piece in compiled[1:-1]:
            found = piece.search(value, at, stop)
            if found is None:
                return False
            at = found.end()
        return at <= stop

    return matches


def _pieces(pattern: str) -> list[list[str | None]]:
    """Between the stars: characters, None for any one."""
    pieces: list[list[str | None]] = [[]]
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\" and at + 1 < len(pattern):
            at += 1
            pieces[-1].append(pattern[at])
        elif letter == "*":
            pieces.append([])
        else:
            pieces[-1].append(None if letter == "?" else letter)
        at += 1
    return pieces


@lru_cache(maxsize=256)
def regexp(pattern: str, *, ignore_case: bool = False) -> Matches:
    """The usual part of Lucene's syntax, anchored. Raises Refused for what is wrong or could take for ever."""
    if len(pattern) > LONGEST:
        reason = (
            f"The length of regex [{len(pattern)}] used in the Regexp Query request has exceeded the allowed maximum of"
            f" [{LONGEST}]. This maximum can be set by changing the [index.max_regex_length] index level setting."
        )
        raise not_created(illegal(reason))
    translated = _translated(pattern)
    problem = regex_problem(translated)
    if problem is not None:
        if problem.startswith("not a regular expression"):
            raise not_created(illegal(_lucene_words(problem)))
        raise not_created(not_kept(f"the regexp [{pattern}] ({problem}), which"))
    compiled = re.compile(translated, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    longest = longest_value(translated)
    return lambda value: len(value) <= longest and compiled.fullmatch(value) is not None


def _lucene_words(problem: str) -> str:
    if "unterminated" in problem or "missing )" in problem:
        return "unexpected end-of-string"
    return problem


def _translated(pattern: str) -> str:
    """Lucene's syntax as Python's: what only one of them has is escaped or refused."""
    text = ""
    at, in_class = 0, False
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            text += _escaped(pattern[at + 1 : at + 2])
            at += 1
        elif in_class:
            in_class = letter != "]"
            text += "\\[" if letter == "[" else letter
        elif letter == "[":
            in_class = True
            text += letter
        elif letter == '"':
            stop = pattern.find('"', at + 1)
            if stop < 0:
                raise not_created(illegal("expected '\"' at position " + str(len(pattern))))
            text += f"(?:{re.escape(pattern[at + 1 : stop])})"
            at = stop
        elif letter in "#&<~":
            raise not_created(not_kept(f"the operator {letter} of regexp"))
        else:
            text += ".*" if letter == "@" else "\\" + letter if letter in "^$>" else "(?:" if letter == "(" else letter
        at += 1
    return text


def _escaped(letter: str) -> str:
    if not letter:
        raise not_created(illegal("unexpected end-of-string"))
    if letter in "dDwWsS":
        return "\\" + letter
    return re.escape(letter)
