"""Grafana's variable formats: `${name:csv}`, `${name:regex}`, …"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from opsdash.core.substitution.escaping import json_text, lucene_text, percent, regex_literal

Values = Sequence[str]
_MS_LONGEST = 253_402_300_799_000
_LUCENE_ESCAPED = re.compile(r'[!*+\-=<>\s&|()\[\]{}^~?:\\/"]')


def _alternation(values: Values) -> str:
    escaped = [regex_literal(value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _glob(values: Values) -> str:
    return values[0] if len(values) == 1 else "{" + ",".join(values) + "}"


def _lucene(values: Values) -> str:
    if len(values) == 1:
        return _LUCENE_ESCAPED.sub(r"\\\g<0>", values[0])
    return "(" + " OR ".join(f'"{lucene_text(value)}"' for value in values) + ")"


def _quoted(quoting: str, escape: str) -> Callable[[Values], str]:
    def listed(values: Values) -> str:
        safe = (value.replace("\\", "\\\\") if escape == "\\" else value for value in values)
        return ",".join(quoting + value.replace(quoting, escape + quoting) + quoting for value in safe)

    return listed


def _json(values: Values) -> str:
    return json_text(values[0]) if len(values) == 1 else "[" + ",".join(json_text(value) for value in values) + "]"


FORMATS: dict[str, Callable[[Values], str]] = {
    "csv": ",".join,
    "doublequote": _quoted('"', "\\"),
    "glob": _glob,
    "json": _json,
    "lucene": _lucene,
    "percentencode": lambda values: percent(_glob(values)),
    "pipe": "|".join,
    "raw": ",".join,
    "regex": _alternation,
    "singlequote": _quoted("'", "\\"),
    "sqlstring": _quoted("'", "'"),
    "text": " + ".join,
    "uriencode": lambda values: percent(_glob(values)),
}
"""By name. `distributed`, `queryparam`, `join:SEPARATOR` and `date:…` need more than the values: see `formatted`."""

FORMAT_NAMES = (*FORMATS, "distributed", "queryparam", "join", "date")


def is_format(name: str) -> bool:
    """Whether `${x:name}` is known."""
    return name.partition(":")[0] in FORMAT_NAMES


def formatted(variable: str, values: Values, wanted: str) -> str:
    """The values in this format; a format that is not known gives them as `glob` does, as in Grafana."""
    name, _, argument = wanted.partition(":")
    if not values:
        return ""
    match name:
        case "distributed":
            return ",".join([values[0], *(f"{variable}={value}" for value in values[1:])])
        case "queryparam":
            return "&".join(f"var-{percent(variable)}={percent(value)}" for value in values)
        case "join":
            return (argument or ",").join(values)
        case "date":
            return _date(values[0], argument)
        case _:
            return FORMATS.get(name, _glob)(values)


def _date(milliseconds: str, wanted: str) -> str:
    """`date` and `date:iso` as 2026-11-23T18:00:00.000Z, `date:seconds` as epoch seconds; what is no time stays."""
    if not re.fullmatch(r"\d{1,15}", milliseconds) or int(milliseconds) > _MS_LONGEST:
        return milliseconds
    whole = int(milliseconds)
    if wanted == "seconds":
        return str(whole // 1000)
    at = datetime.fromtimestamp(whole // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{whole % 1000:03d}Z"
