"""Series written down in a test, on the grid that they were scraped on."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np

from opsdash.core.promql import Answer, Block, Engine, Matcher, MatchOp, Semantics
from opsdash.core.promql.regex import matches

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
STEP_MS = 15_000
NAN, INF = float("nan"), float("inf")


class Memory:
    """A Storage over blocks."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        found = []
        for block in self.blocks:
            rows = [n for n, labels in enumerate(block.labels) if all(_meets(labels, one) for one in matchers)]
            if rows:
                found.append(Block([block.labels[row] for row in rows], block.times, block.values[rows]))
        return found


def _meets(labels: Mapping[str, str], matcher: Matcher) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (value == matcher.value) is (matcher.op is MatchOp.EQUAL)
    return (matches(matcher.value, value) is not None) is (matcher.op is MatchOp.REGEX)


def named(text: str) -> dict[str, str]:
    """`up job=a instance=b` as labels."""
    name, *pairs = text.split()
    return {"__name__": name, **dict(pair.split("=", 1) for pair in pairs)}


def memory(rows: Mapping[str, Sequence[float | None]], *, step_ms: int = STEP_MS) -> Memory:
    """Series by their labels, one sample each step from time 0 on; None is a scrape that was missed."""
    blocks = []
    for text, values in rows.items():
        there = [place for place, value in enumerate(values) if value is not None]
        numbers = np.array([[values[place] for place in there]], dtype=np.float64)
        blocks.append(Block([named(text)], np.array(there, dtype=np.int64) * step_ms, numbers))
    return Memory(blocks)


def engine(rows: Mapping[str, Sequence[float | None]], semantics: Semantics = Semantics.V2) -> Engine:
    """An engine over such series."""
    return Engine(memory(rows), semantics=semantics)


def at(
    rows: Mapping[str, Sequence[float | None]], query: str, time_s: float, semantics: Semantics = Semantics.V2
) -> dict[str, float]:
    """The answer at a time: values by labels, written as Prometheus does without quotes."""
    return shown(engine(rows, semantics).instant(query, round(time_s * 1000)))


def shown(answer: Answer) -> dict[str, float]:
    """Values by labels of an answer at one time."""
    texts = (" ".join(f"{key}={value}" for key, value in sorted(labels.items())) for labels in answer.labels)
    return dict(zip(texts, answer.values[:, 0].tolist(), strict=True))


def alone(
    rows: Mapping[str, Sequence[float | None]], query: str, time_s: float, semantics: Semantics = Semantics.V2
) -> float:
    """The one value of an answer at a time."""
    (value,) = at(rows, query, time_s, semantics).values()
    return value
