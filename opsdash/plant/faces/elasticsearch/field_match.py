"""Which documents have a value, a range, a pattern or words in one field."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.dates import instant
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Refused,
    bad_number,
    illegal,
    not_created,
    shard_query,
)
from opsdash.plant.log_columns import Mask, WordColumn, address_number
from opsdash.plant.log_fields import NUMBERS, WORDS, Kind, column_of
from opsdash.plant.log_text import words_of

address_of = lru_cache(maxsize=32_768)(address_number)
_INTEGER = 2**31
_LONG = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A range: each side may be open, and take its own bound in or not."""

    low: Any = None
    high: Any = None
    with_low: bool = True
    with_high: bool = True
    form: str | None = None
    zone: tzinfo = UTC


def of_words(codes: Any, column: WordColumn, wanted: Iterable[int]) -> Mask:
    """Documents whose code is one of those."""
    chosen = np.zeros(len(column.words) + 1, dtype=np.bool_)
    chosen[list(wanted)] = True
    return np.asarray(chosen[codes])


def by_word(codes: Any, column: WordColumn, test: Callable[[str], bool]) -> Mask:
    """Documents whose word passes; each different word is looked at once."""
    return of_words(codes, column, (code for code, word in enumerate(column.words) if test(word)))


def java_number(value: float) -> str:
    """A number as Java writes it as text: `50.0`, `2.147483647E9`."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(float(value))
    mantissa, _, exponent = f"{Decimal(repr(float(value))).normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


# -- one value ---------------------------------------------------------------------------------------------------------


def number(value: Any) -> float:
    """A number of a request. Raises Refused in Java's words."""
    if isinstance(value, bool) or value is None:
        raise bad_number(value)
    try:
        parsed = float(value)
    except (ValueError, TypeError, OverflowError):
        raise bad_number(value) from None
    if isinstance(value, str) and ("_" in value or value.strip().lower() in ("inf", "-inf", "+inf", "nan", "infinity")):
        raise bad_number(value)
    return parsed


def term(  # noqa: PLR0911 - a type of field in a row
    docs: Docs, name: str, value: Any, *, ignore_case: bool = False
) -> Mask:
    """Documents with exactly this value. Raises ShardRefused for one that the field cannot have."""
    if name == "_index":
        return docs.all() if value == docs.index else docs.none()
    if name == "_id":
        return ids(docs, [value])
    kind = docs.kind(name)
    if kind is None:
        return docs.none()
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind is Kind.TEXT:
        return _word(docs, name, text, ignore_case=ignore_case)
    if kind is Kind.KEYWORD:
        codes, column = docs.word(name)
        if ignore_case:
            return by_word(codes, column, lambda word: word.lower() == text.lower())
        return np.asarray(codes == column.code_of(text))
    if kind is Kind.IP:
        return _address(docs, name, text)
    if kind is Kind.DATE:
        low = instant(value, now_ms=docs.now_ms, up=False)
        return docs.ring.between(low, instant(value, now_ms=docs.now_ms, up=True))
    return _number(docs, name, kind, value)


def _word(docs: Docs, name: str, text: str, *, ignore_case: bool) -> Mask:
    index = docs.ring.index(column_of(name) or name)
    wanted = [text] if not ignore_case else [word for word in index.vocabulary if word.lower() == text.lower()]
    return index.documents(wanted, docs.ring.first, docs.count)


def _number(docs: Docs, name: str, kind: Kind, value: Any) -> Mask:
    try:
        wanted = number(value)
    except Refused as error:
        raise not_created(error) from error
    values, present = docs.number(name)
    if kind is Kind.FLOAT:
        wanted = float(np.float32(wanted))
    return np.asarray((values == wanted) & present)


def _address(docs: Docs, name: str, text: str) -> Mask:
    codes, column = docs.word(name)
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            low, high = address_of(str(network[0])), address_of(str(network[-1]))
            return by_word(codes, column, lambda word: low <= address_of(word) <= high)
        wanted = address_of(text)
    except ValueError:
        raise not_created(illegal(f"'{text}' is not an IP string literal.")) from None
    return by_word(codes, column, lambda word: address_of(word) == wanted)


def ids(docs: Docs, names: Iterable[object]) -> Mask:
    """Documents by `_id`."""
    mask = docs.none()
    for name in names:
        place = docs.ring.place_of(str(name))
        if place is not None:
            mask[place] = True
    return mask


# -- ranges ------------------------------------------------------------------------------------------------------------


def between(docs: Docs, name: str, wanted: Between) -> Mask:
    """Documents in a range. Raises ShardRefused for bounds that the field cannot have."""
    kind = docs.kind(name)
    if kind is None:
        return docs.none()
    if kind is Kind.DATE:
        return _dates(docs, wanted)
    if kind in NUMBERS:
        return _numbers(docs, name, kind, wanted)
    if kind is Kind.IP:
        return _addresses(docs, name, wanted)
    low, high = _text(wanted.low), _text(wanted.high)

    def inside(word: str) -> bool:
        return (low is None or word > low or (wanted.with_low and word == low)) and (
            high is None or word < high or (wanted.with_high and word == high)
        )

    if kind is Kind.TEXT:
        index = docs.ring.index(column_of(name) or name)
        return index.documents(filter(inside, index.vocabulary), docs.ring.first, docs.count)
    codes, column = docs.word(name)
    return by_word(codes, column, inside)


def _text(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _dates(docs: Docs, wanted: Between) -> Mask:
    low, high = -_LONG, _LONG - 1
    if wanted.low is not None:
        up = not wanted.with_low
        low = instant(wanted.low, now_ms=docs.now_ms, up=up, form=wanted.form, zone=wanted.zone) + up
    if wanted.high is not None:
        up = wanted.with_high
        high = instant(wanted.high, now_ms=docs.now_ms, up=up, form=wanted.form, zone=wanted.zone) - (not up)
    return docs.ring.between(low, high)


def _numbers(docs: Docs, name: str, kind: Kind, wanted: Between) -> Mask:
    values, mask = docs.number(name)
    try:
        low = None if wanted.low is None else number(wanted.low)
        high = None if wanted.high is None else number(wanted.high)
    except Refused as error:
        raise not_created(error) from error
    if kind is Kind.FLOAT:
        low = None if low is None else float(np.float32(low))
        high = None if high is None else float(np.float32(high))
    if low is not None:
        mask = mask & (values >= low if wanted.with_low else values > low)
    if high is not None:
        mask = mask & (values <= high if wanted.with_high else values < high)
    return np.asarray(mask)


def _addresses(docs: Docs, name: str, wanted: Between) -> Mask:
    codes, column = docs.word(name)
    bounds = []
    for value, default in ((wanted.low, -1), (wanted.high, 1 << 129)):
        try:
            bounds.append(default if value is None else address_of(str(value)))
        except ValueError:
            raise not_created(illegal(f"'{value}' is not an IP string literal.")) from None
    low = bounds[0] + (not wanted.with_low)
    high = bounds[1] - (not wanted.with_high)
    return by_word(codes, column, lambda word: low <= address_of(word) <= high)


# -- patterns ----------------------------------------------------------------------------------------------------------


def pattern(docs: Docs, name: str, test: Callable[[str], bool], query: str) -> Mask:
    """Documents with a word that passes. Raises ShardRefused where the field has no words; `query` names the query."""
    kind = docs.kind(name)
    if kind is None:
        return docs.none()
    if kind is Kind.TEXT:
        index = docs.ring.index(column_of(name) or name)
        return index.documents(filter(test, index.vocabulary), docs.ring.first, docs.count)
    if kind not in WORDS or kind is Kind.IP:
        raise shard_query(
            f"Can only use {query} queries on keyword, text and wildcard fields - not on [{name}] which is of type"
            f" [{kind}]"
        )
    codes, column = docs.word(name)
    return by_word(codes, column, test)


# -- words -------------------------------------------------------------------------------------------------------------


def matching(docs: Docs, name: str, value: Any, *, needed: Callable[[int], int]) -> Mask:
    """What a match query finds: of a text its words, `needed(how many there are)` of them; else the value itself."""
    if docs.kind(name) is not Kind.TEXT:
        return term(docs, name, value)
    words = analysed(value)
    if not words:
        return docs.none()
    index = docs.ring.index(column_of(name) or name)
    least = needed(len(words))
    if least <= 1:
        return index.documents(words, docs.ring.first, docs.count)
    each = [index.documents([word], docs.ring.first, docs.count) for word in words]
    return np.asarray(np.sum(each, axis=0) >= least)


def phrase(docs: Docs, name: str, value: Any, *, last_is_prefix: bool = False) -> Mask:
    """What a phrase query finds: of a text the words side by side; else the value itself."""
    if docs.kind(name) is not Kind.TEXT:
        return term(docs, name, value)
    words: Sequence[str] = analysed(value)
    if not words:
        return docs.none()
    index = docs.ring.index(column_of(name) or name)
    return index.phrases(words, docs.ring.first, docs.count, last_is_prefix=last_is_prefix)


def analysed(value: Any) -> list[str]:
    """The words of a value of a request."""
    return words_of(str(value).lower() if isinstance(value, bool) else str(value))
