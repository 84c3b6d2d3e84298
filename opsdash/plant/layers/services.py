"""Services: what their instances make of the requests they get: latency by the knee, refusals, time-outs, errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.layers.queueing import MEAN_OVER_MEDIAN, fluid_queue, late, waiting

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pressed:
    """Instances of one service and what weighs on them; `k` instances, `n` seconds."""

    arriving: Floats
    """[n, k] requests a second."""
    cpu_s: Floats
    """[k] CPU seconds of one request on this instance."""
    vcpus: Floats
    threads: float
    queue: Floats
    """[k] requests waiting from before."""
    waits_s: Floats
    """[n] what a request waits for others: data, other services."""
    dependency_failed: Floats
    """[n] part that fails since something it needs failed."""
    error_ratio: float
    """Part that fails by the service's own fault."""
    timeout_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What came of it, [n, k] each, in requests a second: they add up to what arrived."""

    ok: Floats
    """Done, in time; the part that is the client's fault is in it."""
    error: Floats
    bad_gateway: Floats
    refused: Floats
    timeout: Floats
    queue: Floats
    """Waiting after each second."""
    latency_s: Floats
    """Mean, [n, k]."""
    busy: Floats
    """Part of the CPU in use."""
    held: Floats
    """Requests in work or waiting (Little's law)."""


def serve(pressed: Pressed) -> Served:
    """One service through some seconds."""
    cpu_s, servers = pressed.cpu_s, pressed.vcpus
    waits = pressed.waits_s[:, None]
    most = np.minimum(servers / cpu_s, pressed.threads / (cpu_s + waits))
    queue, refused = fluid_queue(pressed.queue, pressed.arriving, most, pressed.threads)
    admitted = pressed.arriving - refused
    utilisation = admitted / most
    latency = cpu_s * (1.0 + waiting(utilisation, servers)) + queue / most + waits
    timed_out = late(latency / MEAN_OVER_MEDIAN, pressed.timeout_s)
    kept = admitted * (1.0 - timed_out)
    failed = pressed.dependency_failed[:, None]
    bad_gateway = kept * failed
    error = kept * (1.0 - failed) * pressed.error_ratio
    return Served(
        ok=kept - bad_gateway - error,
        error=error,
        bad_gateway=bad_gateway,
        refused=refused,
        timeout=admitted * timed_out,
        queue=queue,
        latency_s=np.minimum(latency, pressed.timeout_s * 1.5),
        busy=np.minimum(admitted * cpu_s / servers, 1.0),
        held=np.minimum(admitted, most) * latency,
    )
