"""What a rule asks, in a few digits."""

from __future__ import annotations

import hashlib

from opsdash.core.alerting.rules import AlertRule


def about(rule: AlertRule) -> str:
    """The same for two rules that ask the same and call the same wrong, whatever else is said in them."""
    text = repr((rule.queries, rule.condition))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
