"""Request bodies: JSON with the bounds and the refusals of Elasticsearch's parser, and lines of it."""

from __future__ import annotations

import json
from typing import Any

from opsdash.plant.faces.elasticsearch.errors import Refused, content

LONGEST_BODY = 2 * 1024 * 1024
"""Bytes of a search; a bulk may be larger."""
LONGEST_BULK = 16 * 1024 * 1024
_DEEPEST = "Document nesting depth exceeds the maximum allowed (500, from `StreamReadConstraints.getMaxNestingDepth()`)"


def read_json(body: bytes) -> Any:
    """The value of a body. Raises Refused."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise content(
            "Invalid UTF-8 in the body", cause=Refused("json_parse_exception", "Invalid UTF-8 start byte")
        ) from None
    except RecursionError:
        raise content(_DEEPEST) from None
    except json.JSONDecodeError as error:
        raise _broken(error) from None
    except ValueError:
        raise content("a number of the body is too long") from None


def _broken(error: json.JSONDecodeError) -> Refused:
    rest = error.doc[error.pos :]
    if not rest.strip() or "Unterminated" in error.msg:
        cause = Refused("json_e_o_f_exception", "Unexpected end-of-input")
        return Refused("x_content_e_o_f_exception", "Unexpected end of file", cause=cause)
    token = rest.split()[0][:40]
    expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    reason = f"Unrecognized token '{token}': was expecting {expected}"
    return content(reason, cause=Refused("json_parse_exception", reason))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                reason = f"Duplicate field '{key}'"
                raise content(reason, cause=Refused("json_parse_exception", reason))
            seen.add(key)
    return made


def _no_constant(text: str) -> Any:
    reason = f"Non-standard token '{text}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
    raise content(reason, cause=Refused("json_parse_exception", reason))
