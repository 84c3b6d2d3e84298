"""Recording rules put into the expressions that ask for what they record: opsdash asks, and records nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsdash.core.metrics.labels import Labels
from opsdash.core.promql import MatchOp, format_query, parse
from opsdash.core.promql.nodes import Expr, Kind, RangeSelector, Selector, Shift, parts
from opsdash.core.promql.numbers import go_quoted

LONGEST_EXPR = 10_000
"""Characters; recordings of recordings can double at each step."""
_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording rule that can be read."""

    record: str
    expr: str
    labels: Labels = ()
    """With those of its group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlined:
    """An expression without what could be put in, and what is said of the rest."""

    expr: str
    left: tuple[str, ...] = ()
    """A sentence for each recorded name that the server has to record."""
    used: frozenset[str] = frozenset()
    """Names that were put in."""


@dataclass(frozen=True, slots=True)
class _Found:
    selector: Selector
    in_range: bool


def inlined(expr: str, recordings: Mapping[str, Sequence[Recording]]) -> Inlined:
    """The expression with recorded names replaced where that means the same. Raises ParseError."""
    found = _Replacing(recordings).replaced(expr, frozenset())
    return Inlined(expr=format_query(found.expr), left=found.left, used=found.used) if found.used else found


class _Replacing:
    """One expression, and what its recorded names stand for: each is worked out once."""

    def __init__(self, recordings: Mapping[str, Sequence[Recording]]) -> None:
        self._recordings = recordings
        self._known: dict[str, Inlined] = {}

    def replaced(self, expr: str, inside: frozenset[str]) -> Inlined:
        """`inside` are the names that are being replaced: one that asks for itself stays as it is."""
        left: list[str] = []
        used: set[str] = set()
        pieces: list[str] = []
        at = 0
        for found in sorted(_selectors(parse(expr).root), key=lambda one: one.selector.start):
            given = self._stand_in(found, inside)
            if isinstance(given, str):
                left.append(given)
            elif given is not None:
                left += given.left
                used |= {_name_of(found.selector), *given.used}
                pieces += (expr[at : found.selector.start], given.expr)
                at = found.selector.end
        whole = "".join((*pieces, expr[at:]))
        return Inlined(expr=whole, left=tuple(dict.fromkeys(left)), used=frozenset(used))

    def _stand_in(self, found: _Found, inside: frozenset[str]) -> Inlined | str | None:
        """What stands for a selector, or why nothing can; None where it is not recorded."""
        name = _name_of(found.selector)
        if name in _ALERTS:
            return f"{name}: the server knows nothing of alerts that are evaluated here"
        if name not in self._recordings:
            return None
        reason = "it asks for itself" if name in inside else _obstacle(found, self._recordings[name])
        given = self._recorded(name, inside) if reason is None else None
        if given is not None and len(given.expr) <= LONGEST_EXPR:
            return given
        because = reason or "its expression would get too long"
        return f"{name} stays a recorded name, which the server has to record: {because}"

    def _recorded(self, name: str, inside: frozenset[str]) -> Inlined:
        """What a recording stands for, in parentheses, with the labels that it adds."""
        if name not in self._known:
            recording = self._recordings[name][0]
            # Written anew without comments, which would hide what comes after them.
            inner = self.replaced(format_query(recording.expr), inside | {name})
            is_scalar = parse(recording.expr).kind is Kind.SCALAR
            expr = f"vector({inner.expr})" if is_scalar else f"({inner.expr})"
            for label, value in recording.labels:
                text = go_quoted(value.replace("$", "$$"))
                expr = f'label_replace({expr}, "{label}", {text}, "__name__", ".*")'
            self._known[name] = Inlined(expr=expr, left=inner.left, used=inner.used)
        return self._known[name]


def _selectors(expr: Expr) -> Iterator[_Found]:
    waiting: list[tuple[Expr, bool]] = [(expr, False)]
    while waiting:
        node, in_range = waiting.pop()
        if isinstance(node, Selector):
            yield _Found(node, in_range)
        waiting += [(part, isinstance(node, RangeSelector)) for part in parts(node)]


def _name_of(selector: Selector) -> str:
    named = [one.value for one in selector.matchers if one.name == "__name__" and one.op is MatchOp.EQUAL]
    return selector.name or (named[0] if len(named) == 1 else "")


def _obstacle(found: _Found, recordings: Sequence[Recording]) -> str | None:
    """Why the recorded name cannot be replaced; None where it can."""
    if len(recordings) > 1:
        return "several rules record it"
    if found.in_range:
        return "a range of it is asked for"
    if found.selector.shift != Shift():
        return "it is asked for at another time"
    added = dict(recordings[0].labels)
    for matcher in found.selector.matchers:
        if matcher.name == "__name__":
            continue
        if matcher.op is not MatchOp.EQUAL or added.get(matcher.name) != matcher.value:
            return f"only some of its series are asked for ({matcher.name})"
    return None
