"""The templates that almost all rules have, `{{ $labels.service }} has {{ $value | humanize }} errors`, without a walk.

In a storm each of 10,000 alerts has its annotations expanded in one round. What is not that plain, and what fails, is
left to `expand`, which says why.
"""

from __future__ import annotations

from collections.abc import Callable

from opsdash.core.alerting.templates.nodes import (
    Action,
    Command,
    Dot,
    Field,
    Function,
    Operand,
    Template,
    Text,
    Variable,
)
from opsdash.core.alerting.templates.prometheus import FIXED
from opsdash.core.alerting.templates.values import Expansion, Value, shown
from opsdash.core.metrics.labels import label

Piece = Callable[[Expansion], str]
UNARY = (
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "title",
    "toUpper",
    "toLower",
    "stripPort",
    "stripDomain",
    "percent",
    "seconds",
    "bytes",
)
"""Functions of one argument that depend on nothing else."""


def quick(template: Template) -> Callable[[Expansion], str] | None:
    """What expands it, or None where it is not plain. May raise TemplateFailed, without the place."""
    if template.defined:
        return None
    pieces: list[Piece] = []
    for node in template.nodes:
        piece = _piece(node)
        if piece is None:
            return None
        pieces.append(piece)
    return lambda given: "".join([piece(given) for piece in pieces])


def _piece(node: object) -> Piece | None:
    if isinstance(node, Text):
        text = node.text
        return lambda _: text
    if not isinstance(node, Action) or node.pipeline.declared:
        return None
    first, *rest = node.pipeline.commands
    value = _value(first.operand) if not first.arguments else None
    functions = [_unary(command) for command in rest]
    calls = [each for each in functions if each is not None]
    if value is None or len(calls) < len(functions):
        return None
    return _piped(value, calls)


def _piped(value: Callable[[Expansion], Value], calls: list[Callable[[Value], Value]]) -> Piece:
    def piece(given: Expansion) -> str:
        found = value(given)
        for call in calls:
            found = call(found)
        return found if isinstance(found, str) else shown(found)

    return piece


def _value(operand: Operand) -> Callable[[Expansion], Value] | None:
    """`$value`, `.Value`, `$labels.x` or `.Labels.x`."""
    match operand:
        case Variable(name="value") | Field(of=Dot(), name="Value"):
            return lambda given: given.value
        case Field(of=Variable(name="labels") | Field(of=Dot(), name="Labels"), name=name):
            return lambda given: label(given.labels, name)
        case _:
            return None


def _unary(command: Command) -> Callable[[Value], Value] | None:
    if isinstance(command.operand, Function) and not command.arguments and command.operand.name in UNARY:
        return FIXED[command.operand.name]
    return None
