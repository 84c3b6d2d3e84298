"""What an operator can do to the plant.

    Plant.operate("set_replicas", service="orders", replicas=8)
    -> {"operation": "set_replicas", "service": "orders", "before": 4, "after": 8, "ready_in_s": 40.0}

`OPERATIONS` has every verb by name: `.description`, `.parameters` (verbs.Parameter: name, kind, help, low, high,
default, optional, choices, unit). `operate(world, now_s, name, arguments)` carries one out; `Refused(message)` says
why one was not, and then nothing has changed. What takes time in life (a boot, a copy) takes it here: `ready_in_s`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsdash.core.suggest import did_you_mean
from opsdash.plant.known import names
from opsdash.plant.operate_data import DATA_OPERATIONS
from opsdash.plant.operate_edge import EDGE_OPERATIONS
from opsdash.plant.operate_fleet import FLEET_OPERATIONS
from opsdash.plant.operation import Operation
from opsdash.plant.verbs import Refused, parsed
from opsdash.plant.world import World

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*FLEET_OPERATIONS, *EDGE_OPERATIONS, *DATA_OPERATIONS)
}
"""Every operation by name."""


def operate(world: World, now_s: float, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out an operation, or raise `Refused`."""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Refused(f"there is no operation {name[:60]!r}{did_you_mean(name, OPERATIONS)}")
    values = parsed(name, operation.parameters, arguments, lambda kind: names(world, kind))
    done = operation.do(world, now_s, values)
    given = {key: value for key, value in values.items() if value is not None}
    return {"operation": name, **given, **done}
