"""Serverless functions: warm and provisioned containers, cold starts, the limit of concurrency, price by the call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.topology import Function

Floats = npt.NDArray[np.float64]

_CALM_COLD = 0.002
"""Part of the calls that meets a cold start in calm: containers are recycled."""
_PEAK = 1.3
"""Calls come in bunches: containers needed against the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class FunctionsFlow:
    """[n, functions] each, a second where it is a rate."""

    invoked: Floats
    cold: Floats
    throttled: Floats
    running: Floats
    """Containers at work."""
    duration_s: Floats
    """Mean, start included."""


class Functions:
    """All functions in arrays."""

    def __init__(self, functions: tuple[Function, ...]) -> None:
        self.functions = functions
        self.limit: Floats = np.array([float(one.concurrency) for one in functions])
        self.provisioned: Floats = np.array([float(one.provisioned) for one in functions])
        self.kept_warm: Floats = np.ones(len(functions))
        """Part of the containers on demand that is warm when it is needed; 1 in calm."""
        self.init_factor: Floats = np.ones(len(functions))
        self.duration_s: Floats = np.array([one.duration_ms / 1000 for one in functions])
        self.init_s: Floats = np.array([one.init_ms / 1000 for one in functions])

    def step(self, calls: Floats) -> FunctionsFlow:
        """Calls a second, [n, functions]."""
        needed = calls * self.duration_s * _PEAK
        on_demand = np.maximum(1.0 - self.provisioned / np.maximum(needed, 1e-9), 0.0)
        cold = np.minimum(_CALM_COLD + on_demand * (1.0 - self.kept_warm), 1.0)
        took = self.duration_s + cold * self.init_s * self.init_factor
        refused = np.maximum(1.0 - self.limit / np.maximum(calls * took, 1e-9), 0.0)
        invoked = calls * (1.0 - refused)
        return FunctionsFlow(invoked, invoked * cold, calls * refused, invoked * took, took)
