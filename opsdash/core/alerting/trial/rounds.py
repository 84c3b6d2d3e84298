"""Rounds: rules evaluated at one instant after another, in their order, over samples in memory.

The alerts move by the same machine as on a running opsdash; what rules record, and Prometheus's own `ALERTS` and
`ALERTS_FOR_STATE`, is there for the rules after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opsdash.core.alerting.alert import Alert, Phase
from opsdash.core.alerting.machine import RuleState, advance
from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.rules import AlertRule, RecordingRule
from opsdash.core.alerting.templates import Expansion, Sample, expand
from opsdash.core.alerting.trial.failure import TrialWrong
from opsdash.core.alerting.trial.samples import Samples, Until
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import MetricQuery, PromQuery
from opsdash.core.promql import Answer, Engine, PromqlError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialGroup:
    """Rules in the order in which they are evaluated."""

    name: str
    rules: tuple[AlertRule | RecordingRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What templates see beside a series."""

    external_labels: Labels = ()
    external_url: str = ""


@dataclass(slots=True)
class _Kept:
    """What is known of one rule from its last evaluation."""

    state: RuleState = field(default_factory=RuleState)
    recorded: frozenset[Labels] = frozenset()


class Rounds:
    """One run of some groups. Instants only grow."""

    def __init__(
        self, groups: Sequence[TrialGroup], samples: Samples, around: Surroundings | None = None, *, interval_s: float
    ) -> None:
        """`interval_s` is the distance of the rounds, whatever the rules say."""
        self._groups = [
            replace(group, rules=tuple(_at_interval(rule, interval_s) for rule in group.rules)) for group in groups
        ]
        self._samples = samples
        self._around = around or Surroundings()
        self._kept: dict[tuple[int, int], _Kept] = {}
        self._at_ms = 0

    def evaluate(self, at_ms: int) -> None:
        """One round over all groups. Raises TrialWrong for a rule that cannot be evaluated."""
        step_s = (at_ms - self._at_ms) / 1000
        self._at_ms = at_ms
        for group_place, group in enumerate(self._groups):
            for place, rule in enumerate(group.rules):
                kept = self._kept.setdefault((group_place, place), _Kept())
                if isinstance(rule, RecordingRule):
                    now = self._recorded(rule)
                else:
                    kept.state, _ = advance(
                        rule,
                        kept.state,
                        self._seen(rule),
                        at_s=at_ms / 1000,
                        expand=self._expand,
                        interval_s=step_s,
                    )
                    now = dict(_alert_series(alert for _, alert in kept.state.current()))
                kept.recorded = self._samples.record(kept.recorded, now, at_ms)

    def firing(self, name: str) -> Iterator[tuple[AlertRule, Labels, Alert]]:
        """The alerts of this name that fire: their rule, their series and themselves."""
        for (group_place, place), kept in self._kept.items():
            rule = self._groups[group_place].rules[place]
            if isinstance(rule, AlertRule) and rule.name == name:
                current = kept.state.current()
                yield from ((rule, series, alert) for series, alert in current if alert.phase is Phase.FIRING)

    def ask(self, expr: str, at_ms: int) -> Answer:
        """What a query gives at an instant, with what was known then. Raises PromqlError."""
        return Engine(Until(self._samples, at_ms)).instant(expr, at_ms)

    # --- inside ------------------------------------------------------------------------------------------------

    def _expand(self, template: str, given: Expansion) -> str:
        around = self._around
        whole = Expansion(
            labels=given.labels,
            value=given.value,
            external_labels=around.external_labels,
            external_url=around.external_url,
            query=self.samples_now,
            now_s=self._at_ms / 1000,
        )
        return expand(template, whole)

    def samples_now(self, expr: str) -> list[Sample]:
        """What a query of a template gives, at the newest round."""
        answer = self.ask(expr, self._at_ms)
        return [Sample(labels=dict(labels), value=value) for labels, value in vector_of(answer).items()]

    def _recorded(self, rule: RecordingRule) -> Mapping[Labels, float]:
        try:
            given = vector_of(self.ask(rule.expr, self._at_ms))
        except PromqlError as error:
            raise TrialWrong(f"{rule.record}: {error.message}") from None
        named: dict[Labels, float] = {}
        for labels, value in given.items():
            whole = {**dict(labels), **dict(rule.labels), "__name__": rule.record}
            own = labels_of({name: text for name, text in whole.items() if text})
            if own in named:
                raise TrialWrong(f"{rule.record}: two series have the same labels once they are recorded")
            named[own] = value
        return named

    def _seen(self, rule: AlertRule) -> Observation:
        try:
            return Answered(readings=tuple(self._reading(rule, query) for query in rule.queries))
        except PromqlError as error:
            return Failed(message=error.message)

    def _reading(self, rule: AlertRule, query: MetricQuery) -> Mapping[Labels, float]:
        if not isinstance(query, PromQuery):
            raise TrialWrong(f"{rule.name}: only rules on PromQL can be tested; this one asks {query.source}")
        return vector_of(self.ask(query.expr, self._at_ms - round(query.offset_s * 1000)))


def _at_interval(rule: AlertRule | RecordingRule, interval_s: float) -> AlertRule | RecordingRule:
    return replace(rule, interval_s=interval_s) if isinstance(rule, AlertRule) else rule


def vector_of(answer: Answer) -> Mapping[Labels, float]:
    """Series and values of an instant query; a scalar is one series without labels."""
    return {
        labels_of(labels): float(answer.values[row, -1])
        for row, labels in enumerate(answer.labels)
        if answer.present[row, -1]
    }


def _alert_series(alerts: Iterable[Alert]) -> Iterator[tuple[Labels, float]]:
    for alert in alerts:
        if alert.phase is not Phase.RESOLVED:
            yield labels_of([*alert.labels, ("__name__", "ALERTS"), ("alertstate", alert.phase.value)]), 1.0
            yield labels_of([*alert.labels, ("__name__", "ALERTS_FOR_STATE")]), alert.active_at_s
