"""What the readers of all queries share: the question that they make, bounds, options of a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import bad_number, illegal, not_created, parsing
from opsdash.plant.log_columns import Mask

Ask = Callable[[Docs], Mask]


@dataclass(frozen=True, slots=True)
class Query:
    """Which documents match, and the score that they all have: 1, or 0 where nothing but filters is asked.

    Relevance is not computed: what a real server would order by BM25 comes in the order of the documents.
    """

    ask: Ask
    score: float = 1.0


MATCH_ALL = Query(lambda docs: docs.all())


@dataclass(slots=True)
class Reading:
    """Bounds of one request."""

    clauses: int = 0


Read = Callable[[dict[str, Any], int, Reading], Query]


def token_of(value: Any) -> str:
    """What Elasticsearch calls a kind of JSON value."""
    if isinstance(value, bool):
        return "VALUE_BOOLEAN"
    if value is None:
        return "VALUE_NULL"
    if isinstance(value, int | float):
        return "VALUE_NUMBER"
    if isinstance(value, str):
        return "VALUE_STRING"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


def least(given: object, optional: int) -> int:
    """`minimum_should_match`: a number, a negative one, or a share. Raises ShardRefused."""
    text = str(given).strip()
    share = text.endswith("%")
    try:
        count = int(float(text[:-1])) if share else int(text)
    except ValueError:
        raise not_created(bad_number(text)) from None
    if share:
        count = int(optional * count / 100) if count >= 0 else optional + int(optional * count / 100)
    elif count < 0:
        count = optional + count
    return max(count, 0)


def of_field(query: str, body: dict[str, Any], allowed: tuple[str, ...], short: str) -> tuple[str, dict[str, Any]]:
    """The field and its options; a bare value stands for the option `short`. Raises Refused."""
    if not body:
        raise illegal("field name is null or empty")
    (name, options), *others = body.items()
    if others:
        reason = f"[{query}] query doesn't support multiple fields, found [{name}] and [{others[0][0]}]"
        raise parsing(reason)
    if isinstance(options, list):
        raise parsing(f"[{query}] query does not support array of values" if query == "term"
                      else f"[{query}] unexpected token [START_ARRAY] after [{name}]")  # fmt: skip
    if not isinstance(options, dict):
        return name, {short: options}
    for key in options:
        if key not in (*allowed, short, "boost", "_name"):
            raise parsing(f"[{query}] query does not support [{key}]")
    return name, options
