"""What an operation is: a name, what it does in words, what it takes, and the deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opsdash.plant.verbs import Parameter, Values
from opsdash.plant.world import World

Deed = Callable[[World, float, Values], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb; `do(world, now_s, values)` returns what was before and after, and raises `Refused`."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    do: Deed


SERVICE = Parameter("service", "text", "the service", choices="service")
EDGE = Parameter("edge", "text", "caller and callee, as in orders-payments", choices="edge")
CACHE = Parameter("cache", "text", "the cache", choices="cache")
