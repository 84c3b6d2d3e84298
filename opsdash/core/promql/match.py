"""A selector alone, as the API's `match[]` takes it."""

from __future__ import annotations

from opsdash.core.promql.errors import ParseError
from opsdash.core.promql.nodes import Selector, Shift
from opsdash.core.promql.parse import parse_tree
from opsdash.core.promql.storage import Matcher


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a selector without offset, `@` or range. Raises ParseError for everything else."""
    tree = parse_tree(text)
    if not isinstance(tree, Selector) or tree.shift != Shift():
        raise ParseError("parse error: only a series selector may stand here")
    return tree.matchers
