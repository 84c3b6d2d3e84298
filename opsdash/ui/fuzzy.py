"""Finds what is meant by a few letters: all of them, in order; starts of words and runs count more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def ranked(wanted: str, items: Iterable[T], text_of: Callable[[T], str]) -> list[T]:
    """The items that match, the best first; equal ones keep their order."""
    scored = [(found, index, item) for index, item in enumerate(items) if (found := score(wanted, text_of(item)))]
    return [item for _, _, item in sorted(scored, key=lambda entry: (-entry[0], entry[1]))]


def score(wanted: str, text: str) -> int:
    """How well the letters fit: 0 when they do not. Every word of `wanted` must be found."""
    low = text.casefold()
    total = 1
    for word in wanted.casefold().split():
        found = _word_score(word, low)
        if not found:
            return 0
        total += found
    return total


def _word_score(word: str, text: str) -> int:
    at = text.find(word)
    if at >= 0:
        starts_word = at == 0 or not text[at - 1].isalnum()
        return 100 * len(word) + (80 if starts_word else 0) - min(at, 60)
    points, place = 0, -1
    for letter in word:
        here = text.find(letter, place + 1)
        if here < 0:
            return 0
        starts_word = here == 0 or not text[here - 1].isalnum()
        points += 12 if starts_word else 8 if here == place + 1 else 2
        place = here
    return max(points, 1)
