"""Matchers: which label sets a silence, an inhibition or a maintenance window is about. As in Alertmanager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opsdash.core.metrics.labels import Labels, label
from opsdash.core.re2 import compiled, matched

MatchOp = Literal["=", "!=", "=~", "!~"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """One condition on one label. A label that is missing counts as empty."""

    name: str
    op: MatchOp
    value: str

    def matches(self, labels: Labels) -> bool:
        """Whether the condition holds. Regular expressions are RE2 in form, anchored at both ends, and bounded.

        Raises PatternRefused for one that is not; whoever makes a matcher has tried `compiled` before.
        """
        given = label(labels, self.name)
        if self.op in ("=", "!="):
            return (given == self.value) is (self.op == "=")
        return bool(matched(compiled(self.value), given)) is (self.op == "=~")

    def __str__(self) -> str:
        value = self.value.replace("\\", r"\\").replace('"', r"\"")
        return f'{self.name}{self.op}"{value}"'


Matchers = tuple[Matcher, ...]
"""All of them have to hold. An empty tuple matches everything: whoever takes one from a person asks first."""


def all_match(matchers: Matchers, labels: Labels) -> bool:
    """Whether every matcher holds."""
    return all(matcher.matches(labels) for matcher in matchers)


def exactly(labels: Labels) -> Matchers:
    """The matchers that are met by this label set, and by no set that differs in one of its labels."""
    return tuple(Matcher(name=name, op="=", value=value) for name, value in labels)
