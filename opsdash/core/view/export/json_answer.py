"""`opsdash query --format json`."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, PromQuery, Query
from opsdash.core.view.export.json_panel import Document, dumped, log_document, series_documents
from opsdash.core.view.export.numbers import iso_time, plain_number


def answer_document(answer: Answer, query: Query, legends: Sequence[str], *, version: str, at_s: float) -> Document:
    """What was asked, when, and what came: `series` for metrics, `rows` for log rows and tables, the other is null."""
    return {
        "opsdash": version,
        "at": iso_time(at_s),
        "source": query.source,
        "query": _asked(query),
        "series": None if _is_tabular(answer, query) else series_documents(answer.window, legends),
        "rows": _rows(answer) if _is_tabular(answer, query) else None,
        "warnings": list(answer.warnings),
        "cut": list(answer.cut),
    }


def answer_json(answer: Answer, query: Query, legends: Sequence[str], *, version: str, at_s: float) -> str:
    """As text."""
    return dumped(answer_document(answer, query, legends, version=version, at_s=at_s))


def _asked(query: Query) -> str:
    match query:
        case PromQuery():
            return query.expr
        case EsqlQuery():
            return query.esql
        case EsQuery() | LogQuery():
            return query.query


def _is_tabular(answer: Answer, query: Query) -> bool:
    return isinstance(query, LogQuery) or answer.table is not None


def _rows(answer: Answer) -> list[Document]:
    if answer.table is None:
        return [log_document(row) for row in answer.rows]
    return [
        {
            name: plain_number(value) if isinstance(value, float) else value
            for name, value in zip(answer.table.columns, row, strict=False)
        }
        for row in answer.table.rows
    ]
