"""match, match_phrase, multi_match and query_string: queries of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsdash.plant.faces.elasticsearch import field_match
from opsdash.plant.faces.elasticsearch.dates import zone_of
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import Refused, illegal, not_kept, parsing
from opsdash.plant.faces.elasticsearch.query_reading import Query, Read, Reading, least, of_field
from opsdash.plant.faces.elasticsearch.query_string import StringQuery, expanded, found
from opsdash.plant.log_columns import Mask

_WORD_OPTIONS = (
    "operator",
    "minimum_should_match",
    "lenient",
    "zero_terms_query",
    "auto_generate_synonyms_phrase_query",
    "prefix_length",
    "max_expansions",
    "fuzzy_transpositions",
    "fuzzy_rewrite",
    "analyzer",
    "fuzziness",
)


def read_match(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    """match: words of a text, or a value. Raises Refused."""
    name, options = of_field("match", body, _WORD_OPTIONS, "query")
    if options.get("query") is None:
        raise parsing("No text specified for text query")
    for unkept in ("analyzer", "fuzziness"):
        if unkept in options:
            raise not_kept(f"[{unkept}] of a match query")
    needed = _needed(options)
    lenient = options.get("lenient") in (True, "true")
    return Query(
        lambda docs: _leniently(
            docs, lambda: field_match.matching(docs, name, options["query"], needed=needed), lenient=lenient
        )
    )


def _needed(options: Mapping[str, Any]) -> Callable[[int], int]:
    operator = str(options.get("operator", "or")).upper()
    if operator not in ("OR", "AND"):
        raise illegal(f"No enum constant org.elasticsearch.index.query.Operator.{operator}")
    share = options.get("minimum_should_match")
    if operator == "AND":
        return lambda words: words
    return lambda words: 1 if share is None else min(least(share, words), words)


def _leniently(docs: Docs, ask: Callable[[], Mask], *, lenient: bool) -> Mask:
    try:
        return ask()
    except Refused:
        if not lenient:
            raise
        return docs.none()


def read_match_phrase(kind: str) -> Read:
    """A reader of match_phrase or match_phrase_prefix."""

    def read(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
        name, options = of_field(kind, body, ("slop", "analyzer", "zero_terms_query", "max_expansions"), "query")
        if options.get("query") is None:
            raise parsing("No text specified for text query")
        if options.get("slop") not in (None, 0, "0") or "analyzer" in options:
            raise not_kept(f"[slop] or [analyzer] of a {kind} query")
        prefix = kind == "match_phrase_prefix"
        return Query(lambda docs: field_match.phrase(docs, name, options["query"], last_is_prefix=prefix))

    return read


def read_multi_match(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    """multi_match: several fields. Raises Refused."""
    allowed = (*_WORD_OPTIONS, "query", "fields", "type", "tie_breaker", "slop", "boost", "_name")
    for key in body:
        if key not in allowed:
            raise parsing(f"[multi_match] query does not support [{key}]")
    if "query" not in body:
        raise parsing("No text specified for multi_match query")
    fields = body.get("fields", ["*"])
    names = expanded(tuple(str(each) for each in (fields if isinstance(fields, list) else [fields])))
    needed, kind = _needed(body), str(body.get("type", "best_fields"))
    if (
        kind not in ("best_fields", "most_fields", "phrase", "phrase_prefix")
        or body.get("fuzziness")
        or body.get("slop")
    ):
        raise not_kept(f"this kind of multi_match query ({kind})")
    lenient = body.get("lenient") in (True, "true") or "fields" not in body

    def ask(docs: Docs) -> Mask:
        mask = docs.none()
        for name in names:
            mask |= _leniently(docs, lambda name=name: look(docs, name), lenient=lenient)  # type: ignore[misc]
        return mask

    def look(docs: Docs, name: str) -> Mask:
        if kind.startswith("phrase"):
            return field_match.phrase(docs, name, body["query"], last_is_prefix=kind == "phrase_prefix")
        return field_match.matching(docs, name, body["query"], needed=needed)

    return Query(ask)


_STRING_OPTIONS = (
    "query",
    "default_field",
    "fields",
    "default_operator",
    "analyze_wildcard",
    "lenient",
    "time_zone",
    "boost",
    "allow_leading_wildcard",
    "phrase_slop",
    "fuzziness",
    "fuzzy_prefix_length",
    "fuzzy_max_expansions",
    "tie_breaker",
    "fuzzy_transpositions",
    "fuzzy_rewrite",
    "rewrite",
    "escape",
    "enable_position_increments",
    "type",
    "_name",
    "auto_generate_synonyms_phrase_query",
    "max_determinized_states",
)
_STRING_NOT_KEPT = ("minimum_should_match", "analyzer", "quote_analyzer", "quote_field_suffix")


def read_query_string(body: dict[str, Any], _depth: int, _reading: Reading) -> Query:
    """query_string: Lucene's language. Raises Refused."""
    for key in body:
        if key in _STRING_NOT_KEPT:
            raise not_kept(f"[{key}] of a query_string")
        if key not in _STRING_OPTIONS:
            raise parsing(f"[query_string] query does not support [{key}]")
    if body.get("query") is None:
        raise parsing("[query_string] must be provided with a [query]")
    fields = body.get("fields") or [body.get("default_field", "*")]
    lenient = body.get("lenient")
    operator = str(body.get("default_operator", "or")).upper()
    if operator not in ("OR", "AND"):
        raise illegal(f"No enum constant org.elasticsearch.index.query.Operator.{operator}")
    asked = StringQuery(
        text=str(body["query"]),
        fields=tuple(str(each) for each in (fields if isinstance(fields, list) else [fields])),
        all_needed=operator == "AND",
        analyze_wildcard=body.get("analyze_wildcard") in (True, "true"),
        lenient=None if lenient is None else lenient in (True, "true"),
        zone=zone_of(str(body.get("time_zone", "Z"))),
    )
    return Query(lambda docs: found(docs, asked))
