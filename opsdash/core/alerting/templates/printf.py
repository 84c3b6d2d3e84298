"""Go's fmt.Sprintf, Sprint and Sprintln, as far as values of a template go."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from opsdash.core.alerting.templates.values import Value, float_text, kind_of, shown

_VERB = re.compile(r"%([-+# 0]*)(\d+)?(?:(\.)(\d+)?)?(.)?", re.DOTALL)
_WIDEST = 1_000
"""A width or a precision is no larger: output stays bounded."""


def sprintf(form: str, arguments: Sequence[Value]) -> str:
    """The form with its verbs replaced; what does not fit is said in the text, as Go does."""
    left = list(arguments)

    def replaced(found: re.Match[str]) -> str:
        flags, width, dot, precision, letter = found.groups()
        if letter is None:
            return "%!(NOVERB)"
        if letter == "%":
            return "%"
        if not left:
            return f"%!{letter}(MISSING)"
        verb = _Verb(letter, flags, min(int((precision or "0")[:6]), _WIDEST) if dot else None)
        return _padded(_formatted(verb, left.pop(0)), verb, min(int((width or "0")[:6]), _WIDEST))

    text = _VERB.sub(replaced, form)
    if left:
        text += "%!(EXTRA " + ", ".join(f"{kind_of(value)}={shown(value)}" for value in left) + ")"
    return text


def sprint(arguments: Sequence[Value]) -> str:
    """A space between two values neither of which is a string."""
    parts: list[str] = []
    for place, value in enumerate(arguments):
        if place and not isinstance(value, str) and not isinstance(arguments[place - 1], str):
            parts.append(" ")
        parts.append(_nil(value))
    return "".join(parts)


def sprintln(arguments: Sequence[Value]) -> str:
    """A space between all values, and a new line."""
    return " ".join(_nil(value) for value in arguments) + "\n"


def _nil(value: Value) -> str:
    return "<nil>" if value is None else shown(value)


@dataclass(frozen=True, slots=True)
class _Verb:
    letter: str
    flags: str
    precision: int | None


def _formatted(verb: _Verb, value: Value) -> str:
    if verb.letter == "T":
        return kind_of(value)
    if verb.letter == "v":
        plain = verb.precision is None or not isinstance(value, float)
        return _signed(_nil(value), verb, value) if plain else _of_float(replace(verb, letter="g"), value) or ""
    known: dict[type, Callable[[_Verb, Value], str | None]] = {
        bool: _of_bool,
        int: _of_int,
        float: _of_float,
        str: _of_str,
    }
    of = known.get(type(value))
    text = of(verb, value) if of is not None else (shown(value) if verb.letter == "s" else None)
    return text if text is not None else f"%!{verb.letter}({kind_of(value)}={_nil(value)})"


def _of_bool(verb: _Verb, value: Value) -> str | None:
    return shown(value) if verb.letter == "t" else None


def _of_int(verb: _Verb, value: Value) -> str | None:
    number, letter = int(value), verb.letter  # type: ignore[arg-type]  # only ints come here
    if letter in "dboxX":
        return _signed(format(number, letter), verb, value)
    if letter in ("c", "q") and 0 <= number <= 0x10FFFF:
        return chr(number) if letter == "c" else f"'{chr(number)}'"
    return f"U+{number:04X}" if letter == "U" else None


def _of_float(verb: _Verb, value: Value) -> str | None:
    letter, number = verb.letter, float(value)  # type: ignore[arg-type]  # only floats come here
    if letter not in "eEfFgG":
        return None
    if not math.isfinite(number) or (letter in "gG" and verb.precision is None):
        return _signed(float_text(number), verb, value)
    return _signed(format(number, f".{6 if verb.precision is None else verb.precision}{letter}"), verb, value)


def _of_str(verb: _Verb, value: Value) -> str | None:
    text, letter = str(value), verb.letter
    if letter == "s":
        return text if verb.precision is None else text[: verb.precision]
    if letter == "q":
        return json.dumps(text, ensure_ascii=False)
    if letter in "xX":
        digits = text.encode().hex()
        return digits.upper() if letter == "X" else digits
    return None


def _signed(text: str, verb: _Verb, value: Value) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not text.startswith(("-", "+")) and text != "NaN":
        return ("+" if "+" in verb.flags else " " if " " in verb.flags else "") + text
    return text


def _padded(text: str, verb: _Verb, width: int) -> str:
    if len(text) >= width:
        return text
    if "-" in verb.flags:
        return text.ljust(width)
    if "0" in verb.flags and verb.letter not in "sqvT":
        sign = text[:1] if text[:1] in "+-" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)
