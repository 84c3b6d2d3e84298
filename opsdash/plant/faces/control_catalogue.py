"""Operations, faults and scenarios as the control API describes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opsdash.plant.faults import ActiveFault, Fault
from opsdash.plant.operation import Operation
from opsdash.plant.scenarios.scenario import Scenario
from opsdash.plant.verbs import Parameter

Choices = Callable[[str], list[str]]


def described_operation(operation: Operation, choices: Choices) -> dict[str, Any]:
    """Its words and what it takes."""
    return {
        "name": operation.name,
        "description": operation.description,
        "parameters": [_parameter(one, choices) for one in operation.parameters],
    }


def described_fault(fault: Fault, active: ActiveFault | None, choices: Choices) -> dict[str, Any]:
    """The same, and whether it is there now."""
    return {
        "name": fault.name,
        "description": fault.description,
        "worsens": fault.signal,
        "remedy": fault.remedy,
        "parameters": [_parameter(one, choices) for one in fault.parameters],
        "active": None if active is None else {"since_s": active.since_s, "arguments": active.arguments},
    }


def described_scenario(scenario: Scenario) -> dict[str, Any]:
    """All that a person needs to know of it."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "dashboard": scenario.dashboard,
        "seen": scenario.seen,
        "remedy": scenario.remedy,
        "label": scenario.label,
        "architectures": list(scenario.architectures),
        "steps": [{"at_s": one.at_s, "fault": one.fault, "arguments": one.arguments} for one in scenario.steps],
        "cure": [{"at_s": one.at_s, "operation": one.operation, "arguments": one.arguments} for one in scenario.cure],
    }


def _parameter(parameter: Parameter, choices: Choices) -> dict[str, Any]:
    described: dict[str, Any] = {"name": parameter.name, "kind": parameter.kind, "help": parameter.help}
    if parameter.kind in ("integer", "number"):
        described |= {"low": parameter.low, "high": parameter.high}
    if parameter.unit:
        described["unit"] = parameter.unit
    if parameter.choices:
        described["choices"] = choices(parameter.choices)
    described["required"] = not parameter.optional and parameter.default is None
    if parameter.default is not None:
        described["default"] = parameter.default
    return described
