"""A query written anew, in the one form that Prometheus gives it."""

from __future__ import annotations

import promql_parser as parser

from opsdash.core.promql.parse import parse_tree
from opsdash.core.promql.scope import Semantics


def format_query(query: str, semantics: Semantics = Semantics.V2) -> str:
    """The query with its spaces and lines as Prometheus sets them. Raises ParseError."""
    parse_tree(query, semantics)
    return str(parser.parse(query).prettify())
