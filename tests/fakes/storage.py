"""Series that do not change, as the evaluator reads them; and the same series for a real Prometheus."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsdash.core.promql.storage import Block, Matcher, MatchOp
from opsdash.plant.faces.prometheus_catalogue import Family, Target

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Prometheus's staleness marker; only its bits tell it from any other NaN."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series; `values` may hold staleness markers."""

    labels: Mapping[str, str]
    times_ms: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


class FixedStorage:
    """`core.promql.Storage` over a list of series. Those with the same times stand in one block."""

    def __init__(self, series: Iterable[Series]) -> None:
        self.series = tuple(series)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        together: dict[bytes, list[Series]] = {}
        for each in self.series:
            if all(_meets(each.labels.get(matcher.name, ""), matcher) for matcher in matchers):
                together.setdefault(each.times_ms.tobytes(), []).append(each)
        return [
            Block([each.labels for each in group], group[0].times_ms, np.stack([each.values for each in group]))
            for group in together.values()
        ]


def _meets(value: str, matcher: Matcher) -> bool:
    match matcher.op:
        case MatchOp.EQUAL:
            return value == matcher.value
        case MatchOp.NOT_EQUAL:
            return value != matcher.value
        case MatchOp.REGEX:
            return _regex(matcher.value).fullmatch(value) is not None
        case MatchOp.NOT_REGEX:
            return _regex(matcher.value).fullmatch(value) is None


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?s:{pattern})")


@dataclass(frozen=True, slots=True)
class FixedCatalogue:
    """A catalogue that does not change."""

    known: Mapping[str, Family]
    scraped: tuple[Target, ...] = ()

    def families(self) -> Mapping[str, Family]:
        return self.known

    def targets(self) -> Sequence[Target]:
        return self.scraped


def openmetrics(series: Iterable[Series]) -> Iterator[str]:
    """The text that `promtool tsdb create-blocks-from openmetrics` reads; it cannot hold staleness markers."""
    by_name: dict[str, list[Series]] = {}
    for each in series:
        by_name.setdefault(each.labels["__name__"], []).append(each)
    for name, group in by_name.items():
        yield f"# TYPE {name} unknown\n"
        for each in group:
            inside = ",".join(f'{k}="{_quoted(v)}"' for k, v in each.labels.items() if k != "__name__")
            yield from (
                f"{name}{{{inside}}} {_number(value)} {time / 1000:.3f}\n"
                for time, value in zip(each.times_ms.tolist(), each.values.tolist(), strict=True)
            )
    yield "# EOF\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(repr(value), repr(value))
