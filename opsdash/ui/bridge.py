"""Between engine and screen: snapshots become messages, what a key asks for becomes one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from opsdash.ports import Drills
from opsdash.ui.effects import (
    ChooseRange,
    ChooseVariable,
    Compare,
    Effect,
    NarrowLogs,
    Own,
    Pause,
    PlayDrill,
    Refresh,
    Resume,
)
from opsdash.ui.engine_port import EnginePort, Ownership
from opsdash.ui.messages import SnapshotArrived


async def carry_snapshots(engine: EnginePort, post: Callable[[SnapshotArrived], object]) -> None:
    """Until the engine ends or this is cancelled."""
    async for snapshot in engine.snapshots():
        post(SnapshotArrived(snapshot))


def tell_engine(engine: EnginePort, effect: Effect) -> bool:
    """Carries out what is the engine's to do; False where it is not."""
    match effect:
        case ChooseRange(time_range):
            engine.choose_range(time_range)
        case Pause():
            engine.pause()
        case Resume():
            engine.resume()
        case Refresh():
            engine.refresh()
        case Compare(offset_s):
            engine.compare(offset_s)
        case ChooseVariable(name, selected):
            engine.choose_variable(name, selected)
        case NarrowLogs(panel_id, query):
            engine.narrow_logs(panel_id, query)
        case _:
            return False
    return True


async def played(drills: Drills, effect: PlayDrill) -> str:
    """Does with the demo what was asked for; what happened, for a person. Raises OpsdashError."""
    match effect.act:
        case "start":
            return await drills.start(effect.name)
        case "cure":
            return await drills.cure(effect.name)
        case "clear":
            return await drills.clear()
        case _:
            assert_never(effect.act)


async def owned(ownership: Ownership, asked: Own) -> str:  # noqa: PLR0911 - one case a verb
    """Does with alerts what was asked for; what happened, for a person. Raises OpsdashError."""
    whom, text = asked.fingerprints, asked.text
    match asked.verb:
        case "acknowledge":
            return await ownership.acknowledge(whom, note=text, for_s=asked.for_s)
        case "unacknowledge":
            return await ownership.unacknowledge(whom)
        case "assign":
            return await ownership.assign(whom, asked.owner, note=text)
        case "note":
            return await ownership.note(whom, text)
        case "escalate":
            return await ownership.escalate(whom, note=text)
        case "silence":
            return await ownership.silence(
                asked.matchers, for_s=asked.for_s or 0.0, comment=text, everything=asked.everything
            )
        case "extend":
            return await ownership.extend(asked.silence_id, asked.for_s or 0.0)
        case "expire":
            return await ownership.expire(asked.silence_id)
        case _:
            assert_never(asked.verb)
