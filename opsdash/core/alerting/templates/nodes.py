"""What a template is made of."""

from __future__ import annotations

from dataclasses import dataclass

Constant = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Constant
    at: int


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`"""

    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, perhaps with fields."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """`.Name` of something."""

    of: Operand
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function's name, called with what follows it."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Command:
    """An operand with its arguments; a pipe adds one argument more."""

    operand: Operand
    arguments: tuple[Operand, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each given the value of the one before; the value is declared as, or assigned to, variables."""

    commands: tuple[Command, ...]
    declared: tuple[str, ...]
    assigns: bool
    at: int


Operand = Literal | Dot | Variable | Field | Function | Pipeline


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose value is printed, unless it is declared."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """`if` or `with`."""

    keyword: str
    pipeline: Pipeline
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`range`: once for each element, or `otherwise` where there is none."""

    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`."""

    keyword: str


@dataclass(frozen=True, slots=True)
class Invoke:
    """`template`: another one, with this as its dot."""

    name: str
    pipeline: Pipeline | None
    at: int


Node = Text | Action | Branch | Range | Leave | Invoke


@dataclass(frozen=True, slots=True)
class Template:
    """A template with those that it defines."""

    nodes: tuple[Node, ...]
    defined: tuple[tuple[str, tuple[Node, ...]], ...]
