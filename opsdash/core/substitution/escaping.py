"""How a value is written inside another language, so that nothing in it can be taken for syntax."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

_REGEX_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_LUCENE_REGEX_SPECIAL = re.compile(r'[\\.+*?()|\[\]{}"#@&<>~/^$\-]')
_LUCENE_SPECIAL = re.compile(r'[+\-=&|!(){}\[\]^"~*?:\\/\s]')
_SOURCE_REGEX_SPECIAL = re.compile(r"(\\.)|([.+*?()|\[\]{}^$])", re.DOTALL)


def well_formed(value: str) -> str:
    """The value without lone surrogates, which no wire can carry."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def regex_literal(value: str) -> str:
    """A regular expression (RE2) that matches exactly this value."""
    return _REGEX_SPECIAL.sub(r"\\\g<0>", value)


def regex_source(source: str) -> str:
    """The inside of a quoted PromQL string, as the inside of one whose value is a regex for the same text."""
    return _SOURCE_REGEX_SPECIAL.sub(
        lambda found: r"\\\\" if found[1] == "\\\\" else found[1] or "\\\\" + found[2], source
    )


def promql_text(value: str, quoting: str = '"') -> str:
    """The inside of a PromQL string in these quotes."""
    return value.replace("\\", "\\\\").replace(quoting, "\\" + quoting).replace("\n", "\\n").replace("\r", "\\r")


def lucene_text(value: str) -> str:
    """The inside of a quoted Lucene phrase."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def lucene_term(value: str) -> str:
    """A Lucene term without quotes; `<` and `>`, which nothing can escape there, become `?`, which matches them."""
    return _LUCENE_SPECIAL.sub(r"\\\g<0>", value).replace("<", "?").replace(">", "?")


def lucene_regex(value: str) -> str:
    """The inside of a Lucene `/regular expression/` that matches exactly this value."""
    return _LUCENE_REGEX_SPECIAL.sub(r"\\\g<0>", value)


_ESQL_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def esql_text(value: str) -> str:
    """The inside of an ES|QL string in double quotes."""
    return value.translate(_ESQL_ESCAPES)


def esql_name(value: str) -> str:
    """The inside of an ES|QL name in backticks."""
    return value.replace("`", "``")


def json_text(value: str) -> str:
    """A JSON string."""
    return json.dumps(value, ensure_ascii=False)


def percent(value: str) -> str:
    """Percent-encoded, as `encodeURIComponent` does it."""
    return quote(value, safe="!'()*")
