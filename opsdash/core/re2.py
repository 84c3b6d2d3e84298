"""Regular expressions of queries and matchers: RE2's syntax, whole values only, refused where Python could hang."""

from __future__ import annotations

import re
from functools import lru_cache

from opsdash.core.regex import longest_value, regex_problem

_PERL = re.compile(r"(?<!\\)\(\?(?:<?[=!]|>|\(|#|P[=>])")
"""Looking around, atomic groups, conditions and references: RE2 has none of them."""
_COUNTED = re.compile(r"(?<!\\)\{(\d+)(?:,(\d*))?\}", re.ASCII)
_MOST_REPEATED = 1000
_FLAGS = re.compile(r"\(\?([ims]+)\)")


class PatternRefused(ValueError):
    """The pattern is wrong, or its matching could take too long here."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for `fullmatch`. Raises PatternRefused."""
    python = _scoped(pattern).replace(r"\z", r"\Z")
    problem = _not_re2(pattern) or regex_problem(f"(?s:{python})")
    if problem is not None:
        raise PatternRefused(_in_go_words(problem, pattern))
    return re.compile(f"(?s:{python})")


def _not_re2(pattern: str) -> str | None:
    """What Python's matcher would take and Go's does not."""
    found = _PERL.search(pattern)
    if found is not None:
        return f"invalid or unsupported Perl syntax: `{found[0]}`"
    large = next((count for count in _COUNTED.finditer(pattern) if _over(count[1]) or _over(count[2])), None)
    return None if large is None else f"invalid repeat count: `{large[0]}`"


def _over(count: str | None) -> bool:
    return bool(count) and int(count or 0) > _MOST_REPEATED


def _in_go_words(problem: str, pattern: str) -> str:
    whole = f"^(?:{pattern})$"
    if "missing )" in problem:
        return f"missing closing ): `{whole}`"
    if "unbalanced parenthesis" in problem:
        return f"unexpected ): `{whole}`"
    place = re.search(r"at position (\d+)", problem)
    at = int(place[1]) - len("(?s:") if place else 0
    if "unterminated character set" in problem:
        return f"missing closing ]: `{pattern[at:]})$`"
    if "nothing to repeat" in problem:
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if "bad escape" in problem:
        return f"invalid escape sequence: `{pattern[at : at + 2]}`"
    return problem


def matched(pattern: re.Pattern[str], value: str) -> re.Match[str] | None:
    """The whole value matched by what `compiled` gave, or None; a value that is too long for it never matches."""
    return pattern.fullmatch(value) if len(value) <= longest_value(pattern.pattern) else None


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
