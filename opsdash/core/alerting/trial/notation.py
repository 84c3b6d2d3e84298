"""The notation of series in promtool's unit tests: `0+10x5 _ stale -3`.

`a+bxn` and `a-bxn` are a, then n more, each b further; `axn` is a, then n more times a; `_` is a missing sample,
`_xn` n of them; `stale` is the marker that ends a series. There is no hexadecimal: `0x5` is six zeros.
"""

from __future__ import annotations

import re
import struct

import numpy as np
import numpy.typing as npt

from opsdash.core.alerting.trial.failure import TrialWrong
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.promql import Matcher, MatchOp, ParseError
from opsdash.core.promql.match import parse_selector

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Prometheus's staleness marker: a NaN with these bits."""
MOST_SAMPLES = 1_000_000

_NUMBER = r"(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])"
_ITEM = re.compile(
    rf"(?:(?P<gap>_)(?:x(?P<gaps>\d+))?|(?P<stale>stale)|"
    rf"(?P<first>[+-]?{_NUMBER})(?:(?P<step>[+-]{_NUMBER})?x(?P<times>\d+))?)(?=\s|$)"
)

Samples = npt.NDArray[np.float64]


def read_values(text: str) -> tuple[Samples, npt.NDArray[np.bool_]]:
    """(values, present) of one series, one place an interval. Raises TrialWrong."""
    values: list[float] = []
    present: list[bool] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _ITEM.match(text, at)
        if found is None:
            raise TrialWrong(f"{text[at : at + 20]!r} is not a value of a series; write 1 2 3, 0+10x5, _ or stale")
        some, there = _expanded(found)
        values += some
        present += there
        if len(values) > MOST_SAMPLES:
            raise TrialWrong(f"a series of more than {MOST_SAMPLES:,} samples")
        at = found.end()
    return np.array(values, dtype=np.float64), np.array(present, dtype=np.bool_)


def _expanded(found: re.Match[str]) -> tuple[list[float], list[bool]]:
    if found["gap"]:
        count = _count(found["gaps"] or "1")
        return [0.0] * count, [False] * count
    if found["stale"]:
        return [STALE], [True]
    first, count = float(found["first"]), _count(found["times"] or "0")
    if not found["step"]:
        return [first] * (count + 1), [True] * (count + 1)
    step, value, some = float(found["step"]), first, [first]
    for _ in range(count):
        value += step  # added up as promtool does: the rounding is the same
        some.append(value)
    return some, [True] * len(some)


def _count(text: str) -> int:
    if len(text) > 7 or int(text) > MOST_SAMPLES:
        raise TrialWrong(f"a series of more than {MOST_SAMPLES:,} samples")
    return int(text)


def read_series(text: str) -> Labels:
    """The label set of `up{job="a"}`, with `__name__`. Raises TrialWrong."""
    try:
        matchers = parse_selector(text)
    except ParseError as error:
        raise TrialWrong(f"{text!r} is not a series: {error.message}") from None
    return labels_of([(matcher.name, _exact(matcher)) for matcher in matchers if matcher.value])


def read_labels(text: str) -> Labels:
    """The label set of an expected sample: `{job="a"}`, `up{…}`, or nothing at all. Raises TrialWrong."""
    return () if text.strip() in ("", "{}") else read_series(text)


def _exact(matcher: Matcher) -> str:
    if matcher.op is not MatchOp.EQUAL:
        raise TrialWrong(f"a series has labels, not conditions: {matcher.name}{matcher.op}…")
    return matcher.value
