"""PromQL, evaluated over numpy matrices: what Prometheus 2.42 answers, and with a switch what 3.x answers."""

from opsdash.core.promql.engine import Answer, Engine, Expression, parse, selectors
from opsdash.core.promql.errors import EvaluationError, ParseError, PromqlError
from opsdash.core.promql.format import format_query
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import Block, Matcher, MatchOp, Storage

__all__ = [
    "Answer",
    "Block",
    "Engine",
    "EvaluationError",
    "Expression",
    "MatchOp",
    "Matcher",
    "ParseError",
    "PromqlError",
    "Semantics",
    "Storage",
    "format_query",
    "parse",
    "selectors",
]
