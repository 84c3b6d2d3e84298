"""Comments that a team wants to read: which alerts are not acknowledged or silenced without one."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.matchers import Matchers, all_match
from opsdash.core.alerting.spec import CommentRule
from opsdash.core.errors import Refused
from opsdash.core.metrics.labels import Labels
from opsdash.core.re2 import PatternRefused, compiled, matched


def missing_comment(rules: Sequence[CommentRule], labels: Labels, text: str) -> CommentRule | None:
    """The first rule that wants another comment than this for an alert with these labels; None where all are content.

    A pattern that cannot be compiled asks for any comment at all: a team that wrote one meant to be asked.
    """
    return next((rule for rule in rules if all_match(rule.matchers, labels) and not _is_met(rule, text)), None)


def refuse_without_comment(rule: CommentRule, what: str, *, for_silence: bool = False) -> None:
    """Says what is to be written. Raises Refused."""
    how = "silenced" if for_silence else "acknowledged"
    hint = f": {rule.hint}" if rule.hint else f" that matches {rule.pattern}" if _is_special(rule) else ""
    raise Refused(f"{what} is {how} with a comment only{hint}")


def labels_meant(matchers: Matchers) -> Labels:
    """The labels that a silence's equality matchers name: what is known of alerts that are not there yet."""
    return tuple(sorted((matcher.name, matcher.value) for matcher in matchers if matcher.op == "=" and matcher.value))


def _is_met(rule: CommentRule, text: str) -> bool:
    try:
        return matched(compiled(rule.pattern), text) is not None
    except PatternRefused:
        return bool(text.strip())


def _is_special(rule: CommentRule) -> bool:
    return rule.pattern != CommentRule.__dataclass_fields__["pattern"].default
