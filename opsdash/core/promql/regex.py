"""Regular expressions of queries: RE2's syntax, whole values only, refused where Python could take for ever."""

from __future__ import annotations

import re
from functools import lru_cache

from opsdash.core.promql.errors import PromqlError
from opsdash.core.regex import longest_value, regex_problem

_FLAGS = re.compile(r"\(\?([ims]+)\)")


class RegexRefused(PromqlError):
    """The pattern is wrong, or its matching could take too long here."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for `fullmatch`. Raises RegexRefused."""
    python = _scoped(pattern).replace(r"\z", r"\Z")
    problem = regex_problem(f"(?s:{python})")
    if problem is not None:
        raise RegexRefused(problem)
    return re.compile(f"(?s:{python})")


def matches(pattern: str, value: str) -> re.Match[str] | None:
    """The whole value matched, or None; a value that is too long for the pattern never matches."""
    found = compiled(pattern)
    return found.fullmatch(value) if len(value) <= longest_value(found.pattern) else None


def _scoped(pattern: str) -> str:
    """RE2's `(a(?i)b)` holds until the group ends; Python wants `(a(?i:b))`."""
    while (found := _FLAGS.search(pattern)) is not None:
        end = _end_of_group(pattern, found.end())
        inside = pattern[found.end() : end]
        pattern = f"{pattern[: found.start()]}(?{found[1]}:{inside}){pattern[end:]}"
    return pattern


def _end_of_group(pattern: str, start: int) -> int:
    depth, at = 0, start
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == "(":
            depth += 1
        elif pattern[at] == ")":
            depth -= 1
            if depth < 0:
                return at
        at += 1
    return min(at, len(pattern))
