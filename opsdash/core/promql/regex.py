"""Regular expressions of queries, refused as queries are."""

from __future__ import annotations

import re

from opsdash.core import re2
from opsdash.core.promql.errors import PromqlError


class RegexRefused(PromqlError):
    """The pattern is wrong, or its matching could take too long here."""


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for `fullmatch`. Raises RegexRefused."""
    try:
        return re2.compiled(pattern)
    except re2.PatternRefused as refused:
        raise RegexRefused(str(refused)) from None


def matches(pattern: str, value: str) -> re.Match[str] | None:
    """The whole value matched, or None; a value that is too long for the pattern never matches. Raises RegexRefused."""
    return re2.matched(compiled(pattern), value)
