"""Back-tests: what a rule would have done over a history, by the same machine as on a running opsdash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from opsdash.core.alerting.alert import Phase, Transition
from opsdash.core.alerting.machine import RuleState, advance
from opsdash.core.alerting.observation import Answered
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.window import Window

FLAP_S = 600.0
"""Firing again so soon after it was over is flapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One time that an alert would have fired. UTC seconds."""

    fingerprint: str
    labels: Labels
    severity: Severity
    """The highest that it had."""
    fired_at_s: float
    ended_at_s: float | None
    """None: it fires still at the end of the history."""
    peak: float
    """The worst value that was seen when it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What one rule would have done."""

    rule: str
    start_s: float
    end_s: float
    step_s: float
    episodes: tuple[Episode, ...]
    """In the order in which they fired."""
    only_pending: int
    """How often it was wrong for less than its `for`."""
    without_data: int
    """Evaluations at which the queries gave nothing."""
    evaluations: int

    @property
    def firing_s(self) -> float:
        """How long at least one of its alerts fired, the overlaps counted once."""
        total, until = 0.0, -np.inf
        for episode in self.episodes:
            end = self.end_s if episode.ended_at_s is None else episode.ended_at_s
            total += max(0.0, end - max(episode.fired_at_s, until))
            until = max(until, end)
        return total

    @property
    def longest_s(self) -> float:
        """The longest that one alert fired."""
        return max(
            ((self.end_s if one.ended_at_s is None else one.ended_at_s) - one.fired_at_s for one in self.episodes),
            default=0.0,
        )

    @property
    def flaps(self) -> int:
        """How often the same alert fired again within ten minutes of being over."""
        ended: dict[str, float] = {}
        count = 0
        for episode in self.episodes:
            before = ended.get(episode.fingerprint)
            count += before is not None and episode.fired_at_s - before <= FLAP_S
            if episode.ended_at_s is not None:
                ended[episode.fingerprint] = episode.ended_at_s
        return count


def replay(rule: AlertRule, history: Sequence[Window], times_s: Sequence[float]) -> Replay:
    """Evaluates the rule at each of the times. `history` has a window for each of its queries.

    A window's instants may be fewer: where it has none, the query gave nothing.
    """
    if len(times_s) > 1:
        rule = replace(rule, interval_s=times_s[1] - times_s[0])
    state, tally, empty = RuleState(), _Tally(), 0
    step_s = times_s[1] - times_s[0] if len(times_s) > 1 else 0.0
    for at_s, readings in zip(times_s, _readings(history, times_s), strict=True):
        empty += not any(readings)
        state, transitions = advance(rule, state, Answered(readings=readings), at_s=at_s, interval_s=step_s)
        for transition in transitions:
            tally.take(transition)
    return Replay(
        rule=rule.id,
        start_s=times_s[0] if times_s else 0.0,
        end_s=times_s[-1] if times_s else 0.0,
        step_s=step_s,
        episodes=tuple(sorted(tally.episodes(), key=lambda one: one.fired_at_s)),
        only_pending=tally.only_pending,
        without_data=empty,
        evaluations=len(times_s),
    )


class _Tally:
    """Episodes out of transitions."""

    def __init__(self) -> None:
        self._open: dict[str, Episode] = {}
        self._closed: list[Episode] = []
        self.only_pending = 0

    def take(self, transition: Transition) -> None:
        alert, name = transition.alert, transition.alert.fingerprint
        known = self._open.get(name)
        if alert.phase is Phase.FIRING:
            self._open[name] = (
                replace(known, severity=max(known.severity, alert.severity), peak=_worse(known.peak, transition))
                if known is not None
                else Episode(
                    fingerprint=name,
                    labels=alert.labels,
                    severity=alert.severity,
                    fired_at_s=transition.at_s,
                    ended_at_s=None,
                    peak=alert.value,
                )
            )
        elif known is not None:
            self._closed.append(replace(self._open.pop(name), ended_at_s=transition.at_s))
        elif transition.is_gone and (transition.before is None or transition.before.phase is Phase.PENDING):
            self.only_pending += 1

    def episodes(self) -> Iterator[Episode]:
        yield from self._closed
        yield from self._open.values()


def _worse(peak: float, transition: Transition) -> float:
    value = transition.alert.value
    return min(peak, value) if transition.alert.below else max(peak, value)


def _readings(history: Sequence[Window], times_s: Sequence[float]) -> Iterator[tuple[Mapping[Labels, float], ...]]:
    """The reading of every query at each of the times."""
    places = [np.searchsorted(window.times, np.asarray(times_s) - 1e-3) for window in history]
    for index, at_s in enumerate(times_s):
        yield tuple(_column(window, int(place[index]), at_s) for window, place in zip(history, places, strict=True))


def _column(window: Window, column: int, at_s: float) -> Mapping[Labels, float]:
    if column >= window.times.size or abs(window.times[column] - at_s) > 1e-3:
        return {}
    rows = np.flatnonzero(window.present[:, column])
    return {window.labels[row]: float(window.values[row, column]) for row in rows.tolist()}
