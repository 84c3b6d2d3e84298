"""The order of hits: by fields, by number, as they came; and what `search_after` leaves out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.dates import instant, written
from opsdash.plant.faces.elasticsearch.docs import Docs
from opsdash.plant.faces.elasticsearch.errors import (
    Refused,
    bad_number,
    failed_field,
    illegal,
    parsing,
    shard_illegal,
    shard_query,
    unknown_field,
)
from opsdash.plant.faces.elasticsearch.field_match import address_of, number
from opsdash.plant.log_columns import Ints
from opsdash.plant.log_fields import WORDS, Kind

_LAST = 2**63 - 1
_BY_PLACE = ("_doc", "_shard_doc")
_UNMAPPED = ("long", "integer", "short", "byte", "double", "float", "half_float", "date", "date_nanos", "keyword", "ip",
             "boolean", "unsigned_long")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One level of the order."""

    field: str
    is_down: bool = False
    missing: Any = "_last"
    unmapped: str | None = None
    in_nanos: bool = False
    form: str | None = None

    @property
    def missing_first(self) -> bool:
        """Whether documents without a value come before the others."""
        return bool(self.missing == "_first")


def parse_sort(given: Any) -> tuple[SortKey, ...]:
    """The levels. Raises Refused."""
    if given is None:
        return ()
    return tuple(_key(each) for each in (given if isinstance(given, list) else [given]))


def _key(given: Any) -> SortKey:
    if isinstance(given, str):
        name, colon, order = given.partition(":")
        return _ordered(SortKey(field=name, is_down=name == "_score"), order) if colon else SortKey(
            field=given, is_down=given == "_score")  # fmt: skip
    if not isinstance(given, dict) or len(given) != 1:
        raise illegal("malformed sort format, within the sort array, an object, or an actual string are allowed")
    name, options = next(iter(given.items()))
    key = SortKey(field=name, is_down=name == "_score")
    if isinstance(options, str):
        return _ordered(key, options)
    if not isinstance(options, dict):
        raise illegal("malformed sort format, within the sort array, an object, or an actual string are allowed")
    for option, value in options.items():
        key = _with_option(key, option, value)
    return key


def _ordered(key: SortKey, order: object) -> SortKey:
    text = str(order).upper()
    if text not in ("ASC", "DESC"):
        raise illegal(f"No enum constant org.elasticsearch.search.sort.SortOrder.{text}")
    return replace(key, is_down=text == "DESC")


def _with_option(key: SortKey, option: str, value: Any) -> SortKey:
    parser = "_score" if key.field == "_score" else "field_sort"
    match option:
        case "order":
            try:
                return _ordered(key, value)
            except Refused as error:
                raise failed_field(parser, "order", error) from error
        case "missing":
            return replace(key, missing=value)
        case "unmapped_type":
            return replace(key, unmapped=str(value))
        case "numeric_type":
            if value not in ("long", "double", "date", "date_nanos"):
                raise shard_illegal(
                    f"invalid value for [numeric_type], must be [long, double, date, date_nanos], got {value}"
                )
            return replace(key, in_nanos=value == "date_nanos")
        case "format":
            return replace(key, form=str(value))
        case "mode":
            if str(value) not in ("min", "max", "sum", "avg", "median"):
                raise failed_field(parser, "mode", illegal(f"Unknown SortMode [{value}]"))
            return key
        case _:
            raise unknown_field(parser, option)


# -- values to compare -------------------------------------------------------------------------------------------------


def ordinals(docs: Docs, key: SortKey, places: Ints) -> Any:
    """Of each document a number that rises in the order of this level. Raises ShardRefused."""
    missing = -_LAST if key.missing_first else _LAST
    if key.field in _BY_PLACE or key.field == "_seq_no":
        return -places if key.is_down else places
    if key.field == "_score":
        return np.zeros(places.size, dtype=np.int64)
    kind = docs.kind(key.field)
    if kind is None:
        return np.full(places.size, missing, dtype=np.int64)
    values, present = docs.keys(key.field)
    values, present = values[places], present[places]
    if kind in WORDS:
        ranks = np.append(docs.word(key.field)[1].ranks() * 2, 0)
        values = ranks[values]
    sign = -1 if key.is_down else 1
    if key.missing not in ("_first", "_last"):
        return np.where(present, values, _given(docs, key, key.missing)) * sign
    return np.where(present, values * sign, missing if kind is not Kind.FLOAT else float(missing))


def check(docs: Docs, keys: tuple[SortKey, ...]) -> None:
    """Raises ShardRefused for fields that cannot be sorted by."""
    for key in keys:
        if key.field == "_id":
            reason = (
                "Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster"
                " setting: indices.id_field_data.enabled"
            )
            raise shard_illegal(reason)
        if key.field in _BY_PLACE or key.field in ("_score", "_seq_no"):
            continue
        if docs.kind(key.field) is None:
            if key.unmapped is None:
                raise shard_query(f"No mapping found for [{key.field}] in order to sort on")
            if key.unmapped not in _UNMAPPED:
                raise shard_illegal(f"No mapper found for type [{key.unmapped}]")
        docs.keys(key.field)


def in_order(docs: Docs, keys: tuple[SortKey, ...], places: Ints, most: int) -> Ints:
    """The first `most` of the documents; of equal ones those that came first."""
    if not keys or places.size == 0 or most == 0:
        return places[:most]
    first = ordinals(docs, keys[0], places)
    if places.size > 4 * most:
        edge = np.partition(first, most - 1)[most - 1]
        kept = first <= edge
        places, first = places[kept], first[kept]
    levels = [first, *(ordinals(docs, key, places) for key in keys[1:])]
    return np.asarray(places[np.lexsort(levels[::-1])][:most])


def after(docs: Docs, keys: tuple[SortKey, ...], places: Ints, given: Any) -> Ints:
    """The documents that come behind the values given. Raises ShardRefused."""
    if not isinstance(given, list):
        raise parsing("Expected [START_ARRAY] but found something else in [search_after]")
    if not keys:
        raise shard_illegal("Sort must contain at least one field.")
    if len(given) != len(keys):
        raise shard_illegal(f"search_after has {len(given)} value(s) but sort has {len(keys)}.")
    behind = np.zeros(places.size, dtype=np.bool_)
    equal = np.ones(places.size, dtype=np.bool_)
    for key, value in zip(keys, given, strict=True):
        own, edge = ordinals(docs, key, places), _edge(docs, key, value)
        behind |= equal & (own > edge)
        equal &= own == edge
    return places[behind]


def _edge(docs: Docs, key: SortKey, value: Any) -> Any:
    if value is None:
        return -_LAST if key.missing_first else _LAST
    if key.field == "_score":
        return 0
    try:
        edge = _given(docs, key, value)
    except Refused as error:
        reason = f"Failed to parse search_after value for field [{key.field}]."
        raise shard_illegal(reason, cause=error) from error
    is_missing = isinstance(edge, int) and abs(edge) >= _LAST
    return edge if is_missing and not key.is_down else max(-edge, -_LAST) if key.is_down and not is_missing else (
        _LAST if not key.missing_first else -_LAST) if is_missing else edge  # fmt: skip


def _given(  # noqa: PLR0911 - a type of field in a row
    docs: Docs, key: SortKey, value: Any
) -> Any:
    """A value of a request as `ordinals` has it, before its sign."""
    kind = docs.kind(key.field)
    if kind in WORDS:
        column = docs.word(key.field)[1]
        ranks = column.ranks()
        order = np.argsort(ranks)
        words = [column.words[code] for code in order.tolist()]
        if kind is Kind.IP:
            numbers = [address_of(word) for word in words]
            wanted = _address(str(value))
            place = bisect_left(numbers, wanted)
            return 2 * place if place < len(words) and numbers[place] == wanted else 2 * place - 1
        place = bisect_left(words, str(value))
        return 2 * place if place < len(words) and words[place] == str(value) else 2 * place - 1
    if kind is Kind.DATE:
        return _moment(docs, key, value)
    if key.field == "_seq_no":
        return int(number(value)) - docs.ring.first
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    parsed = number(value)
    if kind is Kind.FLOAT:
        return parsed
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        raise bad_number(value)
    return int(parsed)


def _moment(docs: Docs, key: SortKey, value: Any) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= _LAST:
            return int(value)
        return int(value) // 1_000_000 if key.in_nanos else int(value)
    return instant(value, now_ms=docs.now_ms, up=False, form=key.form)


def _address(text: str) -> int:
    try:
        return address_of(text)
    except ValueError:
        raise illegal(f"'{text}' is not an IP string literal.") from None


# -- values to show ----------------------------------------------------------------------------------------------------


def shown(  # noqa: PLR0911 - a type of field in a row
    docs: Docs, key: SortKey, place: int
) -> Any:
    """The value that a hit shows for this level."""
    if key.field in _BY_PLACE:
        return place
    if key.field == "_seq_no":
        return docs.ring.first + place
    if key.field == "_score":
        return 1.0
    kind = docs.kind(key.field)
    if kind is None:
        return None if key.unmapped in ("keyword", "ip") else _none(key)
    values, present = docs.keys(key.field)
    if kind in WORDS:
        return docs.word(key.field)[1].words[values[place]] if present[place] else None
    if not present[place]:
        return _none(key, kind)
    if kind is Kind.FLOAT:
        return float(str(np.float32(values[place])))
    at = int(values[place])
    if kind is Kind.DATE and key.form is not None:
        return written(at, form=key.form, zone=UTC)
    return at * 1_000_000 if key.in_nanos and kind is Kind.DATE else at


def _none(key: SortKey, kind: Kind | None = None) -> Any:
    """What stands for no value: the largest or the smallest of all, whichever comes where it does."""
    if key.missing not in ("_first", "_last"):
        return key.missing
    is_low = key.is_down is not key.missing_first
    if kind is Kind.FLOAT:
        return "-Infinity" if is_low else "Infinity"
    if kind is Kind.INTEGER:
        return -(2**31) if is_low else 2**31 - 1
    return -_LAST - 1 if is_low else _LAST


__all__ = ["SortKey", "after", "check", "in_order", "ordinals", "parse_sort", "shown"]
