"""Log lines in the making: columns of one kind of line, joined and put in order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from opsdash.plant.log_fields import FIELDS, NUMBERS

Chance: TypeAlias = np.random.Generator
Words: TypeAlias = npt.NDArray[np.object_]
Places: TypeAlias = npt.NDArray[np.int64]


class Draft:
    """Lines of one dataset: times in milliseconds and columns of the same length; a column that is not there is empty.

    Words are object arrays, numbers are arrays of numbers, NaN where there is none.
    """

    def __init__(self, times: Places, dataset: str | None, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self.times = times
        self.count = int(times.size)
        own = {} if dataset is None else {"event.dataset": np.full(self.count, dataset, object)}
        self.columns = {**own, **columns}


def repeated(counts: Places) -> tuple[Places, ...]:
    """The places of each thing that is counted: `[0, 2]` gives 1, 1."""
    flat = np.repeat(np.arange(counts.size), counts.ravel())
    return tuple(np.asarray(each) for each in np.unravel_index(flat, counts.shape))


def drafts_joined(drafts: Sequence[Draft]) -> Draft | None:
    """All lines in order of time; None where there are none."""
    if not drafts:
        return None
    times = np.concatenate([each.times for each in drafts])
    order = np.argsort(times, kind="stable")
    names = dict.fromkeys(name for each in drafts for name in each.columns)
    columns = {name: _joined(name, drafts, times.size)[order] for name in names}
    return Draft(times[order], None, columns)


def _joined(name: str, drafts: Sequence[Draft], count: int) -> npt.NDArray[Any]:
    """The column of all of them, one after the other; empty where lines have none."""
    is_number = FIELDS[name] in NUMBERS
    made = np.full(count, np.nan) if is_number else np.full(count, None, object)
    at = 0
    for each in drafts:
        if name in each.columns:
            made[at : at + each.count] = each.columns[name]
        at += each.count
    return made
