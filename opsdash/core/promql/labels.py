"""`label_replace`, `label_join`, and the labels of what is absent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsdash.core.promql.aggregate import LABEL_NAME
from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.nodes import Expr, RangeSelector, Selector, bare
from opsdash.core.promql.regex import RegexRefused, compiled, matches
from opsdash.core.promql.scope import Semantics
from opsdash.core.promql.storage import Matcher, MatchOp
from opsdash.core.promql.values import NAME, LabelSet, Vector, label_set, merged, with_label

_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))", re.ASCII)


def replaced(vector: Vector, texts: Sequence[str], semantics: Semantics) -> Vector:
    """`label_replace`: one label set from what matches in another. Raises EvaluationError."""
    target, replacement, source, pattern = texts
    try:
        compiled(pattern)
    except RegexRefused as error:
        raise EvaluationError(f"invalid regular expression in label_replace(): {pattern}") from error
    if not _is_name(target, semantics):
        raise EvaluationError(f"invalid destination label name in label_replace(): {target}")

    def of(labels: LabelSet) -> LabelSet:
        found = matches(pattern, _value(labels, source))
        return labels if found is None else with_label(labels, target, _expanded(replacement, found))

    return merged(vector.with_labels(map(of, vector.labels)))


def _expanded(replacement: str, found: re.Match[str]) -> str:
    """`$1`, `${1}`, `$name`, `$$`; a group that is not there gives nothing."""

    def of(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if name.isdigit():
            return (found[int(name)] or "") if int(name) <= found.re.groups else ""
        return (found[name] or "") if name in found.re.groupindex else ""

    return _REFERENCE.sub(of, replacement)


def joined_labels(vector: Vector, texts: Sequence[str], semantics: Semantics) -> Vector:
    """`label_join`: one label set from the values of others. Raises EvaluationError."""
    target, separator, *sources = texts
    for source in sources:
        if not _is_name(source, semantics):
            raise EvaluationError(f"invalid source label name in label_join(): {source}")
    if not _is_name(target, semantics):
        raise EvaluationError(f"invalid destination label name in label_join(): {target}")

    def of(labels: LabelSet) -> LabelSet:
        return with_label(labels, target, separator.join(_value(labels, source) for source in sources))

    return merged(vector.with_labels(map(of, vector.labels)))


def absent_labels(argument: Expr, semantics: Semantics) -> LabelSet:
    """What a selector that finds nothing would have found: the labels that it wants to be equal to something."""
    expr = bare(argument)
    selector = expr.selector if isinstance(expr, RangeSelector) else expr
    if not isinstance(selector, Selector):
        return ()
    wanted: dict[str, str] = {}
    seen: set[str] = set()
    matchers = selector.matchers if semantics is Semantics.V2 else _as_looked_up(selector.matchers)
    for matcher in matchers:
        if matcher.name == NAME:
            continue
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            wanted[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            wanted.pop(matcher.name, None)
    return label_set(wanted)


def _as_looked_up(matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """In the order in which the storage of Prometheus 3 leaves them: those that take series away are last."""
    needed = {matcher.name for matcher in matchers if not _meets_nothing(matcher)}
    negative = (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX)
    takes_away = [
        matcher.name not in needed or (matcher.op in negative and _meets_nothing(matcher)) for matcher in matchers
    ]
    return tuple(matcher for _, matcher in sorted(zip(takes_away, matchers, strict=True), key=lambda each: each[0]))


def _meets_nothing(matcher: Matcher) -> bool:
    """Whether a series without the label meets it."""
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (matcher.value == "") is (matcher.op is MatchOp.EQUAL)
    return (matches(matcher.value, "") is not None) is (matcher.op is MatchOp.REGEX)


def _is_name(name: str, semantics: Semantics) -> bool:
    return bool(name) if semantics is Semantics.V3 else LABEL_NAME.fullmatch(name) is not None


def _value(labels: LabelSet, name: str) -> str:
    return next((value for key, value in labels if key == name), "")
