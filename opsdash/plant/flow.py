"""What went on in a block of seconds, layer by layer: the model's output and the exporters' input."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.cost import CostFlow
from opsdash.plant.supply import SupplyFlow

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class UsersFlow:
    """Users' requests to the API, in requests a second."""

    offered: Floats
    """[n, routes], attacks and second tries included."""
    outcomes: Floats
    """[n, routes, outcomes of summary.OUTCOMES]; they add up to what was offered."""
    median_s: Floats
    """[n, routes] of what came to an answer behind the balancer."""
    client_requests: Floats
    """[n, clients that stand out]"""
    client_limited: Floats
    client_blocked: Floats


@dataclass(frozen=True, slots=True, eq=False)
class InstancesFlow:
    """The fleet, [n, slots] each, in requests a second."""

    arriving: Floats
    ok: Floats
    error: Floats
    bad_gateway: Floats
    refused: Floats
    timeout: Floats
    queue: Floats
    latency_s: Floats
    busy: Floats
    held: Floats


@dataclass(frozen=True, slots=True, eq=False)
class EdgesFlow:
    """The calls between services, [n, edges] each."""

    calls: Floats
    rejected: Floats
    attempts: Floats
    retried: Floats
    attempt_failed: Floats
    """Attempts a second that failed."""
    timed_out: Floats
    """Attempts a second that the caller gave up on."""
    attempt_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ServicesFlow:
    """[n, services] each."""

    arriving: Floats
    lost: Floats
    """Requests a second that found no instance."""
    failed: Floats
    """Part of the arriving ones."""
    latency_s: Floats
    waits_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A block of seconds."""

    seconds: Ints
    users: UsersFlow
    services: ServicesFlow
    instances: InstancesFlow
    edges: EdgesFlow
    supply: SupplyFlow
    cost: CostFlow


T = TypeVar("T")


def joined(flows: Sequence[T]) -> T:
    """Blocks that follow each other as one. What is no array is taken from the last.

    Arrays of an older block that are narrower (an instance was added since) get zeros.
    """
    newest = flows[-1]
    if len(flows) == 1:
        return newest
    parts: dict[str, Any] = {}
    for field in dataclasses.fields(newest):  # type: ignore[arg-type]
        values = [getattr(flow, field.name) for flow in flows]
        if isinstance(values[-1], np.ndarray):
            parts[field.name] = _stacked(values)
        elif dataclasses.is_dataclass(values[-1]):
            parts[field.name] = joined(values)
        else:
            parts[field.name] = values[-1]
    return type(newest)(**parts)


def _stacked(values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    widest = max(value.shape[1:] for value in values)
    if any(value.shape[1:] != widest for value in values):
        values = [_widened(value, widest) for value in values]
    return np.concatenate(values)


def _widened(value: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    wide = np.zeros((len(value), *shape), dtype=value.dtype)
    wide[tuple(slice(size) for size in value.shape)] = value
    return wide
