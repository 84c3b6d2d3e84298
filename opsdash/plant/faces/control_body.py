"""What comes in and goes out of the control API: JSON objects, with bounds."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from opsdash.plant.faces.exchange import Request
from opsdash.plant.verbs import Nonsense

MOST_BYTES = 64 * 1024
_JSON = "application/json"


class NotJson(Exception):
    """The body is sent as something else."""


def arguments_of(request: Request) -> Mapping[str, Any]:
    """The JSON object of the body; none is an empty one. Raises Nonsense, NotJson."""
    if not request.body.strip():
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != _JSON and not kind.endswith("+json"):
        raise NotJson(f"the body is {kind[:60]}; send {_JSON}")
    try:
        value = json.loads(request.body, parse_constant=_no_number, parse_int=_int, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        where = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise Nonsense(f"the body is not JSON{where}") from error
    if not isinstance(value, dict):
        raise Nonsense('the body must be a JSON object, as in {"service": "orders", "replicas": 8}')
    return value


def _int(text: str) -> int | float:
    """What has more digits than any argument is a float, which may be infinite and is then out of bounds."""
    return int(text) if len(text) < 20 else float(text)


def _no_number(text: str) -> NoReturn:
    raise Nonsense(f"{text} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Nonsense(f"{name[:60]!r} is there twice")
        found[name] = value
    return found


def plain(value: Any) -> Any:
    """As JSON has it: what is not finite is null, numbers are rounded to what can be meant."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    match value:
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case float():
            return _rounded(value)
        case _:
            return value


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.6g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short
