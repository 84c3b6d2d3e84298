"""The control API: JSON over HTTP, by which operators, scripts and tests act on the plant (docs/demo.md).

Every request is one job of the plant's thread, so that nothing changes while it is looked at. What makes no sense is
refused in words: 400 with what would do, 404 with the name that was probably meant, 409 where the state forbids it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.plant.faces.control_body import MOST_BYTES, NotJson, arguments_of, plain
from opsdash.plant.faces.control_catalogue import (
    described_fault,
    described_operation,
    described_scenario,
)
from opsdash.plant.faces.exchange import Handler, Request, Response, json_response, refuse_in_json
from opsdash.plant.faces.router import Router
from opsdash.plant.faces.worker import TimedOut, Worker
from opsdash.plant.faults import FAULTS
from opsdash.plant.known import names
from opsdash.plant.operations import OPERATIONS
from opsdash.plant.pace import Pace
from opsdash.plant.plant import Plant
from opsdash.plant.readouts import READOUTS
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.stage import Stage
from opsdash.plant.told import told, told_all
from opsdash.plant.verbs import Nonsense, Parameter, Refused, Values, parsed

LONGEST_WAIT_S = 30.0
Answer = Callable[[Request], object]


class NotAnswered(Exception):
    """A refusal with its status and its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class ControlFace:
    """What can be asked and done; `handler()` is given to a web server."""

    def __init__(self, plant: Plant, stage: Stage, worker: Worker, pace: Pace) -> None:
        self._plant = plant
        self._stage = stage
        self._worker = worker
        self._pace = pace

    def handler(self) -> Handler:
        """All paths."""
        router = Router(refuse=refuse_in_json, not_found="there is nothing at this path; GET / lists what there is")
        routes: tuple[tuple[str, str, Answer], ...] = (
            ("GET HEAD", "/", lambda _: self._overview()),
            ("GET HEAD", "/v1/status", lambda _: self._status()),
            ("GET HEAD", "/v1/health", lambda _: self._plant.health()),
            ("GET HEAD", "/v1/operations", lambda _: self._operations()),
            ("GET HEAD", "/v1/operations/{name}", lambda request: self._operation(_name(request))),
            ("POST", "/v1/operations/{name}", self._operate),
            ("GET HEAD", "/v1/faults", lambda _: self._faults()),
            ("DELETE", "/v1/faults", lambda _: {"cleared": [self._clear(one.name) for one in self._plant.faults()]}),
            ("GET HEAD", "/v1/faults/{name}", lambda request: self._fault(_name(request))),
            ("POST", "/v1/faults/{name}", self._inject),
            ("DELETE", "/v1/faults/{name}", lambda request: {"cleared": [self._clear(_name(request))]}),
            ("GET HEAD", "/v1/scenarios", lambda _: self._scenarios()),
            ("DELETE", "/v1/scenarios", lambda _: self._stop()),
            ("GET HEAD", "/v1/scenarios/{name}", lambda request: self._scenario(_name(request))),
            ("POST", "/v1/scenarios/{name}", self._start),
            ("POST", "/v1/scenarios/{name}/cure", self._cure),
        )
        for methods, pattern, answer in routes:
            router.add(methods, pattern, self._on_the_thread(answer))
        for kind in READOUTS:
            router.add("GET HEAD", f"/v1/{kind}", self._on_the_thread(self._listed(kind)))
            router.add("GET HEAD", f"/v1/{kind}/{{name}}", self._on_the_thread(self._one_of(kind)))
        return router

    def _on_the_thread(self, answer: Answer) -> Handler:
        """What the plant's thread gives, as JSON, or the refusal."""

        async def handle(request: Request) -> Response:
            if len(request.body) > MOST_BYTES:
                return refuse_in_json(413, f"the body is {len(request.body):,} bytes; {MOST_BYTES:,} are the most")
            try:
                given = await self._worker.run(
                    lambda _: plain(answer(request)), timeout_s=LONGEST_WAIT_S, is_abandoned=request.is_abandoned
                )
            except NotAnswered as refusal:
                return refuse_in_json(refusal.status, refusal.words)
            except Nonsense as nonsense:
                return refuse_in_json(400, clean(str(nonsense)))
            except Refused as refused:
                return refuse_in_json(409, clean(str(refused)))
            except TimedOut:
                return refuse_in_json(503, f"the plant was busy for {LONGEST_WAIT_S:g} s; look before asking again")
            return json_response(given)

        return handle

    # --- what is -----------------------------------------------------------------------------------------------

    def _overview(self) -> object:
        return {
            "what": "the control API of the demo's plant; see docs/demo.md",
            "paths": ["/v1/status", "/v1/health", "/v1/operations", "/v1/faults", "/v1/scenarios",
                      *(f"/v1/{kind}" for kind in READOUTS)],
            **self._status(),
        }  # fmt: skip

    def _status(self) -> dict[str, Any]:
        running = self._stage.running
        now = self._plant.now_s
        return {
            "architecture": self._plant.topology.name,
            "title": self._plant.topology.title,
            "seed": self._plant.seed,
            "time_s": now,
            "speed": self._pace.speed,
            "faults": [one.name for one in self._plant.faults()],
            "scenario": None
            if running is None
            else {
                "name": running.scenario.name,
                "since_s": running.since_s,
                "remedy_since_s": running.cured_s,
                "signal": running.scenario.signal.read(self._plant.health()),
                "healthy_below": running.scenario.signal.healthy_below,
                "cured": running.scenario.is_cured(self._plant),
            },
            "remedy_due_in_s": [when - now for when, _ in self._stage.acts],
        }

    def _listed(self, kind: str) -> Answer:
        return lambda _: {kind: READOUTS[kind](self._plant)}

    def _one_of(self, kind: str) -> Answer:
        def one(request: Request) -> object:
            found = {each["name"]: each for each in READOUTS[kind](self._plant)}
            return found[_known(_name(request), found, kind)]

        return one

    # --- operations --------------------------------------------------------------------------------------------

    def _operations(self) -> object:
        return {"operations": [described_operation(one, self._choices) for one in OPERATIONS.values()]}

    def _operation(self, name: str) -> object:
        return described_operation(OPERATIONS[_known(name, OPERATIONS, "operation")], self._choices)

    def _operate(self, request: Request) -> object:
        operation = OPERATIONS[_known(_name(request), OPERATIONS, "operation")]
        arguments = self._arguments(operation.name, operation.parameters, request)
        done = self._plant.operate(operation.name, **arguments)
        return {**done, "told": told(done), "at_s": self._plant.now_s}

    def _arguments(self, verb: str, parameters: tuple[Parameter, ...], request: Request) -> Values:
        """Those of the body, checked; raises Nonsense with the reason and the bounds."""
        try:
            given = arguments_of(request)
        except NotJson as wrong:
            raise NotAnswered(415, clean(str(wrong))) from wrong
        parsed(verb, parameters, given, self._choices)
        return given

    def _choices(self, kind: str) -> list[str]:
        return list(names(self._plant.world, kind))

    # --- faults ------------------------------------------------------------------------------------------------

    def _faults(self) -> object:
        return {"faults": [self._fault(name) for name in FAULTS]}

    def _fault(self, name: str) -> Mapping[str, Any]:
        known = FAULTS[_known(name, FAULTS, "fault")]
        active = next((one for one in self._plant.faults() if one.name == name), None)
        return described_fault(known, active, self._choices)

    def _inject(self, request: Request) -> object:
        fault = FAULTS[_known(_name(request), FAULTS, "fault")]
        return self._plant.inject(fault.name, **self._arguments(fault.name, fault.parameters, request))

    def _clear(self, name: str) -> str:
        self._plant.clear(_known(name, FAULTS, "fault"))
        return name

    # --- scenarios ---------------------------------------------------------------------------------------------

    def _scenarios(self) -> object:
        return {"scenarios": [self._scenario(name) for name in SCENARIOS]}

    def _scenario(self, name: str) -> object:
        scenario = SCENARIOS[_known(name, SCENARIOS, "scenario")]
        running = self._stage.running
        is_on = running is not None and running.scenario is scenario
        return {**described_scenario(scenario), "running": is_on}

    def _start(self, request: Request) -> object:
        scenario = SCENARIOS[_known(_name(request), SCENARIOS, "scenario")]
        self._no_arguments(request)
        self._stage.start(scenario)
        return {"scenario": scenario.name, "since_s": self._plant.now_s,
                "told": f"{scenario.title.lower()} begins; look at {scenario.dashboard}"}  # fmt: skip

    def _cure(self, request: Request) -> object:
        scenario = SCENARIOS[_known(_name(request), SCENARIOS, "scenario")]
        self._no_arguments(request)
        if self._plant.topology.name not in scenario.architectures:
            raise Refused(f"{scenario.name} is none of {self._plant.topology.name}")
        done = self._stage.cure(scenario)
        later = [when - self._plant.now_s for when, _ in self._stage.acts]
        words = told_all(done) + (f"; the rest follows in {max(later)} s" if later else "")
        return {"scenario": scenario.name, "done": done, "told": words, "remedy_due_in_s": later}

    def _stop(self) -> object:
        running = self._stage.running
        cleared = self._stage.stop()
        words = (
            f"all clear: {len(cleared)} fault{'' if len(cleared) == 1 else 's'} ended" if cleared else "all is clear"
        )
        return {"stopped": None if running is None else running.scenario.name, "cleared": cleared, "told": words}

    def _no_arguments(self, request: Request) -> None:
        self._arguments("a scenario", (), request)


def _name(request: Request) -> str:
    return request.in_path["name"]


def _known(name: str, there: Mapping[str, object], kind: str) -> str:
    """The name, where it is one; raises NotAnswered with the one that was probably meant."""
    if name in there:
        return name
    kind = kind.removesuffix("s") if kind != "cdn" else "path of the CDN"
    few = ", ".join(list(there)[:12]) + (", …" if len(there) > 12 else "")
    hint = did_you_mean(name, there) or (f"; there are {few}" if there else "; there are none")
    raise NotAnswered(404, clean(f'there is no {kind} "{clean(name, longest=60)}"{hint}'))
