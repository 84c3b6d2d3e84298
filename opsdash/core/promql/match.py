"""A selector alone, as the API's `match[]` takes it."""

from __future__ import annotations

from opsdash.core.promql.grammar import Grammar
from opsdash.core.promql.storage import Matcher


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a selector without offset, `@` or range. Raises ParseError for everything else."""
    return Grammar(text).selector().matchers
