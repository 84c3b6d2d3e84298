"""What an alert is known by: the series' labels, the rule's own, and its name. Bounded, since labels are hostile."""

from __future__ import annotations

import hashlib
import re

from opsdash.core.alerting.rules import AlertRule
from opsdash.core.metrics.labels import Labels, label

CAUSE_LABEL = "opsdash_cause"
"""On the alert that says that a rule has no data (`no_data`) or fails (`error`); a series cannot bring it."""
LONGEST_VALUE = 1_024
MOST_LABELS = 64

_OWN = frozenset({"__name__", "alertname", CAUSE_LABEL})
_OF_LABELS = re.compile(r"(?:[^{]|\{(?!\{)|\{\{-?\s*(?:\$labels|\.Labels)\.[A-Za-z_][A-Za-z0-9_]*\s*-?\}\})*")


def identity_of(name: str, series: Labels, added: Labels) -> Labels:
    """The label set of an alert. `added` are the rule's labels, expanded; an empty one takes the label away."""
    found = dict(series)
    found.update(added)
    for own in _OWN:
        found.pop(own, None)
    found["alertname"] = name
    values = found.values()
    text = "".join(found) + "".join(values)
    if len(text) <= LONGEST_VALUE and len(found) <= MOST_LABELS and text.isascii():
        if "" in values:
            return tuple(sorted(pair for pair in found.items() if pair[1]))
        return tuple(sorted(found.items()))
    pairs = sorted((bounded(key), bounded(value)) for key, value in found.items() if value)
    if len(pairs) > MOST_LABELS:
        named = next(pair for pair in pairs if pair[0] == "alertname")
        pairs = sorted({*pairs[: MOST_LABELS - 1], named})
    return tuple(pairs)


def missing_identity(rule: AlertRule, cause: str) -> Labels:
    """The label set of the rule's NoData or Error alert: labels that are templates have no series to speak of."""
    added = tuple((key, value) for key, value in rule.labels if "{{" not in value)
    return tuple(sorted((*identity_of(rule.name, (), added), (CAUSE_LABEL, str(cause)))))


def is_named_by(rule: AlertRule, labels: Labels) -> bool:
    """Whether the rule, as it is now, could give this label set: whether its own labels are still in it."""
    wanted = [("alertname", rule.name), *((key, value) for key, value in rule.labels if key not in _OWN)]
    return all(label(labels, key) == bounded(value) for key, value in wanted if "{{" not in value)


def is_of_labels(rule: AlertRule) -> bool:
    """Whether the rule's labels depend on the series alone, and not on its value or on another query."""
    return all("{{" not in value or _OF_LABELS.fullmatch(value) is not None for _, value in rule.labels)


def bounded(text: str, longest: int = LONGEST_VALUE) -> str:
    """The text with at most so many characters, its digest at the end where it was cut, and as UTF-8 can hold it."""
    if len(text) > longest:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        text = f"{text[: longest - 20]}…{digest}"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
