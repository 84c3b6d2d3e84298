"""The newest log documents in column arrays: at most 100,000, the oldest fall out, and nothing grows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opsdash.plant.log_columns import Ints, Mask, Measured, NumberColumn, TextColumn, WordColumn
from opsdash.plant.log_fields import FIELDS, NUMBERS, TIME_FIELD, WORDS, Kind
from opsdash.plant.log_text import WordIndex

MOST_DOCUMENTS = 100_000
MOST_SENT_BYTES = 16 * 1024 * 1024
"""Of documents that somebody sent; beyond them the oldest documents fall out early."""
_OWN_ID = "s{:012x}"

Columns = Mapping[str, Measured | Sequence[str | None]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Documents to add, by column; a column that is not there is missing in all of them.

    `ids` and `sources` (JSON) are of documents that somebody sent; both None for those that the plant wrote.
    """

    count: int
    columns: Columns
    ids: Sequence[str | None] | None = None
    sources: Sequence[bytes | None] | None = None


@dataclass(slots=True)
class _Sent:
    """What columns cannot hold of documents that somebody sent, by their number."""

    ids: dict[int, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    sources: dict[int, bytes] = field(default_factory=dict)
    """Only where the columns cannot give the document back."""
    sizes: dict[int, int] = field(default_factory=dict)
    bytes: int = 0


class LogRing:
    """Documents have rising numbers from 0 (`_seq_no`); those of [first, next_number) are here.

    Read through the methods between two changes: what they give are views of the arrays.
    """

    def __init__(self, capacity: int = MOST_DOCUMENTS) -> None:
        self.capacity = capacity
        self._size = capacity + max(capacity // 4, 64)
        self._start = 0
        self._stop = 0
        self.next_number = 0
        self._numbers: dict[str, NumberColumn] = {}
        self._words: dict[str, WordColumn] = {}
        self._texts: dict[str, TextColumn] = {}
        for name, kind in FIELDS.items():
            if kind in NUMBERS or kind is Kind.DATE:
                self._numbers[name] = NumberColumn(self._size, whole=kind is not Kind.FLOAT)
            elif kind in WORDS:
                self._words[name] = WordColumn(self._size, is_address=kind is Kind.IP)
            else:
                self._texts[name] = TextColumn(self._size)
        self._indices = {name: WordIndex() for name in self._texts}
        self._alive = NumberColumn(self._size, whole=True)
        self._dead = 0
        self._is_in_order = True
        self._sent = _Sent()

    # -- what is in it ---------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """Number of the oldest document."""
        return self.next_number - (self._stop - self._start)

    @property
    def count(self) -> int:
        """How many documents can be found."""
        return self._stop - self._start - self._dead

    def __len__(self) -> int:
        """Places, those of replaced documents among them."""
        return self._stop - self._start

    def alive(self) -> Mask | None:
        """Which were not replaced; None where all are."""
        return self._alive.present[self._start : self._stop] if self._dead else None

    def number(self, name: str) -> tuple[Any, Mask]:
        """Values of a number or date column, and which are there."""
        column = self._numbers[name]
        return column.values[self._start : self._stop], column.present[self._start : self._stop]

    def word(self, name: str) -> tuple[Any, WordColumn]:
        """Codes of a word column, and its dictionary."""
        column = self._words[name]
        return column.codes[self._start : self._stop], column

    def text(self, name: str) -> Any:
        """The texts of a column."""
        return self._texts[name].texts[self._start : self._stop]

    def index(self, name: str) -> WordIndex:
        """Where words stand in the texts of a column; new texts are read now."""
        index = self._indices[name]
        index.read(self.text(name), self.first)
        return index

    def between(self, low_ms: int, high_ms: int) -> Mask:
        """Documents from `low_ms` to `high_ms`, both in it; by bisection where they came in order."""
        times, present = self.number(TIME_FIELD)
        if not self._is_in_order:
            return np.asarray((times >= low_ms) & (times <= high_ms) & present)
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[np.searchsorted(times, low_ms) : np.searchsorted(times, high_ms, side="right")] = True
        return mask

    # -- single documents ------------------------------------------------------------------------------------------

    def id_of(self, place: int) -> str:
        """`_id` of the document at a place."""
        number = self.first + place
        return self._sent.ids.get(number) or _OWN_ID.format(number)

    def place_of(self, name: str) -> int | None:
        """Where the document with that `_id` is; None where it is not here."""
        number = self._sent.numbers.get(name)
        if number is None and len(name) == 13 and name[0] == "s":
            try:
                number = int(name[1:], 16)
            except ValueError:
                return None
            if number in self._sent.ids:
                return None
        if number is None or not self.first <= number < self.next_number:
            return None
        return number - self.first

    def version_of(self, place: int) -> int:
        """How often the document was written."""
        return self._sent.versions.get(self.id_of(place), 1)

    def source(self, place: int) -> dict[str, Any]:
        """The document, as it was sent or as the plant wrote it."""
        sent = self._sent.sources.get(self.first + place)
        if sent is not None:
            kept: dict[str, Any] = json.loads(sent)
            return kept
        return self.rebuilt(place)

    def rebuilt(self, place: int) -> dict[str, Any]:
        """The document as its columns tell it."""
        document: dict[str, Any] = {}
        for name in FIELDS:
            value = self.value(name, place)
            if value is not None:
                *steps, last = name.split(".")
                at = document
                for step in steps:
                    at = at.setdefault(step, {})
                at[last] = value
        return document

    def value(self, name: str, place: int) -> str | int | float | None:
        """The value of a field as `_source` has it."""
        at = self._start + place
        if name in self._words:
            column = self._words[name]
            return column.words[column.codes[at]] if column.codes[at] >= 0 else None
        if name in self._texts:
            text: str | None = self._texts[name].texts[at]
            return text
        numbers = self._numbers[name]
        if not numbers.present[at]:
            return None
        if FIELDS[name] is Kind.DATE:
            return instant_text(int(numbers.values[at]))
        return float(str(np.float32(numbers.values[at]))) if FIELDS[name] is Kind.FLOAT else int(numbers.values[at])

    # -- change ----------------------------------------------------------------------------------------------------

    def append(self, batch: Batch) -> int:
        """Adds the documents and gives the number of the first. Raises ValueError for more than the ring can hold."""
        if batch.count > self.capacity:
            raise ValueError(f"{batch.count} documents do not fit into a ring of {self.capacity}")
        if self._stop + batch.count > self._size:
            self._compact()
        at, first = self._stop, self.next_number
        for name, number_column in self._numbers.items():
            number_column.put(at, batch.count, batch.columns.get(name))  # type: ignore[arg-type]
        for name, word_column in self._words.items():
            word_column.put(at, batch.count, batch.columns.get(name))  # type: ignore[arg-type]
        for name, text_column in self._texts.items():
            text_column.put(at, batch.count, batch.columns.get(name))  # type: ignore[arg-type]
        self._alive.put(at, batch.count, Measured(0))
        self._note_order(at, batch.count)
        self._stop += batch.count
        self.next_number += batch.count
        self._keep_sent(batch, first)
        self._drop_oldest()
        return first

    def forget_sources(self, first: int, documents: Sequence[Mapping[str, Any]]) -> None:
        """Lets go of the texts of sent documents, from number `first` on, that the columns give back as they are."""
        for number, document in enumerate(documents, start=first):
            if number >= self.first and self.rebuilt(number - self.first) == document:
                self._sent.sources.pop(number, None)

    def is_alive(self, place: int) -> bool:
        """Whether the document was not replaced or taken out."""
        return bool(self._alive.present[self._start + place])

    def remove(self, place: int) -> None:
        """Takes out a document that is replaced."""
        at = self._start + place
        if self._alive.present[at]:
            self._alive.present[at] = False
            self._dead += 1

    def _note_order(self, at: int, count: int) -> None:
        column = self._numbers[TIME_FIELD]
        since = max(at - 1, self._start)
        times, present = column.values[since : at + count], column.present[at : at + count]
        self._is_in_order = self._is_in_order and bool(present.all()) and bool(np.all(times[1:] >= times[:-1]))

    def _keep_sent(self, batch: Batch, first: int) -> None:
        sent = self._sent
        for number, name in enumerate(batch.ids or (), start=first):
            if name is not None:
                sent.ids[number] = name
                sent.numbers[name] = number
        for number, source in enumerate(batch.sources or (), start=first):
            if source is not None:
                sent.sources[number] = source
                sent.sizes[number] = len(source)
                sent.bytes += len(source)

    def replaced(self, name: str) -> int:
        """Takes out the document with that `_id`, if it is there, and gives the version of the one that follows."""
        place = self.place_of(name)
        if place is None:
            return 1
        if not self.is_alive(place):
            return 1
        version = self.version_of(place) + 1
        self.remove(place)
        self._sent.versions[name] = version
        return version

    def _drop_oldest(self) -> None:
        too_many = len(self) - self.capacity
        sent = self._sent
        while sent.bytes > MOST_SENT_BYTES:
            oldest = next(iter(sent.sizes))
            too_many = max(too_many, oldest - self.first + 1)
            sent.bytes -= sent.sizes.pop(oldest)
        if too_many > 0:
            self._drop(too_many)

    def _drop(self, count: int) -> None:
        gone = self._alive.present[self._start : self._start + count]
        self._dead -= int(gone.size - np.count_nonzero(gone))
        self._start += count
        sent = self._sent
        while sent.ids and (oldest := next(iter(sent.ids))) < self.first:
            name = sent.ids.pop(oldest)
            if sent.numbers.get(name) == oldest:
                del sent.numbers[name]
                sent.versions.pop(name, None)
        while sent.sources and (oldest := next(iter(sent.sources))) < self.first:
            del sent.sources[oldest]
        while sent.sizes and (oldest := next(iter(sent.sizes))) < self.first:
            sent.bytes -= sent.sizes.pop(oldest)

    def _compact(self) -> None:
        every: tuple[NumberColumn | WordColumn | TextColumn, ...] = (
            *self._numbers.values(),
            *self._words.values(),
            *self._texts.values(),
            self._alive,
        )
        for column in every:
            column.shift(self._start, self._stop)
        self._start, self._stop = 0, self._stop - self._start
        times, present = self.number(TIME_FIELD)
        self._is_in_order = bool(present.all()) and bool(np.all(times[1:] >= times[:-1]))


def instant_text(at_ms: int) -> str:
    """A date as `_source` and `key_as_string` have it: `2026-11-23T18:00:00.000Z`."""
    whole, part = divmod(at_ms, 1000)
    return f"{np.datetime64(whole, 's')}.{part:03d}Z"


def places(mask: Mask) -> Ints:
    """Where a mask is true."""
    return np.flatnonzero(mask)
