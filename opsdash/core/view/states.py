"""What a value means in a state timeline: a word and how bad it is, from mappings, thresholds, or the value itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opsdash.core.metrics.window import Bools, Floats
from opsdash.core.view.levels import Level, level_of
from opsdash.core.view.panels import Mapping, PanelSpec
from opsdash.core.view.units import format_value

_LEVELS = {"ok": Level.OK, "warning": Level.WARNING, "critical": Level.CRITICAL, "none": Level.NONE}
_WORDS = {Level.OK: "ok", Level.WARNING: "warning", Level.CRITICAL: "critical"}


@dataclass(frozen=True, slots=True)
class State:
    """One state; equal states side by side are one run."""

    text: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The state that a series is in at the end of what is known."""

    state: State | None
    """None where it has no sample, or none any longer."""
    since_s: float
    """When it began; for a series that is gone, when it was last seen."""
    began_before: bool
    """Whether it was like that already when the window begins."""


def state_of(value: float, spec: PanelSpec, unit: str) -> State:
    """The state of one value: the first mapping that has it, else its level, else the value as it is.

    A range has both of its ends. NaN is a state of its own and neither good nor bad unless it is mapped as a value.
    """
    for mapping in spec.mappings:
        if _has(mapping, value):
            return State(mapping.text, _LEVELS[mapping.level])
    level = level_of(value, spec.thresholds)
    return State(_WORDS.get(level) or format_value(value, unit, spec.decimals), level)


def states_of(
    values: Floats, present: Bools, spec: PanelSpec, unit: str
) -> tuple[tuple[State, ...], NDArray[np.int64]]:
    """The different states of a row of samples, and for each sample the index of its state; −1 where it is a gap."""
    states: dict[State, int] = {}
    codes = np.full(values.shape, -1, dtype=np.int64)
    if not present.any():
        return (), codes
    distinct, inverse = np.unique(values[present], return_inverse=True)
    of_value = np.empty(distinct.size, dtype=np.int64)
    for place, value in enumerate(distinct.tolist()):
        of_value[place] = states.setdefault(state_of(value, spec, unit), len(states))
    codes[present] = of_value[inverse.reshape(-1)]
    return tuple(states), codes


def cells_of(
    times: Floats, levels_and_order: NDArray[np.int64], axis: tuple[float, float], width: int, step_s: float
) -> NDArray[np.int64]:
    """(width,) which sample each cell shows, −1 for none: the largest of `levels_and_order` in its stretch of time.

    A sample counts until the next is due, so it also fills the cells up to there that have no sample of their own.
    """
    left, right = axis
    edges = left + (right - left) * np.arange(width) / width
    best = np.full(width, -1, dtype=np.int64)
    inside = np.flatnonzero((times >= left) & (times < right) & (levels_and_order >= 0))
    column = np.minimum(((times[inside] - left) / (right - left) * width).astype(np.int64), width - 1)
    np.maximum.at(best, column, levels_and_order[inside])
    before = np.searchsorted(times, edges, side="right") - 1
    carried = (best < 0) & (before >= 0)
    carried[carried] = times[before[carried]] + step_s > edges[carried]
    best[carried] = levels_and_order[before[carried]]
    return best


def newest_run(times: Floats, codes: NDArray[np.int64], states: tuple[State, ...], gone_before_s: float) -> Run:
    """The state a series is in now; a series without a sample since `gone_before_s` is in none."""
    known = np.flatnonzero(codes >= 0)
    if not known.size:
        return Run(state=None, since_s=math.nan, began_before=True)
    newest = int(known[-1])
    if float(times[newest]) < gone_before_s:
        return Run(state=None, since_s=float(times[newest]), began_before=False)
    different = np.flatnonzero(codes[:newest] != codes[newest])
    start = int(different[-1]) + 1 if different.size else 0
    return Run(state=states[int(codes[newest])], since_s=float(times[start]), began_before=start == 0)


def _has(mapping: Mapping, value: float) -> bool:
    if mapping.value is not None:
        return value == mapping.value or (math.isnan(value) and math.isnan(mapping.value))
    if mapping.low is None and mapping.high is None:
        return False
    low = -math.inf if mapping.low is None else mapping.low
    high = math.inf if mapping.high is None else mapping.high
    return low <= value <= high
