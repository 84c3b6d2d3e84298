"""10,000 alerts of 500 rules: what one round of evaluation costs, beside the queries themselves.

    python -m benchmarks.alerting [--rounds 20] [--rules 500] [--alerts 20]

Of a round: judging every series of every rule, and writing the documents that the store gets. Each answer is made anew,
with labels of its own, as it comes from a source; making it is not counted.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import statistics
import time
import tracemalloc

from benchmarks.cost import memory_mb
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after
from opsdash.core.alerting.machine import RuleState, advance, restored
from opsdash.core.alerting.observation import Answered, Failed, Observation
from opsdash.core.alerting.round_deed import deed_of
from opsdash.core.alerting.rules import AlertRule, Threshold
from opsdash.core.alerting.templates import Expansion, expand
from opsdash.core.documents import Changes, Document, Write
from opsdash.core.metrics.labels import Labels
from opsdash.core.metrics.queries import PromQuery

START_S = 1_790_000_000.0
INTERVAL_S = 15.0
GOAL_MS = 250.0
GOAL_MB = 150.0


def rule(number: int) -> AlertRule:
    """One of many: a threshold, labels of its own and templates."""
    return AlertRule(
        name=f"Rule{number}",
        group=f"group{number % 25}",
        queries=(PromQuery(source="prom", expr=f"errors:{number}"),),
        condition=Threshold(warning=10.0, critical=20.0, clear=8.0),
        interval_s=INTERVAL_S,
        for_s=30.0,
        keep_firing_for_s=30.0,
        labels=(("team", f"team{number % 7}"), ("tier", "{{ $labels.zone }}")),
        annotations=(
            ("summary", "{{ $labels.service }} has {{ $value | humanize }} errors a second"),
            ("runbook", "https://runbooks.example.com/errors"),
        ),
    )


def answer(number: int, alerts: int, value: float) -> Observation:
    """The series of one rule, all with new strings: a source's answer shares none with the one before."""
    readings: dict[Labels, float] = {}
    for index in range(alerts):
        labels = (
            ("__name__", f"errors:{number}"),
            ("instance", f"10.0.{number % 250}.{index}:9100"),
            ("job", f"job{number}"),
            ("service", f"service{number}-{index}"),
            ("zone", f"zone{index % 3}"),
        )
        readings[labels] = value + index * 0.001
    return Answered(readings=(readings,))


class Fleet:
    """All rules with their states, and a book beside them."""

    def __init__(self, rules: int, alerts: int) -> None:
        self.rules = [rule(number) for number in range(rules)]
        self.states = [RuleState() for _ in self.rules]
        self.alerts = alerts
        self.at_s = START_S
        self.writes: list[Write] = []
        self.book = Book()
        self.revision = 0

    def round(self, value: float, *, failing: bool = False) -> tuple[float, float, int, int]:
        """(CPU ms of judging, of documents, writes of alerts, writes in all)."""
        self.at_s += INTERVAL_S
        seen = [
            Failed(message="connection refused") if failing else answer(number, self.alerts, value)
            for number in range(len(self.rules))
        ]
        began = time.process_time()
        found = []
        for number, one in enumerate(self.rules):
            state, moves = advance(one, self.states[number], seen[number], at_s=self.at_s, expand=expanded)
            self.states[number] = state
            found.append((moves, state.health))
        judged = time.process_time()
        self.writes = [write for moves, health in found for write in deed_of(moves, health).writes]
        done = time.process_time()
        of_alerts = sum(1 for write in self.writes if write.kind == "alert")
        return (judged - began) * 1000, (done - judged) * 1000, of_alerts, len(self.writes)

    def fold(self) -> float:
        """CPU ms of taking the newest writes into a book, as every other process does."""
        self.revision += 1
        documents = tuple(
            Document(kind=write.kind, key=write.key, version=self.revision, body=write.body) for write in self.writes
        )
        began = time.process_time()
        self.book = book_after(self.book, Changes(revision=self.revision, documents=documents))
        return (time.process_time() - began) * 1000

    def restart(self) -> float:
        """CPU ms of taking everything over from the book."""
        began = time.process_time()
        own: dict[str, list[object]] = {}
        for alert in self.book.alerts.values():
            own.setdefault(alert.rule, []).append(alert)
        self.states = [
            restored(one, own.get(one.id, ()), at_s=self.at_s, health=self.book.health.get(one.id))  # type: ignore[arg-type]
            for one in self.rules
        ]
        return (time.process_time() - began) * 1000


def expanded(template: str, given: Expansion) -> str:
    """The engine's own expansion."""
    return expand(template, given)


def main() -> None:
    """Prints a table; a row that misses its goal says so."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--rules", type=int, default=500)
    options.add_argument("--alerts", type=int, default=20)
    given = options.parse_args()
    before_mb = memory_mb(os.getpid())
    fleet = Fleet(given.rules, given.alerts)
    print(f"{given.rules} rules, {given.rules * given.alerts:,} series\n")
    print(f"{'round':34}{'judging':>10}{'documents':>11}{'together':>10}{'of the goal':>13}{'alerts':>9}{'writes':>8}")
    show(fleet, "nothing is wrong", [fleet.round(1.0)])
    show(fleet, "everything gets wrong (pending)", [fleet.round(15.0)])
    fleet.fold()
    fleet.round(15.0)
    fleet.fold()
    show(fleet, "everything fires", [fleet.round(15.0)])
    fleet.fold()
    steady = []
    for number in range(given.rounds):
        steady.append(fleet.round(15.0 + math.sin(number)))
        assert steady[-1][2:] == (0, given.rules), "a steady round writes one document a rule and none an alert"
    show(fleet, f"it stays so (of {given.rounds}, median)", steady)
    print(f"{'  … folded into a book':34}{fleet.fold():7.0f} ms")
    show(fleet, "every query fails", [fleet.round(0.0, failing=True)])
    fleet.fold()
    print(f"{'another process takes over':34}{fleet.restart():7.0f} ms")
    show(fleet, "its first round", [fleet.round(15.0)])
    show(fleet, "everything rises to critical", [fleet.round(30.0), fleet.round(30.0), fleet.round(30.0)][-1:])
    fleet.round(1.0)
    fleet.round(1.0)
    show(fleet, "everything is resolved", [fleet.round(1.0)])
    gc.collect()
    print(f"\nmemory of the process: {memory_mb(os.getpid()):.0f} MiB, {before_mb:.0f} before there were rules")
    kept = memory_of_state(given.rules, given.alerts)
    print(f"of that the state of firing alerts: {kept:.0f} MiB; {kept / GOAL_MB:.0%} of the goal of {GOAL_MB:.0f}")


def show(fleet: Fleet, name: str, rounds: list[tuple[float, float, int, int]]) -> None:
    """One row: medians, and the share of the goal."""
    judging, documents = statistics.median(one[0] for one in rounds), statistics.median(one[1] for one in rounds)
    together = judging + documents
    missed = "" if together <= GOAL_MS else "  over"
    print(
        f"{name:34}{judging:7.0f} ms{documents:8.0f} ms{together:7.0f} ms{together / GOAL_MS:12.0%} "
        f"{rounds[-1][2]:>8,}{rounds[-1][3]:>8,}{missed}"
    )


def memory_of_state(rules: int, alerts: int) -> float:
    """MiB that a fleet of firing alerts holds, by tracemalloc."""
    tracemalloc.start()
    fleet = Fleet(rules, alerts)
    for _ in range(4):
        fleet.round(15.0)
        fleet.fold()
    fleet.writes = []
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / 1024 / 1024


if __name__ == "__main__":
    main()
