"""Puts the chosen values of variables into a query: by token, as the place it stands in needs, and never as syntax.

What a variable becomes (docs/configuration.md, "Variables in queries", has the same table for people):

- in a PromQL regex matcher (`=~`, `!~`): the value as a regex that matches exactly it, several as `(a|b)`. A variable
  with one choice, whose values the configuration or the operator writes (`values:`, free text), is a regex itself;
- in `=` and `!=`: the value; with several values the matcher becomes `=~` or `!~`;
- elsewhere in a PromQL string: the value, several as `(a|b)`; outside of strings: the value, several with commas;
- in Lucene: `"a"`, `("a" OR "b")`; inside a phrase or a `/regex/` what fits there; in ES|QL: `"a", "b"`;
- `${name:format}`: Grafana's formats; `raw` outside of a string is the only way to put in syntax.

Names that are neither variables nor built-ins stay as they are, as does a regex's `$` and the `$1` of `label_replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from re import compile as pattern
from typing import assert_never

from opsdash.core.metrics.queries import EsqlQuery, EsQuery, LogQuery, PromQuery, Query
from opsdash.core.substitution import escaping
from opsdash.core.substitution.placing import EVERYTHING, LITERALS, Scope, bare, chosen_of, glued, lucene_bare
from opsdash.core.substitution.template import Quoted, Token, only_token, parts, references
from opsdash.core.variables import Bindings, Dialect

__all__ = ["BUILTINS", "builtins_at", "references", "resolve_query", "substitute", "unknown_names"]

BUILTINS = (
    "__interval", "__interval_ms", "__rate_interval", "__rate_interval_ms",
    "__range", "__range_s", "__range_ms", "__from", "__to",
)  # fmt: skip
"""Grafana's built-in variables that are known here."""

_INDEX_FORBIDDEN = pattern(r'[\\/?"<>|\s,#:*]|^[-_+.]')
_NO_BUILTINS: Mapping[str, str] = {}


def substitute(text: str, bindings: Bindings, builtins: Mapping[str, str], dialect: Dialect) -> str:
    """The text with its variables replaced; `builtins` maps names without `$` to texts (see `builtins_at`)."""
    if "$" not in text:
        return text
    known = Scope(bindings=bindings, builtins=builtins, dialect=dialect)
    pieces = parts(text, dialect)
    rendered = []
    for index, part in enumerate(pieces):
        match part:
            case str():
                rendered.append(part)
            case Token():
                rendered.append(bare(part, known, glued=dialect == "lucene" and glued(pieces, index)))
            case Quoted():
                rendered.append(LITERALS[dialect](part, known))
            case _:
                assert_never(part)
    return "".join(rendered)


def unknown_names(text: str, bindings: Bindings) -> tuple[str, ...]:
    """The names in a text that are neither variables nor built-ins: `substitute` leaves them standing."""
    return tuple(name for name in references(text) if name not in bindings and name not in BUILTINS)


@lru_cache(maxsize=256)
def builtins_at(*, step_s: float, start_s: float, end_s: float, scrape_interval_s: float) -> Mapping[str, str]:
    """Grafana's built-ins for a query that is asked with this step over this range.

    `$__interval` is the step, but not less than the scrape interval (0 for sources that do not scrape);
    `$__rate_interval` is max($__interval + scrape interval, 4 × scrape interval).
    """
    interval_s = max(step_s, scrape_interval_s)
    rate_s = max(interval_s + scrape_interval_s, 4 * scrape_interval_s)
    range_s = max(end_s - start_s, 0.0)
    return {
        "__interval": _duration(interval_s),
        "__interval_ms": str(round(interval_s * 1000)),
        "__rate_interval": _duration(rate_s),
        "__rate_interval_ms": str(round(rate_s * 1000)),
        "__range": f"{max(round(range_s), 1)}s",
        "__range_s": str(round(range_s)),
        "__range_ms": str(round(range_s * 1000)),
        "__from": str(round(start_s * 1000)),
        "__to": str(round(end_s * 1000)),
    }


def resolve_query(  # noqa: PLR0913 - each of the four times is a number of its own
    query: Query, bindings: Bindings, *, step_s: float, start_s: float, end_s: float, scrape_interval_s: float
) -> Query:
    """The same query with the variables in all of its texts replaced; the same object where there are none."""
    scrapes = scrape_interval_s if isinstance(query, PromQuery) else 0.0
    builtins = builtins_at(step_s=step_s, start_s=start_s, end_s=end_s, scrape_interval_s=scrapes)
    match query:
        case PromQuery():
            expr = substitute(query.expr, bindings, builtins, "promql")
            return query if expr == query.expr else replace(query, expr=expr)
        case EsqlQuery():
            esql = substitute(query.esql, bindings, builtins, "esql")
            return query if esql == query.esql else replace(query, esql=esql)
        case LogQuery():
            lucene, filters = _narrowed(query.query, query.filters, bindings, builtins)
            fields = _names(query.fields, bindings, builtins)
            index = _index(query.index, bindings)
            return _same(query, replace(query, query=lucene, filters=filters, index=index, fields=fields))
        case EsQuery():
            lucene, filters = _narrowed(query.query, query.filters, bindings, builtins)
            field = substitute(query.metric.field, bindings, builtins, "plain")
            metric = query.metric if field == query.metric.field else replace(query.metric, field=field)
            groups, index = _names(query.group_by, bindings, builtins), _index(query.index, bindings)
            found = replace(query, query=lucene, filters=filters, index=index, metric=metric, group_by=groups)
            return _same(query, found)
        case _:
            assert_never(query)


def _narrowed(
    query: str, filters: tuple[tuple[str, str], ...], bindings: Bindings, builtins: Mapping[str, str]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Query and filters; a filter by several values moves into the query, one by "All" goes."""
    text = substitute(query, bindings, builtins, "lucene")
    kept: list[tuple[str, str]] = []
    for field, value in filters:
        token = only_token(value)
        binding = bindings.get(token.name) if token is not None and not token.format else None
        chosen = None if binding is None else chosen_of(binding, "lucene")
        if chosen is None or not chosen.many:
            kept.append((field, substitute(value, bindings, builtins, "plain")))
        elif chosen.verbatim != "*":
            condition = f"{escaping.lucene_term(field)}:{lucene_bare(chosen, glued=False)}"
            text = f"({text}) AND {condition}" if text.strip() else condition
    return text, tuple(kept)


def _names(fields: tuple[str, ...], bindings: Bindings, builtins: Mapping[str, str]) -> tuple[str, ...]:
    """Names of fields; a variable with several values gives several."""
    if not any("$" in field for field in fields):
        return fields
    found: list[str] = []
    for field in fields:
        token = only_token(field)
        binding = bindings.get(token.name) if token is not None and not token.format else None
        found.extend(
            chosen_of(binding, "plain").values if binding else [substitute(field, bindings, builtins, "plain")]
        )
    return tuple(dict.fromkeys(name for name in found if name))


def _index(index: str, bindings: Bindings) -> str:
    """An index pattern; a value that a source gave cannot add another index to it."""
    if "$" not in index:
        return index
    known = Scope(bindings=bindings, builtins=_NO_BUILTINS, dialect="plain")
    return "".join(part if isinstance(part, str) else _index_part(part, known) for part in parts(index, "plain"))


def _index_part(part: Token | Quoted, known: Scope) -> str:
    assert isinstance(part, Token), "plain text has no literals"
    chosen = known.chosen(part)
    if chosen is None:
        return part.source
    if chosen.verbatim is not None:
        return "*" if chosen.verbatim == EVERYTHING["plain"] else chosen.verbatim
    return ",".join(value if chosen.trusted else _INDEX_FORBIDDEN.sub("", value) for value in chosen.values)


def _same(query: Query, resolved: Query) -> Query:
    return query if resolved == query else resolved


def _duration(seconds: float) -> str:
    """As PromQL and Elasticsearch write it: whole seconds, or milliseconds."""
    if seconds == int(seconds):
        return f"{int(seconds)}s"
    return f"{max(round(seconds * 1000), 1)}ms"
