"""Words of texts: Elasticsearch's standard analyser (Unicode's word boundaries, lower case), and where each word is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from opsdash.plant.log_columns import Codes, Ints, Mask, Texts

LONGEST_TOKEN = 255
"""Longer words are cut into pieces of this many characters."""
_MOST_PIECES = 200_000
"""Different pieces between spaces whose words are remembered."""

_KATAKANA = "\u3031-\u3035\u309b\u309c\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
_SINGLE = (
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u3400-\u4dbf\u4e00-"
    "\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_EXTEND = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u061c\u064b-\u065f"
    "\u0670\u06d6-\u06dd\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f\ufeff"
    "\U0001f3fb-\U0001f3ff"
)
_E = f"[{_EXTEND}]*"
_LETTER = rf"(?:(?![{_SINGLE}{_KATAKANA}{_EXTEND}])[^\W\d_])"
_DIGIT = r"\d"
_JOIN = "[_\u203f\u2040\u2054\ufe33\ufe34\ufe4d-\ufe4f\uff3f]"
_BETWEEN_LETTERS = "[.':\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a]"
_BETWEEN_DIGITS = (
    "[.',;\u037e\u0589\u060c\u060d\u066c\u07f8\u2018\u2019\u2024\u2044\ufe10\ufe14\ufe50\ufe52\ufe54"
    "\uff07\uff0c\uff0e\uff1b]"
)
_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_WORD = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}{_E}"
    rf"|\u200d*{_EMOJI}{_E}(?:(?<=\u200d){_EMOJI}{_E})*"
    rf"|[{_KATAKANA}][{_KATAKANA}{_EXTEND}]*"
    rf"|[{_SINGLE}]{_E}"
    rf"|(?:{_JOIN}{_E})*(?:{_LETTER}{_E}(?:{_BETWEEN_LETTERS}{_E}(?={_LETTER}))?"
    rf"|{_DIGIT}{_E}(?:{_BETWEEN_DIGITS}{_E}(?={_DIGIT}))?)"
    rf"(?:{_LETTER}{_E}(?:{_BETWEEN_LETTERS}{_E}(?={_LETTER}))?"
    rf"|{_DIGIT}{_E}(?:{_BETWEEN_DIGITS}{_E}(?={_DIGIT}))?|{_JOIN}{_E})*"
)
_ASCII_WORD = re.compile(
    r"_*(?:[a-zA-Z](?:[.':](?=[a-zA-Z]))?|[0-9](?:[.',;](?=[0-9]))?)"
    r"(?:[a-zA-Z](?:[.':](?=[a-zA-Z]))?|[0-9](?:[.',;](?=[0-9]))?|_)*"
)


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    found = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    if not found:
        return []
    lowered = [word.lower() if word.isascii() else "".join(map(_lower, word)) for word in found]
    if max(map(len, lowered)) <= LONGEST_TOKEN:
        return lowered
    return [word[at : at + LONGEST_TOKEN] for word in lowered for at in range(0, len(word), LONGEST_TOKEN)]


@lru_cache(maxsize=4096)
def _lower(letter: str) -> str:
    """Java's lower case of one code point, which never becomes two."""
    return "i" if letter == "\u0130" else letter.lower()


class WordIndex:
    """Where each word stands in some texts: flat arrays of word and document, so that a word is found by comparing."""

    def __init__(self) -> None:
        self.vocabulary: dict[str, int] = {}
        self._pieces: dict[str, tuple[int, ...]] = {}
        self._words: Codes = np.empty(0, dtype=np.int32)
        self._owners: Ints = np.empty(0, dtype=np.int64)
        """Number of the document of each word; rising."""
        self._used = 0
        self._next = 0
        """The first document that is not read yet."""

    def read(self, texts: Texts, first: int) -> None:
        """Takes in the texts from where it stopped; `texts[0]` is document number `first`."""
        skip = max(self._next - first, 0)
        self._forget_before(first)
        words: list[int] = []
        lengths: list[int] = []
        for text in texts[skip:].tolist():
            before = len(words)
            if text:
                self._read_text(text, words)
            lengths.append(len(words) - before)
        self._append(np.array(words, dtype=np.int32), np.repeat(np.arange(len(lengths)) + first + skip, lengths))
        self._next = first + len(texts)

    def _read_text(self, text: str, into: list[int]) -> None:
        pieces = self._pieces
        for piece in text.split(" "):
            known = pieces.get(piece)
            if known is None:
                known = tuple(self._word(word) for word in words_of(piece))
                if len(pieces) < _MOST_PIECES:
                    pieces[piece] = known
            into += known

    def _word(self, word: str) -> int:
        return self.vocabulary.setdefault(word, len(self.vocabulary))

    def _append(self, words: Codes, owners: Ints) -> None:
        needed = self._used + words.size
        if needed > self._words.size:
            size = max(4096, needed + needed // 4)
            self._words = np.concatenate([self._words[: self._used], np.empty(size - self._used, dtype=np.int32)])
            self._owners = np.concatenate([self._owners[: self._used], np.empty(size - self._used, dtype=np.int64)])
        self._words[self._used : needed] = words
        self._owners[self._used : needed] = owners
        self._used = needed

    def _forget_before(self, first: int) -> None:
        """Drops the words of documents that fell out, once they are a quarter; then also words that nobody has."""
        gone = int(np.searchsorted(self._owners[: self._used], first))
        if gone <= self._used // 4 or gone == 0:
            return
        words, owners = self._words[gone : self._used].copy(), self._owners[gone : self._used].copy()
        used = np.unique(words)
        names = list(self.vocabulary)
        again = np.empty(len(names), dtype=np.int32)
        again[used] = np.arange(used.size, dtype=np.int32)
        self.vocabulary = {names[code]: place for place, code in enumerate(used.tolist())}
        self._pieces = {}
        self._words, self._owners, self._used = again[words], owners, words.size

    def documents(self, words: Sequence[str] | Iterable[str], first: int, count: int) -> Mask:
        """Which of the documents first, first + 1, … have any of the words."""
        codes = [code for word in words if (code := self.vocabulary.get(word)) is not None]
        flat = self._words[: self._used]
        if not codes:
            return np.zeros(count, dtype=np.bool_)
        if len(codes) == 1:
            return self._owned(np.flatnonzero(flat == codes[0]), first, count)
        wanted = np.zeros(len(self.vocabulary), dtype=np.bool_)
        wanted[codes] = True
        return self._owned(np.flatnonzero(wanted[flat]), first, count)

    def phrases(self, words: Sequence[str], first: int, count: int, *, last_is_prefix: bool = False) -> Mask:
        """Which documents have the words side by side, in order."""
        flat, owners = self._words[: self._used], self._owners[: self._used]
        places = np.arange(max(flat.size - len(words) + 1, 0))
        for step, word in enumerate(words):
            if last_is_prefix and step == len(words) - 1:
                wanted = np.fromiter(
                    (each.startswith(word) for each in self.vocabulary), np.bool_, len(self.vocabulary)
                )
                places = places[wanted[flat[places + step]]]
            else:
                places = places[flat[places + step] == self.vocabulary.get(word, -1)]
        places = places[owners[places] == owners[places + len(words) - 1]] if places.size else places
        return self._owned(places, first, count)

    def _owned(self, places: Ints, first: int, count: int) -> Mask:
        mask = np.zeros(count, dtype=np.bool_)
        numbers = self._owners[places] - first
        mask[numbers[(numbers >= 0) & (numbers < count)]] = True
        return mask
