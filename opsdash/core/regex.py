"""Regular expressions that somebody else wrote: whether one is valid, and whether matching it stays quick."""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

LONGEST_PATTERN = 1_000
_MOST_REPEATS = 3
_UNBOUNDED = 64
"""A repeat that may run this often counts as endless."""
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)


def regex_problem(pattern: str) -> str | None:
    """Why a pattern cannot be used; None where it can.

    Python's matcher backtracks. Refused are an endless repeat around another repeat or around a choice (`(a+)+`,
    `(a|aa)*`), references back to a group, and more than three endless repeats: with what is
    left, matching n characters takes about n⁴ steps in the worst case, and values are cut before they are matched.
    """
    if len(pattern) > LONGEST_PATTERN:
        return f"longer than {LONGEST_PATTERN:,} characters"
    try:
        tree = sre_parser.parse(pattern)
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    operations = list(_operations(tree, inside_repeat=False))
    if any(operation in (sre.GROUPREF, sre.GROUPREF_EXISTS) for operation, _, _ in operations):
        return "a reference back to a group; matching could take for ever"
    nested = any(inside and (_is_endless(operation, detail) or operation is sre.BRANCH)
                 for operation, detail, inside in operations)  # fmt: skip
    if nested:
        return "a repeat inside of a repeat; matching could take for ever"
    if sum(_is_endless(operation, detail) for operation, detail, _ in operations) > _MOST_REPEATS:
        return f"more than {_MOST_REPEATS} endless repeats (* or +); matching could take for ever"
    return None


def _is_endless(operation: object, detail: Any) -> bool:
    return operation in _REPEATS and detail[1] >= _UNBOUNDED


def _operations(tree: Any, *, inside_repeat: bool) -> Iterator[tuple[object, Any, bool]]:
    """Every operation, with whether an endless repeat is around it."""
    for operation, detail in tree:
        yield operation, detail, inside_repeat
        for part in _parts(operation, detail):
            yield from _operations(part, inside_repeat=inside_repeat or _is_endless(operation, detail))


def _parts(operation: object, detail: Any) -> list[Any]:
    if operation in _REPEATS or operation is sre.POSSESSIVE_REPEAT:
        return [detail[2]]
    if operation is sre.SUBPATTERN:
        return [detail[3]]
    if operation is sre.BRANCH:
        return list(detail[1])
    if operation in (sre.ASSERT, sre.ASSERT_NOT):
        return [detail[1]]
    if operation is sre.ATOMIC_GROUP:
        return [detail]
    return []
