"""No interleaving of samples, errors, restarts, clock jumps and reloads breaks a promise of the machine.

The promises are checked against the whole history of what was really looked at, in time that does not jump.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from opsdash.core.alerting import missing
from opsdash.core.alerting.alert import Alert, Cause, Phase, Transition
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after
from opsdash.core.alerting.identity import CAUSE_LABEL
from opsdash.core.alerting.machine import RuleState, advance, restored
from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.round_deed import deed_of
from opsdash.core.alerting.rules import AlertRule, AnySeries, MissingPolicy, Threshold
from opsdash.core.alerting.severity import Severity
from opsdash.core.documents import Changes, Document
from opsdash.core.metrics.labels import Labels, label
from tests.core.alerting import rules_to_test as given

INTERVAL_S = 10.0
SERIES = tuple((("service", name),) for name in ("a", "b"))
JUMP_S = 1_000_000.0
VALUES = st.sampled_from([0.0, 4.0, 7.0, 11.0, 15.0, 21.0, math.nan, math.inf, -math.inf])
READINGS = st.dictionaries(st.sampled_from(SERIES), VALUES)
POLICIES = st.builds(
    MissingPolicy, state=st.sampled_from(["alert", "ok", "keep"]), for_s=st.sampled_from([0.0, 20.0, 60.0])
)
CONDITIONS = st.sampled_from(
    [
        Threshold(warning=10.0, critical=20.0, clear=5.0),
        Threshold(critical=10.0),
        Threshold(below=True, warning=10.0, critical=5.0, clear=12.0),
        AnySeries(severity=Severity.WARNING),
    ]
)
WAITS = st.sampled_from([0.0, 10.0, 25.0, 60.0])
STEPS = st.sampled_from([10.0, 10.0, 10.0, 12.0, 20.0, 30.0, 31.0, 90.0])
Look = tuple[float, int | None]
"""(time that does not jump, level that was seen; None: nothing was)."""


def written(alerts: Iterable[Alert]) -> dict[str, str]:
    """Fingerprint → every field in words: there a NaN is equal to itself; in a dataclass of Python 3.13 it is not."""
    return {alert.fingerprint: repr(alert) for alert in alerts}


class Machine(RuleBasedStateMachine):
    """One rule of two series."""

    @initialize(condition=CONDITIONS, for_s=WAITS, keep_s=WAITS, no_data=POLICIES, error=POLICIES)
    def begin(
        self,
        condition: Threshold | AnySeries,
        for_s: float,
        keep_s: float,
        no_data: MissingPolicy,
        error: MissingPolicy,
    ) -> None:
        self.rule: AlertRule = given.rule(
            condition=condition,
            for_s=for_s,
            keep_firing_for_s=keep_s,
            no_data=no_data,
            error=error,
            interval_s=INTERVAL_S,
            labels=(("team", "shop"),),
        )
        self.state = RuleState()
        self.true_s = 1_790_000_000.0
        self.jumped_s = 0.0
        self.looks: dict[Labels, list[Look]] = {}
        """Of each series, since its condition was last changed, with the labels of the rule."""
        self.looked_by = condition
        self.empty: list[tuple[float, bool]] = []
        self.failures: list[tuple[float, bool]] = []
        self.book = Book()
        self.revision = 0
        self.episodes: dict[str, str] = {}

    # --- what happens ------------------------------------------------------------------------------------------

    @rule(readings=READINGS, step_s=STEPS)
    def answers(self, readings: dict[Labels, float], step_s: float) -> None:
        self._look(given.answer(readings), step_s)

    @rule(value=VALUES, steps=st.integers(1, 8))
    def stays_so(self, value: float, steps: int) -> None:
        for _ in range(steps):
            self._look(given.answer({SERIES[0]: value}), INTERVAL_S)

    @rule(readings=READINGS, step_s=STEPS)
    def answer_is_cut(self, readings: dict[Labels, float], step_s: float) -> None:
        self._look(given.answer(readings, cut=("kept 1 of 2 series",)), step_s)

    @rule(step_s=STEPS, steps=st.integers(1, 8))
    def fails(self, step_s: float, steps: int) -> None:
        for _ in range(steps):
            self._look(Failed(message="connection refused"), step_s)

    @rule(readings=READINGS)
    def labels_clash(self, readings: dict[Labels, float]) -> None:
        twice = {**readings, (("__name__", "x"), ("service", "a")): 99.0, (("__name__", "y"), ("service", "a")): 0.0}
        self._look(given.answer(twice), INTERVAL_S)

    @rule()
    def restarts(self) -> None:
        before = written(self.state.alerts.values())
        assert written(self.book.alerts.values()) == before
        self.state = restored(
            self.rule, self.book.alerts.values(), at_s=self._at_s(), health=self.book.health.get(self.rule.id)
        )
        assert written(self.state.alerts.values()) == before

    @rule()
    def restarts_without_the_document_of_the_rule(self) -> None:
        self.state = restored(self.rule, self.book.alerts.values(), at_s=self._at_s())

    @rule(hours=st.sampled_from([-JUMP_S, JUMP_S]))
    def clock_jumps(self, hours: float) -> None:
        self.jumped_s = hours if self.jumped_s == 0.0 else 0.0

    @rule(for_s=WAITS, keep_s=WAITS)
    def waits_are_changed(self, for_s: float, keep_s: float) -> None:
        self.rule = replace(self.rule, for_s=for_s, keep_firing_for_s=keep_s)

    @rule(condition=CONDITIONS)
    def condition_is_changed(self, condition: Threshold | AnySeries) -> None:
        self.rule = replace(self.rule, condition=condition)

    @rule(team=st.sampled_from(["shop", "pay"]))
    def labels_are_changed(self, team: str) -> None:
        self.rule = replace(self.rule, labels=(("team", team),))

    # --- promises ----------------------------------------------------------------------------------------------

    @invariant()
    def the_store_has_what_the_machine_has(self) -> None:
        assert set(self.book.alerts) == {alert.fingerprint for alert in self.book.alerts.values()}
        assert written(self.book.alerts.values()) == written(self.state.alerts.values())
        assert self.book.unreadable == {}

    @invariant()
    def an_episode_lasts_while_it_fires(self) -> None:
        firing = {one.fingerprint: one.episode for one in self.state.alerts.values() if one.phase is Phase.FIRING}
        for fingerprint, episode in firing.items():
            assert self.episodes.get(fingerprint, episode) == episode
        self.episodes = firing

    @invariant()
    def every_alert_has_its_fingerprint_once(self) -> None:
        found = [alert.fingerprint for alert in self.state.alerts.values()]
        assert len(found) == len(set(found))

    # --- inside ------------------------------------------------------------------------------------------------

    def _at_s(self) -> float:
        return self.true_s + self.jumped_s

    def _look(self, seen: Observation, step_s: float) -> None:
        self.true_s += step_s
        before = self.state
        self.state, moves = advance(self.rule, before, seen, at_s=self._at_s())
        health = self.state.health
        assert health is not None
        self._remember(before, seen, failed=health.state == "error")
        self._store(moves)
        for move in moves:
            self._is_right(move, seen, failed=health.state == "error")

    def _remember(self, before: RuleState, seen: Observation, *, failed: bool) -> None:
        if self.rule.condition != self.looked_by:
            self.looks, self.empty, self.failures = {}, [], []
            self.looked_by = self.rule.condition  # type: ignore[assignment]
        self.failures.append((self.true_s, failed))
        if failed or not isinstance(seen, Answered):
            return
        (readings,) = seen.readings
        self.looks = {key: looks for key, looks in self.looks.items() if label(key, "team") == self._team()}
        levels: dict[Labels, int | None] = {}
        for series in SERIES:
            alert = next((one for one in before.alerts.values() if self._is_of(one, series)), None)
            fires = alert is not None and alert.phase is Phase.FIRING
            levels[series] = level(self.rule.condition, readings.get(series), fires=fires, cut=bool(seen.cut))
            self.looks.setdefault((*series, *self.rule.labels), []).append((self.true_s, levels[series]))
        by_absence = isinstance(self.rule.condition, AnySeries)
        has_data = by_absence or any(one is not None for one in levels.values())
        if has_data or not seen.cut:
            self.empty.append((self.true_s, not has_data))

    def _team(self) -> str:
        return label(self.rule.labels, "team")

    def _is_of(self, alert: Alert, series: Labels) -> bool:
        if label(alert.labels, CAUSE_LABEL) or label(alert.labels, "team") != label(self.rule.labels, "team"):
            return False
        return label(alert.labels, "service") == label(series, "service")

    def _is_right(self, move: Transition, seen: Observation, *, failed: bool) -> None:
        alert, before = move.alert, move.before
        own = label(alert.labels, CAUSE_LABEL)
        if move.is_gone and alert.phase is Phase.RESOLVED:
            return
        if failed:
            assert own == Cause.ERROR, "a failed look moves no alert but the one that says so"
        if own:
            self._own_alert_is_right(move, own)
        elif alert.phase is Phase.FIRING:
            self._fires_rightly(alert, before)
        elif alert.phase is Phase.RESOLVED:
            self._resolves_rightly(move)

    def _fires_rightly(self, alert: Alert, before: Alert | None) -> None:
        was = before.severity if before is not None and before.phase is Phase.FIRING else 0
        if alert.severity <= was:
            return
        looks = self.looks[_key(alert)]
        wrong = [(at_s, None if seen is None else seen >= alert.severity) for at_s, seen in looks]
        assert held_s(wrong) >= self.rule.for_s, "it fires what was not seen wrong for its `for`"

    def _resolves_rightly(self, move: Transition) -> None:
        if move.why == missing.RULE_CHANGED:
            assert label(move.alert.labels, "team") != label(self.rule.labels, "team")
            return
        looks = self.looks.get(_key(move.alert), [(self.true_s, None)])
        if move.why:
            assert move.why == missing.NO_DATA_IS_OK
            assert self.rule.no_data.state == "ok"
            assert looks[-1][1] is None
            return
        healthy = [(at_s, None if seen is None else seen == 0) for at_s, seen in looks]
        assert looks[-1][1] == 0, "it resolves what was not seen healthy"
        assert held_s(healthy) >= self.rule.keep_firing_for_s

    def _own_alert_is_right(self, move: Transition, own: str) -> None:
        looks = self.failures if own == Cause.ERROR else self.empty
        policy = self.rule.error if own == Cause.ERROR else self.rule.no_data
        if move.alert.phase is Phase.FIRING:
            assert policy.state == "alert"
            assert held_s(list(looks)) >= policy.for_s
        elif move.why != missing.RULE_CHANGED and policy.state == "alert":
            assert not self.failures[-1][1]
            assert own == Cause.ERROR or not self.empty[-1][1]

    def _store(self, moves: tuple[Transition, ...]) -> None:
        deed = deed_of(moves, self.state.health)
        assert len({(write.kind, write.key) for write in deed.writes}) == len(deed.writes)
        self.revision += 1
        documents = tuple(
            Document(kind=write.kind, key=write.key, version=self.revision, body=write.body) for write in deed.writes
        )
        self.book = book_after(self.book, Changes(revision=self.revision, documents=documents))


def _key(alert: Alert) -> Labels:
    return tuple(pair for pair in alert.labels if pair[0] in ("service", "team"))


def level(condition: object, value: float | None, *, fires: bool, cut: bool) -> int | None:  # noqa: PLR0911 - a table
    """What a look at one series saw, in the simplest words."""
    if isinstance(condition, AnySeries):
        if value is None:
            return None if cut else 0
        return int(condition.severity)
    assert isinstance(condition, Threshold)
    if value is None or math.isnan(value):
        return None

    def beyond(limit: float | None) -> bool:
        return limit is not None and (value < limit if condition.below else value > limit)

    if beyond(condition.critical):
        return 3
    if beyond(condition.warning):
        return 2
    if fires and beyond(condition.clear):
        return 2 if condition.warning is not None else 3
    return 0


def held_s(looks: list[tuple[float, bool | None]]) -> float:
    """For how long it was seen so up to the newest look: looks that saw nothing do not end it, long gaps count little.

    -1 where the newest look did not see it.
    """
    if not looks or looks[-1][1] is not True:
        return -1.0
    times = []
    for at_s, seen in reversed(looks):
        if seen is False:
            break
        if seen:
            times.append(at_s)
    gaps = [later - earlier for later, earlier in pairwise(times)]
    return sum(gap if gap <= 3 * INTERVAL_S + 1e-3 else INTERVAL_S for gap in gaps) + 1e-3


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
