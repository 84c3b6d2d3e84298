"""What one request reads: the ring as it stands now, under the name of its index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from opsdash.plant.faces.elasticsearch.errors import no_fielddata
from opsdash.plant.log_columns import Ints, Mask, WordColumn
from opsdash.plant.log_fields import FIELDS, WORDS, Kind, column_of
from opsdash.plant.log_ring import LogRing


@dataclass(frozen=True, slots=True)
class Docs:
    """Documents by place: 0 is the oldest."""

    ring: LogRing
    index: str
    now_ms: int
    before: int | None = None
    """Only documents with a smaller number: what a point in time sees."""

    @property
    def count(self) -> int:
        """Places."""
        return len(self.ring)

    def none(self) -> Mask:
        """Nothing matches."""
        return np.zeros(self.count, dtype=np.bool_)

    def all(self) -> Mask:
        """Everything matches."""
        return np.ones(self.count, dtype=np.bool_)

    def visible(self, mask: Mask) -> Ints:
        """Places of the documents that match and can be seen."""
        alive = self.ring.alive()
        if alive is not None:
            mask = mask & alive
        if self.before is not None and self.before < self.ring.next_number:
            mask = mask.copy()
            mask[max(self.before - self.ring.first, 0) :] = False
        return np.flatnonzero(mask)

    def kind(self, name: str) -> Kind | None:
        """The type of a field; None where there is none of that name."""
        column = column_of(name)
        return None if column is None else FIELDS[column]

    def number(self, name: str) -> tuple[Any, Mask]:
        """Values, and which are there."""
        return self.ring.number(column_of(name) or name)

    def word(self, name: str) -> tuple[Any, WordColumn]:
        """Codes and dictionary."""
        return self.ring.word(column_of(name) or name)

    def exists(self, name: str) -> Mask:
        """Which documents have a value of the field."""
        kind, column = self.kind(name), column_of(name)
        if kind is None or column is None:
            return self.none()
        if kind in WORDS:
            return np.asarray(self.ring.word(column)[0] >= 0)
        if kind is Kind.TEXT:
            return np.asarray(self.ring.text(column) != np.array(None), dtype=np.bool_)
        return self.ring.number(column)[1]

    def keys(self, name: str) -> tuple[Any, Mask]:
        """Comparable values of a field that can be grouped, sorted or measured, and which are there.

        Of words these are their codes. Raises ShardRefused for a text field.
        """
        kind = self.kind(name)
        if kind is None:
            return np.zeros(self.count, dtype=np.int64), self.none()
        if kind is Kind.TEXT:
            raise no_fielddata(name, self.index)
        if kind in WORDS:
            codes = self.word(name)[0]
            return codes, np.asarray(codes >= 0)
        return self.number(name)
