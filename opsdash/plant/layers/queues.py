"""RabbitMQ queues and Kafka topics: what is published waits until a consumer takes it; nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.plant.topology import Queue

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class QueuesFlow:
    """[n, queues] each."""

    published: Floats
    """Messages a second."""
    consumed: Floats
    depth: Floats
    """Messages that wait after the second."""
    unacked: Floats
    oldest_s: Floats
    """Age of the oldest."""
    redelivered: Floats


class Queues:
    """All queues and topics in arrays."""

    def __init__(self, queues: tuple[Queue, ...]) -> None:
        self.queues = queues
        self.consumers: Floats = np.array([float(queue.consumers) for queue in queues])
        self.rate: Floats = np.array([queue.per_consumer for queue in queues])
        """Messages a second and consumer."""
        self.slowness: Floats = np.ones(len(queues))
        """Time for a message against the usual."""
        self.depth: Floats = np.zeros(len(queues))

    def step(self, published: Floats) -> QueuesFlow:
        """Messages a second, [n, queues]."""
        capacity = self.consumers * self.rate / self.slowness
        # A topic's partitions bound how many consumers have work.
        free = self.depth + np.cumsum(published - capacity, axis=0)
        depth = free - np.minimum(np.minimum.accumulate(free, axis=0), 0.0)
        before = np.concatenate([self.depth[None, :], depth[:-1]])
        consumed = published + before - depth
        self.depth = depth[-1].copy()
        return QueuesFlow(
            published=published,
            consumed=consumed,
            depth=depth,
            unacked=np.minimum(self.consumers, consumed * self.slowness / self.rate),
            oldest_s=depth / np.maximum(consumed, 0.02),
            redelivered=consumed * 0.0005 * self.slowness,
        )
