"""What can be wrong with a query, in the words of Prometheus."""

from __future__ import annotations

from opsdash.core.errors import QueryRejected


class PromqlError(QueryRejected):
    """A query that cannot be answered; the text is Prometheus's own wherever it has one."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position
        """Where in the query, counted in characters from 0; None where it is not one place."""


class ParseError(PromqlError):
    """The query is no PromQL, or has an argument of a wrong type. The API's `bad_data`."""


class EvaluationError(PromqlError):
    """The query is good PromQL, but these series or these values do not allow an answer. The API's `execution`."""


def refusal(query: str, position: int, message: str) -> ParseError:
    """A parse error with its line and column; Prometheus counts columns in bytes."""
    before = query[:position]
    line_start = before.rfind("\n") + 1
    column = len(before[line_start:].encode(errors="surrogatepass")) + 1
    return ParseError(f"{before.count(chr(10)) + 1}:{column}: parse error: {message}", position)


def too_many_samples() -> EvaluationError:
    """A query that would hold more samples in memory than it may."""
    return EvaluationError("query processing would load too many samples into memory in query execution")
