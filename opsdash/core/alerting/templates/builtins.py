"""The functions that every Go template has. Comparisons are between values of one kind, as in Go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote_plus

from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.alerting.templates.printf import sprint, sprintf, sprintln
from opsdash.core.alerting.templates.values import Value, is_true, kind_of, shown

Call = Callable[..., Value]
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\x00": "\ufffd"})


def _ordered(name: str, given: tuple[Value, ...]) -> tuple[Value, Value]:
    if len(given) != 2:
        raise TemplateFailed(f"wrong number of args for {name}: want 2 got {len(given)}")
    left, right = given
    for side in given:
        if not isinstance(side, int | float | str) or (isinstance(side, bool) and name != "eq"):
            raise TemplateFailed("invalid type for comparison")
    if kind_of(left) != kind_of(right):
        raise TemplateFailed("incompatible types for comparison")
    return left, right


def _eq(*given: Value) -> bool:
    if len(given) < 2:
        raise TemplateFailed("missing argument for comparison")
    first = given[0]
    for other in given[1:]:
        if first is None or other is None:
            if first is other:
                return True
            continue
        if kind_of(first) != kind_of(other):
            raise TemplateFailed("incompatible types for comparison")
        if isinstance(first, Mapping | list | tuple):
            raise TemplateFailed(f"non-comparable type {shown(first)}: {kind_of(first)}")
        if first == other:
            return True
    return False


def _ne(*given: Value) -> bool:
    if len(given) != 2:
        raise TemplateFailed(f"wrong number of args for ne: want 2 got {len(given)}")
    return not _eq(*given)


def _lt(*given: Value) -> bool:
    left, right = _ordered("lt", given)
    return left < right  # type: ignore[operator]  # of one kind that has an order


def _le(*given: Value) -> bool:
    left, right = _ordered("le", given)
    return left <= right  # type: ignore[operator]


def _gt(*given: Value) -> bool:
    left, right = _ordered("gt", given)
    return left > right  # type: ignore[operator]


def _ge(*given: Value) -> bool:
    left, right = _ordered("ge", given)
    return left >= right  # type: ignore[operator]


def _len(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping | Sequence):
        return len(value)
    raise TemplateFailed(f"len of type {kind_of(value)}")


def _index(of: Value, *places: Value) -> Value:
    for place in places:
        if isinstance(of, Mapping):
            if not isinstance(place, str):
                raise TemplateFailed(f"value has type {kind_of(place)}; should be string")
            of = of.get(place, "")
            continue
        if not isinstance(of, str | Sequence):
            raise TemplateFailed(f"can't index item of type {kind_of(of)}")
        if not isinstance(place, int) or isinstance(place, bool):
            raise TemplateFailed(f"cannot index slice/array with type {kind_of(place)}")
        whole = of.encode() if isinstance(of, str) else of
        if not 0 <= place < len(whole):
            raise TemplateFailed(f"index out of range: {place}")
        of = whole[place]
    return of


def _slice(of: Value, *bounds: Value) -> Value:
    if len(bounds) > 2 or not isinstance(of, str | Sequence):
        raise TemplateFailed(f"cannot slice {kind_of(of)}")
    whole = of.encode() if isinstance(of, str) else of
    numbers = [bound for bound in bounds if isinstance(bound, int) and not isinstance(bound, bool)]
    if len(numbers) != len(bounds):
        raise TemplateFailed("cannot index slice/array with this type")
    start, end = (*numbers, *(0, len(whole))[len(numbers) :])
    if not 0 <= start <= end <= len(whole):
        raise TemplateFailed(f"index out of range: {start}" if start > len(whole) else f"index out of range: {end}")
    part = whole[start:end]
    return part.decode(errors="replace") if isinstance(part, bytes) else part


def _printf(*given: Value) -> str:
    if not given or not isinstance(given[0], str):
        raise TemplateFailed("wrong type for value; expected string")
    return sprintf(given[0], given[1:])


def _js(*given: Value) -> str:
    text = json.dumps(sprint(given), ensure_ascii=True)[1:-1].replace(r"\"", r"\"").replace("'", r"\'")
    for sign, escaped in (("<", r"\u003C"), (">", r"\u003E"), ("&", r"\u0026"), ("=", r"\u003D")):
        text = text.replace(sign, escaped)
    return text.replace(r"\n", r"\u000A").replace(r"\t", r"\u0009").replace(r"\r", r"\u000D")


BUILTINS: Mapping[str, Call] = {
    "eq": _eq,
    "ne": _ne,
    "lt": _lt,
    "le": _le,
    "gt": _gt,
    "ge": _ge,
    "not": lambda value: not is_true(value),
    "len": _len,
    "index": _index,
    "slice": _slice,
    "print": lambda *given: sprint(given),
    "printf": _printf,
    "println": lambda *given: sprintln(given),
    "html": lambda *given: sprint(given).translate(_HTML),
    "js": _js,
    "urlquery": lambda *given: quote_plus(sprint(given), safe="-_.~"),
}
"""Those that are given all of their arguments. `and` and `or` are the evaluator's: they stop early."""
