"""Columns of log documents: numbers, words by code, and texts, in arrays from whose front the oldest fall out."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

MISSING = -1
_SPARE_WORDS = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """New values of a number column; `present` is None where all are there."""

    values: npt.ArrayLike
    present: Mask | None = None


class NumberColumn:
    """Whole numbers (also dates, in milliseconds) or fractions, with a mark for each that is there."""

    def __init__(self, size: int, *, whole: bool) -> None:
        self.values: Numbers = np.zeros(size, dtype=np.int64) if whole else np.zeros(size, dtype=np.float64)
        self.present: Mask = np.zeros(size, dtype=np.bool_)

    def put(self, at: int, count: int, new: Measured | None) -> None:
        """Writes `count` values from `at` on; None for values that are all missing."""
        stop = at + count
        if new is None:
            self.values[at:stop] = 0
            self.present[at:stop] = False
            return
        self.values[at:stop] = new.values
        self.present[at:stop] = True if new.present is None else new.present

    def shift(self, start: int, stop: int) -> None:
        """Moves [start, stop) to the front."""
        self.values[: stop - start] = self.values[start:stop].copy()
        self.present[: stop - start] = self.present[start:stop].copy()


class WordColumn:
    """Codes of a dictionary that forgets what no document has any more."""

    def __init__(self, size: int, *, is_address: bool = False) -> None:
        self.codes: Codes = np.full(size, MISSING, dtype=np.int32)
        self.words: list[str] = []
        self._index: dict[str | None, int] = {None: MISSING}
        self._is_address = is_address
        self._ranks: Ints | None = None

    def code_of(self, word: str) -> int:
        """Its code; MISSING - 1 where no document has it."""
        return self._index.get(word, MISSING - 1)

    def put(self, at: int, count: int, new: Sequence[str | None] | None) -> None:
        """Writes `count` words from `at` on; None for words that are all missing."""
        if new is None:
            self.codes[at : at + count] = MISSING
            return
        try:
            codes = list(map(self._index.__getitem__, new))
        except KeyError:
            self._learn(new)
            codes = list(map(self._index.__getitem__, new))
        self.codes[at : at + count] = codes

    def _learn(self, new: Sequence[str | None]) -> None:
        index, words = self._index, self.words
        for word in new:
            if word is not None and word not in index:
                index[word] = len(words)
                words.append(word)
        self._ranks = None

    def shift(self, start: int, stop: int) -> None:
        """Moves [start, stop) to the front and forgets the words that only earlier documents had."""
        kept = self.codes[start:stop].copy()
        used = np.unique(kept[kept >= 0])
        if len(self.words) > 2 * used.size + _SPARE_WORDS:
            again = np.full(len(self.words) + 1, MISSING, dtype=np.int32)
            again[used] = np.arange(used.size, dtype=np.int32)
            kept = again[kept]
            self.words = [self.words[code] for code in used.tolist()]
            self._index = {None: MISSING}
            self._index.update((word, code) for code, word in enumerate(self.words))
            self._ranks = None
        self.codes[: stop - start] = kept

    def ranks(self) -> Ints:
        """Place of each code among the words in order: code points, or the numbers that addresses are."""
        if self._ranks is None:
            keys = [address_number(word) for word in self.words] if self._is_address else self.words
            order = sorted(range(len(self.words)), key=keys.__getitem__)
            self._ranks = np.empty(len(order), dtype=np.int64)
            self._ranks[order] = np.arange(len(order))
        return self._ranks


class TextColumn:
    """Texts as they came; None where there is none."""

    def __init__(self, size: int) -> None:
        self.texts: Texts = np.full(size, None, dtype=np.object_)

    def put(self, at: int, count: int, new: Sequence[str | None] | None) -> None:
        """Writes `count` texts from `at` on."""
        self.texts[at : at + count] = None if new is None else np.array(new, dtype=np.object_)

    def shift(self, start: int, stop: int) -> None:
        """Moves [start, stop) to the front and lets go of what stood behind."""
        self.texts[: stop - start] = self.texts[start:stop].copy()
        self.texts[stop - start : stop] = None


def address_number(text: str) -> int:
    """The number that an address is among 128-bit ones. Raises ValueError where it is none."""
    address = ipaddress.ip_address(text)
    return int(address) + (0xFFFF << 32) if isinstance(address, ipaddress.IPv4Address) else int(address)
