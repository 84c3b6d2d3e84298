"""Names cut so that they can still be told apart."""

from __future__ import annotations

from functools import lru_cache

from opsdash.core.text import char_width, clean, text_width

_TOO_LITTLE = 4
"""A rest shorter than this keeps some of what is before it."""
_ENDS_OF_PARTS = " \"'={},;/|"
"""Where a name is cut rather than inside an address or a number: `10.0.0.17` stays whole where it fits."""
NAMELESS = '""'
"""In place of a name that would not be seen."""


@lru_cache(maxsize=256)
def short_names(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    """The names in at most `width` cells each.

    What all of them begin and end with goes first (at the edge of a word), then their middle: what differs is mostly
    at the ends.
    """
    shown = tuple(name if (name := clean(each, longest=512)).strip() else NAMELESS for each in names)
    if all(text_width(name) <= width for name in shown):
        return shown
    if len(set(shown)) > 1:
        whole = _without_common(shown, width, _ENDS_OF_PARTS)
        shown = whole if max(map(text_width, whole)) <= width else _without_common(shown, width, "")
    return tuple(_middle_cut(name, width) for name in shown)


def _without_common(names: tuple[str, ...], width: int, ends: str) -> tuple[str, ...]:
    """Cut at one of `ends`, or at any edge of a word where none is given."""
    head = _to_edge(_common_start(names), names, ends, least=3)
    rests = tuple(name[head:] for name in names)
    if "{" in names[0][:head] and all(rest.endswith('"}') for rest in rests):
        rests = tuple(rest[:-2] for rest in rests)
    room = width - (1 if head else 0)
    tails = tuple(rest[::-1] for rest in rests)
    tail = _to_edge(_common_start(tails), tails, ends, least=2) if any(text_width(rest) > room for rest in rests) else 0
    shown = [rest[: len(rest) - tail] + ("…" if tail and not head else "") for rest in rests]
    if not head:
        return tuple(shown)
    longest = max(text_width(rest) for rest in shown)
    spare = max(room - longest, 0) if longest < _TOO_LITTLE and names[0][:head].isascii() else 0
    context = names[0][max(head - spare, 0) : head]
    return tuple(f"…{context}{rest}" for rest in shown)


def _common_start(names: tuple[str, ...]) -> str:
    first, last = min(names), max(names)
    for n, char in enumerate(first):
        if n >= len(last) or last[n] != char:
            return first[:n]
    return first


def _to_edge(common: str, names: tuple[str, ...], ends: str, *, least: int) -> int:
    """How many common characters can go without cutting a word in two or leaving nothing; a few are not worth it."""
    length = len(common)
    while length and (_inside(common[length - 1], ends) or any(len(name) <= length for name in names)):
        length -= 1
    return length if length >= least else 0


def _inside(char: str, ends: str) -> bool:
    return char not in ends if ends else char.isalnum()


def _middle_cut(name: str, width: int) -> str:
    if text_width(name) <= width:
        return name
    if width <= 1:
        return "…" if width == 1 else ""
    head = _at_most(name, width // 2)
    tail = _at_most(name[::-1], width - 1 - text_width(head))[::-1]
    return f"{head}…{tail}"


def _at_most(text: str, width: int) -> str:
    used = 0
    for n, char in enumerate(text):
        used += char_width(char)
        if used > width:
            return text[:n]
    return text
