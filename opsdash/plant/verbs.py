"""Verbs with bounded parameters: what an operation or a fault takes, and refusing nonsense with a clear message."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opsdash.core.suggest import did_you_mean


class Refused(Exception):
    """What was asked for makes no sense here; the message says why and what would."""


class Nonsense(Refused):
    """The arguments would make no sense in any state: the asker has to change them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. Numbers have bounds; words may have choices, which the world decides (a service's name)."""

    name: str
    kind: Literal["integer", "number", "text", "switch"]
    help: str
    low: float = -math.inf
    high: float = math.inf
    default: Any = None
    """Used when it is not given; None: it must be given, unless `optional`."""
    optional: bool = False
    choices: str = ""
    """What it names: service, edge, route, cache, queue, function, node, instance, region, pool, type, algorithm."""
    unit: str = ""


Values = Mapping[str, Any]


def parsed(
    verb: str, parameters: Sequence[Parameter], given: Values, known: Callable[[str], Sequence[str]]
) -> dict[str, Any]:
    """The arguments of a verb with defaults filled in; `known` tells the names of a kind of thing."""
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes no arguments"
            raise Nonsense(f"{verb} has no argument {str(name)[:60]!r}{did_you_mean(str(name), names)}; {takes}")
    values: dict[str, Any] = {}
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None and not parameter.optional:
            raise Nonsense(f"{verb} needs {parameter.name}: {parameter.help}")
        values[parameter.name] = None if value is None else _checked(parameter, value, known)
    return values


def _checked(parameter: Parameter, value: Any, known: Callable[[str], Sequence[str]]) -> Any:
    match parameter.kind:
        case "switch":
            if not isinstance(value, bool):
                raise Nonsense(f"{parameter.name} must be true or false, not {_shown(value)}")
            return value
        case "text":
            if not isinstance(value, str) or not value or len(value) > 200:
                raise Nonsense(f"{parameter.name} must be a text of 1 to 200 characters, not {_shown(value)}")
            return _chosen(parameter, value, known)
        case _:
            return _number(parameter, value)


def _chosen(parameter: Parameter, value: str, known: Callable[[str], Sequence[str]]) -> str:
    if not parameter.choices:
        return value
    there = known(parameter.choices)
    if value in there:
        return value
    if not there:
        raise Nonsense(f"there is no {parameter.choices} in this architecture")
    few = ", ".join(there[:12]) + (", …" if len(there) > 12 else "")
    near = did_you_mean(value, there)
    raise Nonsense(f"there is no {parameter.choices} {_shown(value)}{near or f'; there are {few}'}")


def _number(parameter: Parameter, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Nonsense(f"{parameter.name} must be a number, not {_shown(value)}")
    if parameter.kind == "integer" and value != int(value):
        raise Nonsense(f"{parameter.name} must be a whole number, not {_shown(value)}")
    if not parameter.low <= value <= parameter.high:
        unit = f" {parameter.unit}" if parameter.unit else ""
        raise Nonsense(f"{parameter.name} must be {parameter.low:g} to {parameter.high:g}{unit}, not {value:g}")
    return int(value) if parameter.kind == "integer" else float(value)


def _shown(value: Any) -> str:
    return repr(value)[:60]
