"""Incidents that are played on nothing: notes what it was asked, answers as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from opsdash.core.errors import OpsdashError
from opsdash.ports import Drill

FLASH_SALE = Drill(
    name="flash-sale",
    title="Flash sale",
    seen="Golden signals: orders fails",
    label="run 12 instances of orders",
)
HOT_SHARD = Drill(name="hot-shard", title="Hot shard", seen="Golden signals: writes fail", label="split shard 2")


@dataclass
class ScriptedDrills:
    """Answers at once, with an error, or only when `gate` is set."""

    words: str = "orders: 4 more instances are booting, ready in 40 s"
    error: OpsdashError | None = None
    gate: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)

    def scenarios(self) -> tuple[Drill, ...]:
        return (FLASH_SALE, HOT_SHARD)

    async def start(self, name: str) -> str:
        return await self._answer(f"start {name}")

    async def cure(self, name: str) -> str:
        return await self._answer(f"cure {name}")

    async def clear(self) -> str:
        return await self._answer("clear")

    async def _answer(self, asked: str) -> str:
        self.asked.append(asked)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.words
