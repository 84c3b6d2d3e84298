"""What the evaluator reads: series in blocks, each block on one grid of sample times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


class MatchOp(StrEnum):
    """The four label matchers of a selector."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label condition; a label that a series does not have counts as empty. Regexes are RE2's and anchored."""

    name: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Series that were scraped together, so that all have a sample at each of the same times.

    `labels[i]` (with `__name__`) are the labels of row i; `times` are milliseconds since the epoch, strictly rising;
    `values` has the shape (series, times). Staleness markers are Prometheus's own NaN (0x7ff0000000000002). A series
    that misses a scrape which its neighbours have belongs in a block of its own.
    """

    labels: Sequence[Mapping[str, str]]
    times: Times
    values: Values


class Storage(Protocol):
    """Where samples come from: the plant's memory, a recording, a back-test's window."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Block]:
        """Every series that meets all matchers, with at least its samples between start_ms and end_ms.

        Samples outside of the range may be there too: the evaluator cuts. The blocks may be views of live arrays, so
        they are read, never written.
        """
        ...
