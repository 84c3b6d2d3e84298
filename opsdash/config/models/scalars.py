"""The kinds of value a configuration has, each with its own words for what is wrong with one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from opsdash.config.problems import shown
from opsdash.core.duration import format_duration, parse_duration, parse_size
from opsdash.core.secret import SecretRef
from opsdash.core.suggest import did_you_mean

DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(y|w|d|h|m|s|ms))+$|^0$"
SECRET_PATTERN = r"^(env|file|command):.+"  # noqa: S105 - what a reference looks like
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def refuse(message: str, *at: str | int) -> NoReturn:
    """Ends a validation with these words; `at` leads from the value to the part of it that is wrong."""
    raise PydanticCustomError("opsdash", "{message}", {"message": message, "at": at})


def described(value: object) -> str:
    """What a value is, in the words of somebody who writes YAML."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return shown(value, 40)
        case str():
            return f'"{shown(value, 60)}"'
        case list():
            return "a list"
        case _:
            return "a mapping"


def text(value: object) -> str:
    """A string; a number is refused, because `1.10` would silently become `1.1`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        refuse(f'{described(value)} is not a text here; put it in quotes: "{described(value)}"')
    refuse(f"{described(value)}, where a text is wanted")


def words(value: object) -> str:
    """A string that is not empty and has no line breaks: a title, a name."""
    given = text(value)
    if not given.strip():
        refuse("empty")
    if len(given) > 1000:
        refuse("longer than 1,000 characters")
    if not given.isprintable():
        refuse("holds a line break or a character that cannot be shown")
    return given


def loose_text(value: object) -> str:
    """A string; whole numbers, true and false are taken as they are written."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else text(value)


def flag(value: object) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return value
    refuse(f"{described(value)} is neither true nor false")


def number(value: object) -> float:
    """Any finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(f"{described(value)} is not a number")
    if not math.isfinite(value):
        refuse(f"{described(value)} is not a finite number")
    return float(value)


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two bounds."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            refuse(f"{described(value)} is not a whole number")
        if not least <= value <= most:
            refuse(f"{shown(value, 40)} is not between {least:,} and {most:,}")
        return value

    return check


def duration(least_s: float, most_s: float) -> Callable[[object], float]:
    """A duration as seconds."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, str):
            hint = f"; did you mean {value}s?" if type(value) in (int, float) else ""
            refuse(f"{described(value)} is not a duration such as 5s, 1h30m or 250ms{hint}")
        seconds = parse_duration(value)
        if seconds is None:
            refuse(f"{described(value)} is not a duration such as 5s, 1h30m or 250ms")
        if not least_s <= seconds <= most_s:
            refuse(f"{shown(value)} is not between {format_duration(least_s)} and {format_duration(most_s)}")
        return seconds

    return check


def size(least: int, most: int) -> Callable[[object], int]:
    """A size as bytes."""

    def check(value: object) -> int:
        parsed = parse_size(value) if isinstance(value, str) else value
        if isinstance(parsed, bool) or not isinstance(parsed, int):
            refuse(f"{described(value)} is not a size such as 64MiB, 500kB or 1048576")
        if not least <= parsed <= most:
            refuse(f"{described(value)} is not between {least:,} and {most:,} bytes")
        return parsed

    return check


def percent(value: object) -> float:
    """A percentage as 0 < x < 100: `99`, `99.9`, `99.9%`."""
    given = value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})? ?%", value):
        given = float(value.rstrip("% "))
    if isinstance(given, bool) or not isinstance(given, int | float):
        refuse(f"{described(value)} is not a percentage")
    if not 0 < given < 100:
        refuse(f"{described(value)} is not above 0 and below 100")
    return float(given)


def ratio(value: object) -> float:
    """`99.9%` or `99.9` as the ratio 0.999, `0.999` as it is."""
    given = value
    if isinstance(given, float) and 0 < given < 1:
        return given
    return round(percent(given) / 100, 12)


def choice(known: Sequence[str], what: str) -> Callable[[object], str]:
    """One of a few words; `what` completes "… is not": a panel kind, a way to draw."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        listed = "" if hint else f"; known are {', '.join(known)}"
        refuse(f"{described(value)} is not {what}{hint}{listed}")

    return check


def url(value: object) -> str:
    """An http or https address without a password in it."""
    given = text(value)
    return checked_url(given, ("http", "https"))


def checked_url(given: str, schemes: Sequence[str]) -> str:
    """The address. Its user name and password never appear in a message."""
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(given)
        host, port = parts.hostname, parts.port
    except ValueError:
        refuse("not an address: its host or port cannot be read")
    if parts.username or parts.password:
        refuse("a user name or password in an address; secrets go by reference: auth: {basic: {username, password}}")
    if any(char.isspace() or not char.isprintable() for char in given):
        refuse("an address with a space or a character that cannot be shown")
    if parts.scheme not in schemes:
        scheme = f'"{shown(parts.scheme, 20)}:" is' if parts.scheme and "://" in given else "this is"
        refuse(f"{scheme} not an address that opsdash can ask; it begins with {wanted}")
    if not host:
        refuse("an address without a host")
    if parts.query or parts.fragment:
        refuse("an address with ? or #; opsdash adds the path and the question itself")
    return given.rstrip("/") if port is None or port else given


def secret(value: object) -> SecretRef:
    """`env:NAME`, `file:PATH` or `command:ARGV…`. What is written instead is never repeated in the message."""
    found = reference(value)
    if found is None:
        refuse("secrets go by reference: env:NAME, file:PATH or command:PROGRAM ARGUMENTS, not in the configuration")
    return found


def reference(value: object) -> SecretRef | None:
    """The reference that a text is; None where it is none."""
    if not isinstance(value, str):
        return None
    scheme, colon, where = value.partition(":")
    where = where.strip()
    if not colon or scheme not in ("env", "file", "command"):
        return None
    if not where:
        refuse(f"{scheme}: names nothing")
    if scheme == "env" and not _ENV_NAME.fullmatch(where):
        refuse("env: takes the name of an environment variable: letters, digits and _")
    if scheme == "env":
        return SecretRef("env", where)
    return SecretRef("file", where) if scheme == "file" else SecretRef("command", where)


def strings(value: object) -> tuple[str, ...]:
    """A text or a list of them."""
    if not isinstance(value, list):
        return (_at(text, value),)
    return tuple(_at(words, item, index) for index, item in enumerate(value))


def loose_strings(value: object) -> tuple[str, ...]:
    """The same, where whole numbers, true and false are texts as well."""
    if not isinstance(value, list):
        return (_at(loose_text, value),)
    return tuple(_at(loose_text, item, index) for index, item in enumerate(value))


def _at(check: Callable[[object], str], value: object, *at: int) -> str:
    try:
        return check(value)
    except PydanticCustomError as error:
        refuse(str((error.context or {})["message"]), *at)


_SECRET_SCHEMA = {"type": "string", "pattern": SECRET_PATTERN}

Text = Annotated[str, PlainValidator(text), WithJsonSchema({"type": "string"})]
Words = Annotated[str, PlainValidator(words), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})]
LooseText = Annotated[str, PlainValidator(loose_text), WithJsonSchema({"type": ["string", "integer", "boolean"]})]
Flag = Annotated[bool, PlainValidator(flag), WithJsonSchema({"type": "boolean"})]
Number = Annotated[float, PlainValidator(number), WithJsonSchema({"type": "number"})]
Percent = Annotated[
    float,
    PlainValidator(percent),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
                {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,9})? ?%$"},
            ]
        }
    ),
]
Ratio = Annotated[
    float,
    PlainValidator(ratio),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
                {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,9})? ?%$"},
            ]
        }
    ),
]
Url = Annotated[str, PlainValidator(url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Secret = Annotated[SecretRef, PlainValidator(secret), WithJsonSchema(_SECRET_SCHEMA)]
Strings = Annotated[
    tuple[str, ...],
    PlainValidator(strings),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "minLength": 1}}]}),
]
_LOOSE = {"type": ["string", "integer", "boolean"]}
LooseStrings = Annotated[
    tuple[str, ...],
    PlainValidator(loose_strings),
    WithJsonSchema({"anyOf": [_LOOSE, {"type": "array", "items": _LOOSE}]}),
]
DURATION_SCHEMA: dict[str, Any] = {"type": "string", "pattern": DURATION_PATTERN}
SIZE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?([kKMGT]i?B?|B)?$"},
    ]
}


def whole_schema(least: int, most: int) -> WithJsonSchema:
    """JSON Schema of a whole number."""
    return WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


def choice_schema(known: Sequence[str]) -> WithJsonSchema:
    """JSON Schema of one of a few words."""
    return WithJsonSchema({"type": "string", "enum": list(known)})
