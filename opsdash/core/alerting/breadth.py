"""Whether a silence would hide everything: what a person has to type out before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.matchers import Matcher, Matchers, all_match
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.spec import AlertingSpec

_UNLIKELY = ("zq-7f3a.opsdash\uf8ff", "0\uf8ff", "\uf8ff")
"""Values that no label has: what matches all of them was not written with a value in mind."""
_RULES = 3
"""All alerts of so many rules are everything; all alerts of one or two may be one trouble."""


def why_everything(spec: AlertingSpec, matchers: Matchers, alerts: Sequence[Alert]) -> str | None:
    """Why a silence with these matchers hides everything, for a person; None where it means something.

    It does where there is no matcher, where none asks for a label or none excludes a value, and where it hides all
    alerts of three rules or more that there are now.
    """
    if not matchers:
        return "a silence without matchers hides every alert"
    rules = {rule.name for group in spec.groups for rule in group.rules}
    if all_match(matchers, ()) or all(_excludes_nothing(matcher, rules) for matcher in matchers):
        return "no matcher of it asks for anything in particular: it hides every alert that comes"
    names = {alert.name for alert in alerts}
    if len(names) >= _RULES and all(all_match(matchers, alert.labels) for alert in alerts):
        return f"it hides all {len(alerts):,} alerts that there are now"
    return None


def _excludes_nothing(matcher: Matcher, rules: set[str]) -> bool:
    if matcher.name == "severity":
        return all(_takes(matcher, severity.word) for severity in Severity)
    if matcher.name == "alertname" and len(rules) > 1 and all(_takes(matcher, name) for name in rules):
        return True
    return all(_takes(matcher, value) for value in _UNLIKELY)


def _takes(matcher: Matcher, value: str) -> bool:
    return matcher.matches(((matcher.name, value),))
