"""Values inside of a template, and how Go's fmt prints them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.metrics.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One element of what `query` gives."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What a template is expanded with."""

    labels: Labels = ()
    """The series', its `__name__` included where it has one."""
    value: float = math.nan
    external_labels: Labels = ()
    external_url: str = ""
    query: Callable[[str], Sequence[Sample]] | None = None
    """Evaluates PromQL for the function of that name; None: it is not to be had here."""
    now_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Data:
    """The dot of a template: `.Labels`, `.Value` and their kin."""

    expansion: Expansion

    def field(self, name: str) -> Value:
        """One of its fields. Raises KeyError."""
        given = self.expansion
        known: dict[str, Value] = {
            "Labels": dict(given.labels),
            "ExternalLabels": dict(given.external_labels),
            "ExternalURL": given.external_url,
            "Value": given.value,
        }
        return known[name]


@dataclass(frozen=True, slots=True)
class Instant:
    """A time, as `toTime` gives it."""

    at_s: float
    text: str


Value: TypeAlias = "str | int | float | bool | Sample | Data | Instant | Mapping[str, Value] | Sequence[Value] | None"


def field_of(value: Value, name: str, at: int) -> Value:
    """`.name` of a value; a label that is missing is empty. Raises TemplateFailed."""
    if isinstance(value, Mapping):
        return value.get(name, "")
    if isinstance(value, Sample) and name in ("Labels", "Value"):
        return dict(value.labels) if name == "Labels" else value.value
    if isinstance(value, Data):
        try:
            return value.field(name)
        except KeyError:
            pass
    if value is None:
        raise TemplateFailed(f"nil data; no entry for key {name!r}", at)
    raise TemplateFailed(f"can't evaluate field {name} in type {kind_of(value)}", at)


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (type(None), "nil"),
    (Mapping, "map[string]string"),
    (Sample, "*template.sample"),
    (Instant, "*time.Time"),
    (Data, "struct"),
)
"""The first that it is counts: a bool is an int, too."""


def kind_of(value: Value) -> str:
    """The name of its type in Go."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "template.queryResult")


def is_true(value: Value) -> bool:
    """Whether `if` takes it for true: anything but zero, empty and nil."""
    if isinstance(value, float):
        return value != 0  # NaN is true, as in Go
    if isinstance(value, Sample | Data | Instant):
        return True
    return bool(value)


def shown(value: Value) -> str:  # noqa: PLR0911  # one line a kind
    """As `{{ value }}` prints it."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case str() | int():
            return str(value)
        case Mapping():
            return "map[" + " ".join(f"{key}:{shown(value[key])}" for key in sorted(value)) + "]"
        case Sample():
            return f"&{{{shown(value.labels)} {float_text(value.value)}}}"
        case Instant():
            return value.text
        case Data():
            return "{…}"
        case _:
            return "[" + " ".join(shown(item) for item in value) + "]"


def float_text(value: float) -> str:
    """Go's `%v`: the shortest digits that give the value back; an exponent from 1e6 on, or below 1e-4."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    mantissa, exponent = _shortest(value)
    if value != 0 and (exponent < -4 or exponent >= SHORTEST_EXPONENT):
        return mantissa + f"e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    plain = repr(value) if "e" not in repr(value) else f"{value:.{max(0, len(mantissa) - 2 - exponent)}f}"
    return plain.removesuffix(".0")


SHORTEST_EXPONENT = 6
"""From which exponent on Go's strconv writes one where the digits are the shortest."""


def _shortest(value: float) -> tuple[str, int]:
    """Shortest mantissa and decimal exponent of a finite value."""
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return mantissa.removesuffix(".0"), int(exponent)
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return sign + "0", 0
    lost = len(whole + fraction) - len(digits)
    power = len(whole) - 1 - lost
    digits = digits.rstrip("0") or "0"
    return sign + digits[0] + (f".{digits[1:]}" if len(digits) > 1 else ""), power
