"""Hostile text made harmless: nothing that comes from outside reaches a terminal, a file or a person unseen.

Every character that `clean` gives is one code point that is one or two cells wide.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROL_PICTURES = 0x2400
_ALWAYS_DROPPED = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u00ad")
_WIDE = ("W", "F")
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and signs that show nothing: names could hide in them."""
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_JOINED_JAMO = (range(0x1161, 0x1200), range(0xD7B0, 0xD800))
"""Parts of Korean syllables that have no width of their own; those of whole syllables are composed before."""


@lru_cache(maxsize=4096)
def _cleaned(char: str) -> str:
    """What is shown for one character: itself, a visible sign, or nothing."""
    code = ord(char)
    if char in _ALWAYS_DROPPED or code in _SKIN_TONES:
        return ""
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    category = unicodedata.category(char)
    hidden = char in _INVISIBLE or any(code in part for part in _JOINED_JAMO)
    if hidden or category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return REPLACEMENT
    if category in {"Mn", "Me"}:
        return ""
    return " " if category == "Zs" else char


def clean(text: str, *, longest: int = 4096) -> str:
    """The text with control, escape, format and combining characters replaced by visible signs or dropped.

    At most the first `longest` characters are looked at: a label of ten megabytes costs no more than a line.
    """
    text = text[:longest]
    if text.isascii() and text.isprintable():
        return text
    return "".join(_cleaned(char) for char in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """Cells of one cleaned character: 1 or 2."""
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def text_width(text: str) -> int:
    """Cells of a text once it is cleaned."""
    text = clean(text)
    return len(text) if text.isascii() else sum(char_width(char) for char in text)


def fit(text: str, width: int) -> str:
    """The text cleaned and cut to `width` cells, with `…` where it was cut."""
    text = clean(text)
    if text_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        cells = char_width(char)
        if used + cells > width - 1:
            break
        kept.append(char)
        used += cells
    return "".join(kept) + "…" if width > 0 else ""
