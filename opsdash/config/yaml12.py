"""YAML 1.2 scalars: `on`, `yes`, `1:30` and `0777` are strings, as the contract promises."""

from __future__ import annotations

import re

from opsdash.config.problems import shown

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,299})")
_BASED = re.compile(r"0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STARTS = frozenset("-+.0123456789~nNtTfF")
_LONGEST_NUMBER = 400
_CORE = "tag:yaml.org,2002:"


class TagUnknown(Exception):
    """A tag that is not one of YAML's own."""


def scalar_of(text: str, tag: str | None, *, plain: bool) -> Scalar:
    """The value of a scalar. `plain` says that it was written without quotes. Raises TagUnknown."""
    if tag is None or tag == "!":
        return resolved(text) if plain and tag is None else text
    wanted = tag.removeprefix(_CORE)
    if not tag.startswith(_CORE) or wanted not in {"str", "int", "float", "bool", "null"}:
        raise TagUnknown(f"the tag {readable_tag(tag)} means nothing here")
    if wanted == "str":
        return text
    value = resolved(text)
    if wanted == "float" and type(value) is int:
        return float(value)
    if (type(value).__name__ if value is not None else "null") != wanted:
        raise TagUnknown(f'"{shown(text)}" is no {readable_tag(tag)}')
    return value


def resolved(text: str) -> Scalar:
    """The value of a plain scalar in the core schema."""
    if text and text[0] not in _STARTS:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return text if len(text) > _LONGEST_NUMBER else _number(text)


def _number(text: str) -> int | float | str:
    """The number that a text is, or the text."""
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    special = _SPECIAL.fullmatch(text)
    if special:
        return float((special[1] or "") + ("nan" if "n" in text.lower()[-1:] else "inf"))
    return text


def readable_tag(tag: str) -> str:
    """A tag as people write it: `!!python/object`."""
    return shown("!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag, 60)
