"""Which alerts a person means: a fingerprint or the beginning of one, a name, a name with matchers, or matchers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsdash.core.alerting.matcher_text import MatchersWrong, parse_matchers
from opsdash.core.alerting.matchers import all_match
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.errors import Refused
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import fit

_FINGERPRINT = re.compile(r"[0-9a-f]{4,16}")
"""Fewer digits than four are no fingerprint: too many alerts begin so."""
_NAMED = re.compile(r"\s*([^{}=!~\"]*?)\s*(\{.*\})?\s*", re.DOTALL)


def selected(lines: Sequence[AlertLine], text: str) -> tuple[AlertLine, ...]:
    """The alerts of `a1b2c3`, `HighErrorRatio`, `HighErrorRatio{service="orders"}` or `{team="shop"}`, in their order.

    Raises Refused: there is none, with what was probably meant; a beginning that several fingerprints have; matchers
    that are wrong, with the place.
    """
    found = _by_fingerprint(lines, text.strip())
    if found:
        return found
    named = _NAMED.fullmatch(text)
    if named is None:
        raise Refused(f'"{fit(text, 60)}" is no fingerprint and no NAME{{matchers}}')
    name, braces = named[1], named[2]
    try:
        matchers = parse_matchers(braces or "", known={key for line in lines for key, _ in line.alert.labels})
    except MatchersWrong as wrong:
        raise Refused(f"{fit(text, 60)}: {wrong.message}") from wrong
    if not name and not matchers:
        raise Refused("no alert was named")
    ours = [line for line in lines if not name or line.alert.name == name]
    if not ours:
        raise Refused(_nothing(lines, name))
    chosen = tuple(line for line in ours if all_match(matchers, line.alert.labels))
    if not chosen:
        places = ", ".join(dict.fromkeys(fit(line.where, 24) for line in ours[:5] if line.where))
        raise Refused(f"no alert{f' {name}' if name else ''} matches {fit(braces or '', 60)}"
                      f"{f'; there are: {places}' if places and name else ''}")  # fmt: skip
    return chosen


def all_selected(lines: Sequence[AlertLine], texts: Sequence[str]) -> tuple[AlertLine, ...]:
    """Those of several texts, each alert once, in the order of the lines. Raises Refused as `selected` does."""
    wanted = {line.alert.fingerprint for text in texts for line in selected(lines, text)}
    return tuple(line for line in lines if line.alert.fingerprint in wanted)


def _by_fingerprint(lines: Sequence[AlertLine], text: str) -> tuple[AlertLine, ...]:
    exact = tuple(line for line in lines if line.alert.fingerprint == text)
    if exact or not _FINGERPRINT.fullmatch(text):
        return exact
    begins = tuple(line for line in lines if line.alert.fingerprint.startswith(text))
    if len(begins) > 1 and not any(line.alert.name == text for line in lines):
        some = ", ".join(f"{line.alert.fingerprint} {fit(line.alert.name, 30)}" for line in begins[:4])
        raise Refused(f"{len(begins)} fingerprints begin with {text}: {some}; write more of it")
    return begins if len(begins) == 1 else ()


def _nothing(lines: Sequence[AlertLine], name: str) -> str:
    if not lines:
        return "there is no alert now"
    names = list(dict.fromkeys(line.alert.name for line in lines))
    near = did_you_mean(name, names)
    some = "" if near else f"; there are: {', '.join(fit(each, 30) for each in names[:5])}"
    return f'there is no alert "{fit(name, 60)}" now{near}{some}'
