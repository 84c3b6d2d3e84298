"""What a query_string finds: the tree of `lucene` looked up in the fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from fnmatch import fnmatchcase

import numpy as np

from opsdash.plant.faces.elasticsearch import field_match, lucene, patterns
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import NotKept, Refused, not_created, not_kept, shard_query
from opsdash.plant.faces.elasticsearch.field_match import Between
from opsdash.plant.log_columns import Mask
from opsdash.plant.log_fields import Kind, names


@dataclass(frozen=True, slots=True, kw_only=True)
class StringQuery:
    """A query_string as it was asked."""

    text: str
    fields: tuple[str, ...] = ("*",)
    """Where a word without a field is looked for; may have stars."""
    all_needed: bool = False
    analyze_wildcard: bool = False
    lenient: bool | None = None
    """Whether a value that a field cannot have just finds nothing; by default so where every field is asked."""
    zone: tzinfo = UTC


def found(docs: Docs, query: StringQuery) -> Mask:
    """The documents. Raises ShardRefused where it cannot be read."""
    if not query.text.strip():
        return docs.none()
    try:
        tree = lucene.parse(query.text, all_needed=query.all_needed)
    except Refused as error:
        raise shard_query(f"Failed to parse query [{query.text}]", cause=error) from error
    lenient = query.lenient if query.lenient is not None else query.fields == ("*",)
    return _Search(docs, query, lenient).node(tree)


@dataclass(frozen=True, slots=True)
class _Search:
    docs: Docs
    query: StringQuery
    lenient: bool

    def node(self, node: lucene.Node) -> Mask:
        match node:
            case lucene.Clauses(parts):
                return self._clauses(parts)
            case lucene.Words(name, text):
                return self._words(name, text)
            case lucene.Phrase(name, text, slop):
                return self._any(name, lambda field: self._phrase(field, text, slop))
            case lucene.Range(name, low, high, with_low, with_high):
                return self._range(name, low, high, with_low=with_low, with_high=with_high)
            case lucene.Pattern(name, kind, text):
                return self._pattern(name, kind, text)

    def _clauses(self, parts: tuple[tuple[lucene.Occur, lucene.Node], ...]) -> Mask:
        """Without a required clause one of the optional ones is; prohibited ones alone are taken from everything."""
        required = [self.node(node) for occur, node in parts if occur is lucene.Occur.MUST]
        optional = [self.node(node) for occur, node in parts if occur is lucene.Occur.SHOULD]
        mask = self.docs.all()
        for each in required:
            mask &= each
        if optional and not required:
            mask &= np.logical_or.reduce(optional)
        for occur, node in parts:
            if occur is lucene.Occur.MUST_NOT:
                mask &= ~self.node(node)
        return mask

    # -- leaves ----------------------------------------------------------------------------------------------------

    def _words(self, name: str | None, text: str) -> Mask:
        if name == "_exists_":
            return self._any(text, self.docs.exists)
        if name is not None and len(text) > 1 and text[0] in "<>":
            return self._one_sided(name, text)
        return self._any(name, lambda field: field_match.matching(self.docs, field, text, needed=self._needed))

    def _needed(self, words: int) -> int:
        return words if self.query.all_needed else 1

    def _one_sided(self, name: str | None, text: str) -> Mask:
        """`>5`, `>=5`, `<5`, `<=5`."""
        with_bound = len(text) > 2 and text[1] == "="
        bound = text[2:] if with_bound else text[1:]
        if text[0] == ">":
            return self._range(name, bound, None, with_low=with_bound, with_high=True)
        return self._range(name, None, bound, with_low=True, with_high=with_bound)

    def _range(self, name: str | None, low: str | None, high: str | None, *, with_low: bool, with_high: bool) -> Mask:
        def inside(field: str) -> Mask:
            lower = self.docs.kind(field) is Kind.TEXT
            bounds = [each.lower() if lower and each is not None else each for each in (low, high)]
            wanted = Between(
                low=bounds[0], high=bounds[1], with_low=with_low, with_high=with_high, zone=self.query.zone
            )
            return (
                self.docs.exists(field)
                if low is None and high is None
                else field_match.between(self.docs, field, wanted)
            )

        return self._any(name, inside)

    def _phrase(self, field: str, text: str, slop: int) -> Mask:
        if slop and self.docs.kind(field) is Kind.TEXT and len(field_match.analysed(text)) > 1:
            raise not_created(not_kept("a phrase with slop"))
        return field_match.phrase(self.docs, field, text)

    def _pattern(self, name: str | None, kind: str, text: str) -> Mask:
        if kind == "wildcard" and text == "*":
            if name == "*" or (name is None and self.query.fields == ("*",)):
                return self.docs.all()
            return self._any(name, self.docs.exists)
        if kind == "fuzzy":
            raise not_created(not_kept("a fuzzy word"))
        return self._any(name, lambda field: self._pattern_in(field, kind, text))

    def _pattern_in(self, field: str, kind: str, text: str) -> Mask:
        is_text = self.docs.kind(field) is Kind.TEXT
        if kind == "prefix" and is_text and self.query.analyze_wildcard:
            return self._analysed_prefix(field, text)
        text = text.lower() if is_text else text
        if kind == "prefix":
            return field_match.pattern(self.docs, field, lambda word: word.startswith(text), "prefix")
        test = patterns.wildcard(text) if kind == "wildcard" else patterns.regexp(text)
        return field_match.pattern(self.docs, field, test, kind)

    def _analysed_prefix(self, field: str, text: str) -> Mask:
        """Of several words the last one is a beginning."""
        *words, last = field_match.analysed(text) or [""]
        if not last:
            return self.docs.none()
        masks = [field_match.matching(self.docs, field, word, needed=self._needed) for word in words]
        masks.append(field_match.pattern(self.docs, field, lambda word: word.startswith(last), "prefix"))
        return np.asarray((np.logical_and if self.query.all_needed else np.logical_or).reduce(masks))

    # -- fields ----------------------------------------------------------------------------------------------------

    def _any(self, name: str | None, look: Callable[[str], Mask]) -> Mask:
        """Documents where one of the fields has it."""
        mask = self.docs.none()
        for field in self._fields(name):
            try:
                mask |= look(field)
            except Refused as error:
                if not self.lenient or isinstance(error.cause, NotKept):
                    raise
        return mask

    def _fields(self, name: str | None) -> tuple[str, ...]:
        wanted = self.query.fields if name is None else (name,)
        fields = expanded(wanted)
        return tuple(each for each in fields if self.docs.kind(each) is not Kind.DATE) if "*" in wanted else fields


def expanded(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that names and patterns stand for, without their boosts."""
    made: dict[str, None] = {}
    for each in wanted:
        name = each.partition("^")[0]
        made.update(
            dict.fromkeys(known for known in names() if fnmatchcase(known, name)) if "*" in name else {name: None}
        )
    return tuple(made)
