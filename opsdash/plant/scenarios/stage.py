"""Where scenarios are played: what is due goes wrong, or is put right, as the plant's time passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from opsdash.plant.plant import Plant
from opsdash.plant.scenarios.scenario import Act, Scenario, Step
from opsdash.plant.verbs import Refused


@dataclass(frozen=True, slots=True)
class Running:
    """The scenario that is on."""

    scenario: Scenario
    since_s: int
    """The plant's second at which it began."""
    due: tuple[Step, ...]
    """What is still to go wrong."""
    cured_s: int | None = None
    """The second at which its remedy began."""


class Stage:
    """One scenario at a time, in the plant's time. One thread only, the plant's."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._running: Running | None = None
        self._acts: tuple[tuple[int, Act], ...] = ()

    @property
    def running(self) -> Running | None:
        """What is on, cured or not, until it is stopped."""
        return self._running

    @property
    def acts(self) -> tuple[tuple[int, Act], ...]:
        """What of a remedy is still to be done: (the plant's second, operation)."""
        return self._acts

    def start(self, scenario: Scenario) -> None:
        """Begins it now. Raises Refused where another one is on, or where the architecture does not have its parts."""
        if self._running is not None:
            raise Refused(f"{self._running.scenario.name} is running; stop it first")
        if self._plant.topology.name not in scenario.architectures:
            known = " or ".join(scenario.architectures)
            raise Refused(f"{scenario.name} needs the architecture {known}; this is {self._plant.topology.name}")
        taken = {fault.name for fault in self._plant.faults()} & {step.fault for step in scenario.steps}
        if taken:
            raise Refused(f"{', '.join(sorted(taken))} is there already; clear it first")
        self._running = Running(scenario, self._plant.now_s, scenario.steps)
        try:
            self._go_wrong()
        except Refused:
            self._running = None
            raise

    def cure(self, scenario: Scenario) -> list[dict[str, Any]]:
        """Begins the remedy; what each operation changed. Later ones follow in their time.

        Raises Refused where the first one is refused; one that is refused after it is left out, and says so.
        """
        now = self._plant.now_s
        if self._acts:
            raise Refused("a remedy is being carried out; its last step is due in "
                          f"{max(when for when, _ in self._acts) - now} s")  # fmt: skip
        done = [self._do(act, must=number == 0) for number, act in enumerate(scenario.cure) if act.at_s == 0]
        self._acts = tuple((now + act.at_s, act) for act in scenario.cure if act.at_s > 0)
        if self._running is not None and self._running.scenario is scenario:
            self._running = replace(self._running, cured_s=now)
        return done

    def stop(self) -> list[str]:
        """Ends the scenario and every fault, also those injected by hand; the names of the faults.

        What operators changed stays as they left it.
        """
        self._running = None
        self._acts = ()
        names = [fault.name for fault in self._plant.faults()]
        for name in names:
            self._plant.clear(name)
        return names

    def go_on(self) -> None:
        """Does what is due; to be called after every second of the plant."""
        if self._running is not None and self._running.due:
            self._go_wrong()
        if self._acts:
            now = self._plant.now_s
            due = [act for when, act in self._acts if when <= now]
            self._acts = tuple((when, act) for when, act in self._acts if when > now)
            for act in due:
                self._do(act, must=False)

    def _go_wrong(self) -> None:
        running = self._running
        if running is None:
            return
        passed = self._plant.now_s - running.since_s
        self._running = replace(running, due=tuple(step for step in running.due if step.at_s > passed))
        for step in running.due:
            if step.at_s <= passed:
                self._plant.inject(step.fault, **step.arguments)

    def _do(self, act: Act, *, must: bool) -> dict[str, Any]:
        try:
            return self._plant.operate(act.operation, **act.arguments)
        except Refused as refused:
            if must:
                raise
            return {"operation": act.operation, **act.arguments, "refused": str(refused)}
