"""From the engine to the screen: each snapshot becomes a message."""

from __future__ import annotations

from collections.abc import Callable

from opsdash.ui.engine_port import EnginePort
from opsdash.ui.messages import SnapshotArrived


async def carry_snapshots(engine: EnginePort, post: Callable[[SnapshotArrived], object]) -> None:
    """Until the engine ends or this is cancelled."""
    async for snapshot in engine.snapshots():
        post(SnapshotArrived(snapshot))
