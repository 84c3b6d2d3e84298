"""What is known of the fields of an index: pure. From `_field_caps`, to say what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from opsdash.core.errors import AnswerUnusable
from opsdash.core.suggest import closest, did_you_mean
from opsdash.core.text import clean

DATES = frozenset({"date", "date_nanos"})
NUMBERS = frozenset({
    "long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long",
    "aggregate_metric_double", "histogram", "exponential_histogram",
})  # fmt: skip
EXACT = (
    frozenset({"keyword", "constant_keyword", "wildcard", "ip", "boolean", "version", "flattened", "date"}) | NUMBERS
)
MOST_NAMES = 3_000
"""Names that are searched for one that is like a mistyped one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The types of each field over all indices of a pattern."""

    types: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def kinds(self, name: str) -> frozenset[str]:
        """The types of a field; none where no index has it."""
        return self.types.get(name, frozenset())

    def exact(self, name: str) -> str | None:
        """The field that holds the whole values of `name`: itself, or its keyword sub-field; None for neither."""
        kinds = self.kinds(name)
        if kinds and "text" not in kinds and "match_only_text" not in kinds:
            return name
        own = [each for each, of in self.types.items() if each.startswith(f"{name}.") and of <= EXACT and of]
        preferred = f"{name}.keyword"
        return preferred if preferred in own else min(own, key=len, default=None)

    def both_dates(self, name: str) -> bool:
        """Whether some indices keep milliseconds and others nanoseconds."""
        return self.kinds(name) >= DATES

    def dates(self) -> tuple[str, ...]:
        """Every date field."""
        return tuple(sorted(name for name, of in self.types.items() if of & DATES))


def fields_of(answer: Mapping[str, Any]) -> Fields:
    """The fields in a `_field_caps` answer."""
    try:
        types: dict[str, frozenset[str]] = {}
        for name, by_type in answer["fields"].items():
            usable = [kind for kind, caps in by_type.items() if kind != "unmapped" and not caps.get("metadata_field")]
            if usable:
                types[str(name)] = frozenset(str(kind) for kind in usable)
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerUnusable(f"the field list is not what was asked for ({type(error).__name__})") from error
    return Fields(types=types)


def nearest_index(wanted: str, names: Iterable[str]) -> str | None:
    """The index that was probably meant by a name or a pattern: a part of it that is right counts."""
    pool = [name for name in islice(names, MOST_NAMES) if not name.startswith(".")]
    bare = wanted.strip("*-")
    part = next((name for name in pool if bare in name or name in bare), None) if len(bare) >= 3 else None
    return closest(bare, pool) or part


def no_such_field(name: str, index: str, fields: Fields) -> str:
    """Words for a field that no document can have."""
    hint = clean(did_you_mean(name, fields.types), longest=160)
    return f"no field {clean(name, longest=120)} in {clean(index, longest=120)}{hint}"


def no_time_field(name: str, index: str, fields: Fields) -> str:
    """Words for a time field that is not there, or is not a date."""
    kinds = fields.kinds(name)
    is_what = (
        f"{clean(name, longest=120)} is of type {'/'.join(sorted(kinds))}, not a date"
        if kinds
        else f"no field {clean(name, longest=120)}"
    )
    dates = ", ".join(clean(each, longest=60) for each in fields.dates()[:4])
    return f"time_field: {is_what} in {clean(index, longest=120)}{f'; its dates are {dates}' if dates else ''}"


def text_field_words(name: str, fields: Fields | None) -> str:
    """What to write instead of a text field."""
    shown = clean(name, longest=120)
    exact = fields.exact(name) if fields is not None else None
    if exact is not None and exact != name:
        return f"{shown} is a text field: use {clean(exact, longest=120)}"
    return f"{shown} is a text field, which cannot be grouped or measured: map it as keyword"
