"""What a deed is about: the alerts that were named, and why some of them are left alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.words import ago, called
from opsdash.core.errors import Refused
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import fit

_SAID = 3
"""Reasons that are said one by one; more are counted."""

Left = tuple[str, ...]
"""Why an alert that was named is left alone, a sentence each."""


def named(book: Book, fingerprints: Collection[str], foreign: Sequence[Alert] = ()) -> tuple[tuple[Alert, ...], Left]:
    """The alerts of these fingerprints, each once, and a sentence for each that there is not."""
    if not fingerprints:
        raise Refused("no alert was named; nothing was done")
    others = {alert.fingerprint: alert for alert in foreign}
    found: list[Alert] = []
    left: list[str] = []
    for fingerprint in dict.fromkeys(fingerprints):
        alert = book.alerts.get(fingerprint) or others.get(fingerprint)
        if alert is not None:
            found.append(alert)
            continue
        near = did_you_mean(fingerprint, (*book.alerts, *others))
        left.append(f"there is no alert {fit(fingerprint, 40)}; it may be over and forgotten{near}")
    return tuple(found), tuple(left)


def still_wrong(found: Sequence[Alert], *, now_s: float, verb: str) -> tuple[tuple[Alert, ...], Left]:
    """Those that are not resolved, and a sentence for each that is: `nothing to acknowledge`."""
    wrong = tuple(alert for alert in found if alert.phase is not Phase.RESOLVED)
    over = tuple(_over(alert, now_s, verb) for alert in found if alert.phase is Phase.RESOLVED)
    return wrong, over


def parted(found: Sequence[Alert], why: Callable[[Alert], str]) -> tuple[tuple[Alert, ...], Left]:
    """Those of which there is nothing to say against, and what there is to say against the others."""
    reasons = [(alert, why(alert)) for alert in found]
    return tuple(alert for alert, reason in reasons if not reason), tuple(reason for _, reason in reasons if reason)


def refuse_if_none(taken: Sequence[object], left: Left) -> None:
    """Raises Refused with the reasons where nothing is left to do."""
    if taken:
        return
    if len(left) == 1:
        raise Refused(left[0])
    raise Refused(f"none of these {len(left):,} alerts: {_said(left)}")


def remark(left: Left) -> str:
    """`; 2 left alone: …`, to put after what was done; empty where none was."""
    return f"; {len(left):,} left alone: {_said(left)}" if left else ""


def _said(left: Left) -> str:
    said = "; ".join(left[:_SAID])
    return f"{said}; and {len(left) - _SAID:,} more" if len(left) > _SAID else said


def _over(alert: Alert, now_s: float, verb: str) -> str:
    when = f" {ago(now_s - alert.resolved_at_s)} ago" if alert.resolved_at_s is not None else ""
    return f"{called(alert)} resolved{when}; nothing to {verb}"
