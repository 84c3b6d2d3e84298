"""Unit tests of rules in promtool's form: series that somebody wrote down, and what has to follow from them.

As in promtool (cmd/promtool/unittest.go of 2.42), time begins at 0, every group is evaluated at each multiple of the
evaluation interval, and an alert is looked at as the newest evaluation before it left it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from opsdash.core.alerting.templates import Expansion, TemplateFailed, expand
from opsdash.core.alerting.trial.failure import TrialWrong
from opsdash.core.alerting.trial.notation import read_labels, read_series, read_values
from opsdash.core.alerting.trial.rounds import Rounds, Surroundings, TrialGroup, vector_of
from opsdash.core.alerting.trial.samples import Samples
from opsdash.core.metrics.labels import Labels, labels_of, notation
from opsdash.core.promql import PromqlError

Expected = tuple[Labels, Labels]
"""Labels and annotations of one alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """Which alerts of a name have to fire at a time."""

    at_s: float
    alert: str
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprTest:
    """What a query has to give at a time: (series, value) pairs."""

    at_s: float
    expr: str
    expected: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """One of `tests:`."""

    name: str
    interval_s: float
    """Between two samples of a series."""
    series: tuple[tuple[str, str], ...]
    """A series and its values, in promtool's notation."""
    alerts: tuple[AlertTest, ...] = ()
    exprs: tuple[ExprTest, ...] = ()
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def until_s(self) -> float:
        """The last time that it asks for."""
        return max((*(each.at_s for each in self.alerts), *(each.at_s for each in self.exprs)), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """An expectation that was not met."""

    what: str
    """`alertname HighErrorRatio`, or the query."""
    at_s: float
    expected: tuple[str, ...]
    got: tuple[str, ...]


def run_unit_test(test: UnitTest, groups: Sequence[TrialGroup], *, evaluation_s: float) -> tuple[Mismatch, ...]:
    """What was not met, in the order of time. Raises TrialWrong for a test that cannot be run."""
    samples = Samples()
    waiting = Waiting(test, samples)
    rounds = Rounds(groups, samples, test.around, interval_s=evaluation_s)
    found: list[Mismatch] = []
    left = sorted(test.alerts, key=lambda each: each.at_s)
    step_ms, until_ms = round(evaluation_s * 1000), round(test.until_s * 1000)
    for at_ms in range(0, until_ms + 1, step_ms):
        waiting.load_until(at_ms)
        rounds.evaluate(at_ms)
        while left and left[0].at_s * 1000 < at_ms + step_ms:
            found += _alert_mismatch(left.pop(0), rounds, test.around)
    waiting.load_until(until_ms)
    for asked in test.exprs:
        found += _expr_mismatch(asked, rounds)
    return tuple(found)


class Waiting:
    """The written series of a test, of which samples come in as time goes on."""

    def __init__(self, test: UnitTest, samples: Samples) -> None:
        self._samples = samples
        self._step_ms = round(test.interval_s * 1000)
        self._series = [(read_series(name), *read_values(values)) for name, values in test.series]
        if len({labels for labels, _, _ in self._series}) != len(self._series):
            raise TrialWrong("two input series have the same labels")
        self._next = 0

    def load_until(self, at_ms: int) -> None:
        """Adds the samples up to this time that are not there yet."""
        upto = at_ms // self._step_ms + 1
        for labels, values, present in self._series:
            places = [place for place in range(self._next, min(upto, len(values))) if present[place]]
            if places:
                self._samples.load(labels, [place * self._step_ms for place in places], [values[at] for at in places])
        self._next = max(upto, self._next)


def _alert_mismatch(asked: AlertTest, rounds: Rounds, around: Surroundings) -> Iterator[Mismatch]:
    expected = sorted(
        (labels_of({**dict(labels), "alertname": asked.alert}), notes) for labels, notes in asked.expected
    )
    got: list[Expected] = []
    for rule, series, alert in rounds.firing(asked.alert):
        given = Expansion(
            labels=series,
            value=alert.value,
            external_labels=around.external_labels,
            external_url=around.external_url,
            query=rounds.samples_now,
        )
        got.append((alert.labels, labels_of([(name, _expanded(text, given)) for name, text in rule.annotations])))
    if sorted(got) != expected:
        what = f"alertname {asked.alert}"
        yield Mismatch(what=what, at_s=asked.at_s, expected=_alert_words(expected), got=_alert_words(sorted(got)))


def _expanded(template: str, given: Expansion) -> str:
    try:
        return expand(template, given)
    except TemplateFailed as failed:
        return f"<error expanding template: {failed.message}>"


def _alert_words(alerts: Sequence[Expected]) -> tuple[str, ...]:
    return tuple(f"{notation(labels)} {notation(notes)}" if notes else notation(labels) for labels, notes in alerts)


def _expr_mismatch(asked: ExprTest, rounds: Rounds) -> Iterator[Mismatch]:
    expected = {read_labels(text): value for text, value in asked.expected}
    try:
        got = vector_of(rounds.ask(asked.expr, round(asked.at_s * 1000)))
    except PromqlError as error:
        yield Mismatch(what=asked.expr, at_s=asked.at_s, expected=_sample_words(expected), got=(error.message,))
        return
    same = got.keys() == expected.keys() and all(_equal(got[labels], expected[labels]) for labels in got)
    if not same:
        yield Mismatch(what=asked.expr, at_s=asked.at_s, expected=_sample_words(expected), got=_sample_words(got))


def _equal(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def _sample_words(samples: Mapping[Labels, float]) -> tuple[str, ...]:
    return tuple(f"{notation(labels)} {value:g}" for labels, value in sorted(samples.items()))
