"""Regular expressions that somebody else wrote: whether one is valid, and matching that stays quick whatever the value.

Python's matcher backtracks, so a pattern is only taken where the steps that it can need are known to be few:
`choices × length ^ degree`, where `choices` multiplies what bounded repeats and alternatives can do and `degree` counts
the endless repeats that can be tried again. From that follows how long a value may be; longer ones never match.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

LONGEST_PATTERN = 1_000
LONGEST_VALUE = 1_024
"""No label or field that a person chooses from is longer."""
_MOST_STEPS = 4_000_000
_SHORTEST_USEFUL = 64
_ENDLESS = 64
"""A repeat that may run this often counts as endless."""
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_START = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)


def regex_problem(pattern: str) -> str | None:
    """Why a pattern cannot be used; None where it can."""
    if len(pattern) > LONGEST_PATTERN:
        return f"longer than {LONGEST_PATTERN:,} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
            tree = sre_parser.parse(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"not a regular expression: {error}"
    operations = list(_operations(tree, inside_repeat=False))
    if any(operation in (sre.GROUPREF, sre.GROUPREF_EXISTS) for operation, _, _ in operations):
        return "a reference back to a group; matching could take for ever"
    if any(inside and (_varies(operation, detail)) for operation, detail, inside in operations):
        return "a repeat or a choice inside of a repeat; matching could take for ever"
    if longest_value(pattern) < _SHORTEST_USEFUL:
        return "too many repeats and choices; matching could take for ever"
    return None


@lru_cache(maxsize=256)
def longest_value(pattern: str) -> int:
    """How long a value may be so that a valid pattern decides on it within a few million steps."""
    tree = sre_parser.parse(pattern)
    operations = list(_operations(tree, inside_repeat=False))
    degree = sum(_is_endless(operation, detail) for operation, detail, _ in operations) - _ends_endless(tree)
    degree += not (len(tree) and tree[0][0] is sre.AT and tree[0][1] in _START)
    choices = 1
    for operation, detail, _ in operations:
        if operation in _REPEATS and not _is_endless(operation, detail):
            choices *= detail[1] - detail[0] + 1
        elif operation is sre.BRANCH:
            choices *= len(detail[1])
    return int(min(LONGEST_VALUE, (_MOST_STEPS / choices) ** (1 / max(degree, 1))))


def pick(pattern: str, value: str) -> str | None:
    """The first group of the first match, or the match where there is no group; None where nothing matches.

    The pattern has to be one without `regex_problem`; a value that is too long for it does not match.
    """
    if len(value) > longest_value(pattern):
        return None
    found = re.search(pattern, value)
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def _is_endless(operation: object, detail: Any) -> bool:
    return operation in _REPEATS and bool(detail[1] >= _ENDLESS)


def _varies(operation: object, detail: Any) -> bool:
    """Whether it can be matched in more than one way."""
    return operation is sre.BRANCH or (operation in _REPEATS and detail[0] != detail[1])


def _ends_endless(tree: Any) -> bool:
    """Whether nothing that could fail follows the last repeat, which is then never tried again."""
    left = [item for item in tree if not (item[0] is sre.AT and item[1] is sre.AT_END)]
    if not left:
        return False
    operation, detail = left[-1]
    if operation is sre.SUBPATTERN:
        return _ends_endless(detail[3])
    ends = len(left) != len(tree)
    return _is_endless(operation, detail) and (not ends or detail[2][0][0] is sre.ANY)


def _operations(tree: Any, *, inside_repeat: bool) -> Iterator[tuple[object, Any, bool]]:
    """Every operation, with whether a repeat of more than once is around it."""
    for operation, detail in tree:
        yield operation, detail, inside_repeat
        repeats = operation in _REPEATS and detail[1] > 1
        for part in _parts(operation, detail):
            yield from _operations(part, inside_repeat=inside_repeat or repeats)


def _parts(operation: object, detail: Any) -> list[Any]:
    if operation in _REPEATS:
        return [detail[2]]
    if operation is sre.SUBPATTERN:
        return [detail[3]]
    if operation is sre.BRANCH:
        return list(detail[1])
    if operation in (sre.ASSERT, sre.ASSERT_NOT):
        return [detail[1]]
    return [detail] if operation is sre.ATOMIC_GROUP else []
