"""The control API: it does what operators ask, says what that led to, and refuses nonsense in words."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.faces.control import ControlFace
from opsdash.plant.faces.exchange import Handler, Request
from opsdash.plant.faces.worker import Worker
from opsdash.plant.faults import FAULTS
from opsdash.plant.operations import OPERATIONS
from opsdash.plant.pace import Pace
from opsdash.plant.plant import Plant
from opsdash.plant.readouts import READOUTS
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.stage import Stage

NOW_S = 1_790_000_000


class Control:
    """A plant of its own and its control API, without the wire."""

    def __init__(self, architecture: str = "shop") -> None:
        self.plant = Plant(ARCHITECTURES[architecture], seed=7, now_s=NOW_S)
        self.plant.history(60)
        self.stage = Stage(self.plant)
        self.handler: Handler = ControlFace(
            self.plant, self.stage, Worker("control"), Pace(float(NOW_S), 1.0)
        ).handler()

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.plant.tick()
            self.stage.go_on()

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and answer; a body that is not bytes is sent as JSON."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.handler(Request(method=method, path=path, body=raw, headers=given))
        assert b"Traceback" not in answer.body
        return answer.status, json.loads(answer.body)

    async def refused(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        status, answer = await self.ask(method, path, body, **headers)
        assert answer["status"] == status
        return status, answer["error"]


@pytest.fixture
def control() -> Control:
    return Control()


async def test_the_first_page_says_what_there_is(control: Control) -> None:
    status, answer = await control.ask("GET", "/")
    assert status == 200
    assert answer["architecture"] == "shop"
    assert (answer["seed"], answer["speed"], answer["time_s"]) == (7, 1, NOW_S)
    assert answer["faults"] == []
    assert answer["scenario"] is None
    for path in answer["paths"]:
        assert (await control.ask("GET", path))[0] == 200


async def test_a_boot_takes_time_as_in_life(control: Control) -> None:
    status, answer = await control.ask("POST", "/v1/operations/set_replicas", {"service": "orders", "replicas": 8})
    assert status == 200
    assert (answer["before"], answer["after"], answer["ready_in_s"]) == (4, 8, 40)
    assert answer["told"] == "orders: 4 more instances are booting, ready in 40 s"
    replicas = (await control.ask("GET", "/v1/services/orders"))[1]["replicas"]
    assert replicas == {"desired": 8, "ready": 4, "booting": 4, "draining": 0, "out": 0}
    control.pass_time(42)
    assert (await control.ask("GET", "/v1/services/orders"))[1]["replicas"]["ready"] == 8


async def test_breakers_limits_and_blocks_are_read_back(control: Control) -> None:
    await control.ask("POST", "/v1/operations/open_breaker", {"edge": "orders-payments"})
    assert (await control.ask("GET", "/v1/breakers/orders-payments"))[1]["state"] == "forced_open"
    await control.ask("POST", "/v1/operations/close_breaker", {"edge": "orders-payments"})
    assert (await control.ask("GET", "/v1/breakers/orders-payments"))[1]["state"] == "closed"
    await control.ask("POST", "/v1/operations/set_rate_limit", {"service": "search", "rps": 50})
    assert {"name": "search", "rps": 50} in (await control.ask("GET", "/v1/limits"))[1]["limits"]
    await control.ask("POST", "/v1/operations/block_address", {"address": "203.0.113.7", "expires_s": 30})
    assert (await control.ask("GET", "/v1/blocks/203.0.113.7%2F32"))[1]["expires_in_s"] == 30
    control.pass_time(31)
    assert (await control.ask("GET", "/v1/blocks"))[1] == {"blocks": []}


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
async def test_everything_that_runs_can_be_read_and_found_by_its_name(architecture: str) -> None:
    control = Control(architecture)
    for kind in READOUTS:
        status, answer = await control.ask("GET", f"/v1/{kind}")
        assert status == 200
        for each in answer[kind]:
            name = each["name"].replace("/", "%2F")
            assert (await control.ask("GET", f"/v1/{kind}/{name}"))[0] == 200


async def test_every_operation_and_fault_is_described_with_its_bounds(control: Control) -> None:
    operations = (await control.ask("GET", "/v1/operations"))[1]["operations"]
    assert [one["name"] for one in operations] == list(OPERATIONS)
    faults = (await control.ask("GET", "/v1/faults"))[1]["faults"]
    assert [one["name"] for one in faults] == list(FAULTS)
    for one in [*operations, *faults]:
        assert one["description"].endswith(".")
        for parameter in one["parameters"]:
            if parameter["kind"] in ("integer", "number"):
                assert parameter["low"] < parameter["high"]
            if "choices" in parameter and parameter["required"]:
                assert parameter["choices"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("operations/set_replicas", {"service": "orders", "replicas": 0}, 400, "replicas must be 1 to 40, not 0"),
        ("operations/set_replicas", {"service": "orders", "replicas": 2.5}, 400, "must be a whole number"),
        ("operations/set_replicas", {"service": "orders", "replicas": "8"}, 400, "must be a number, not '8'"),
        ("operations/set_replicas", {"service": "orders", "replicas": True}, 400, "must be a number, not True"),
        ("operations/set_replicas", b'{"service": "orders", "replicas": 1e999}', 400, "must be a number"),
        ("operations/set_replicas", b'{"service": "orders", "replicas": ' + b"9" * 5000 + b"}", 400, "a number"),
        ("operations/set_replicas", {"service": "ordres", "replicas": 8}, 400, "did you mean orders?"),
        ("operations/set_replicas", {"service": "orders"}, 400, "needs replicas: how many instances"),
        ("operations/set_replicas", {"service": "orders", "replica": 8}, 400, "did you mean replicas?"),
        ("operations/set_replicas", {"operation": "x", "self": 1}, 400, "has no argument 'operation'"),
        ("operations/set_replica", {}, 404, "did you mean set_replicas?"),
        ("operations/block_address", {"address": "0.0.0.0/0"}, 400, "is too wide"),
        ("operations/block_address", {"address": "example.com"}, 400, "is no address or network"),
        ("operations/unblock", {"address": "203.0.113.7"}, 409, "is not blocked"),
        ("operations/set_instance_type", {"service": "orders", "type": "c6i.large"}, 409, "runs on c6i.large already"),
        ("operations/set_market", {"service": "search", "spot": 0.5}, 400, "must add up to 1"),
        ("operations/set_replicas", [], 400, "must be a JSON object"),
        ("operations/set_replicas", b"{", 400, "is not JSON"),
        ("operations/set_replicas", b"\xff\xfe{", 400, "is not JSON"),
        ("operations/set_replicas", b"[" * 5000, 400, "is not JSON"),
        ("operations/set_replicas", b'{"replicas": NaN}', 400, "NaN is no number of JSON"),
        ("operations/set_replicas", b'{"replicas": 3, "replicas": 4}', 400, "is there twice"),
        ("operations/set_replicas", b" " * 70_000, 413, "65,536 are the most"),
        ("faults/flash_sail", {}, 404, "did you mean flash_sale?"),
        ("faults/flash_sale", {"factor": 1000}, 400, "must be 1.1 to 20"),
        ("scenarios/flash-sail", None, 404, "did you mean flash-sale?"),
        ("scenarios/flash-sale", {"factor": 3}, 400, "it takes no arguments"),
        ("scenarios/%1b[31m/cure", None, 404, "there is no scenario"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_in_words_and_changes_nothing(
    control: Control, path: str, body: object, status: int, words: str
) -> None:
    before = await control.ask("GET", "/v1/services")
    refused, said = await control.refused("POST", f"/v1/{path}", body)
    assert (refused, words in said) == (status, True), said
    assert "\x1b" not in said
    assert await control.ask("GET", "/v1/services") == before
    assert control.plant.faults() == ()


async def test_what_is_not_json_is_refused_by_its_type(control: Control) -> None:
    form = await control.refused("POST", "/v1/operations/set_replicas", b"replicas=8", content_type="text/plain")
    assert form == (415, "the body is text/plain; send application/json")
    sent = {"service": "orders", "replicas": 5}
    given = "application/json; charset=utf-8"
    assert (await control.ask("POST", "/v1/operations/set_replicas", sent, content_type=given))[0] == 200


async def test_another_method_or_path_is_refused(control: Control) -> None:
    assert (await control.refused("PUT", "/v1/status"))[0] == 405
    assert (await control.refused("GET", "/v2/status"))[0] == 404
    assert await control.refused("GET", "/v1/services/x") == (
        404,
        'there is no service "x"; there are gateway, users, orders, payments, notifications, search, stream',
    )
    assert (await control.refused("GET", "/v1/blocks/1.2.3.4"))[1] == 'there is no block "1.2.3.4"; there are none'


async def test_a_fault_is_injected_seen_and_cleared(control: Control) -> None:
    status, answer = await control.ask("POST", "/v1/faults/bad_deploy", {"service": "users"})
    assert (status, answer["service"]) == (200, "users")
    assert (await control.ask("GET", "/v1/faults/bad_deploy"))[1]["active"]["arguments"]["service"] == "users"
    assert (await control.refused("POST", "/v1/faults/bad_deploy"))[0] == 409
    assert (await control.ask("DELETE", "/v1/faults/bad_deploy"))[1] == {"cleared": ["bad_deploy"]}
    assert (await control.refused("DELETE", "/v1/faults/bad_deploy"))[0] == 409
    await control.ask("POST", "/v1/faults/cold_starts")
    assert (await control.ask("DELETE", "/v1/faults"))[1] == {"cleared": ["cold_starts"]}


async def test_a_scenario_runs_is_cured_and_is_stopped(control: Control) -> None:
    assert [one["name"] for one in (await control.ask("GET", "/v1/scenarios"))[1]["scenarios"]] == list(SCENARIOS)
    assert (await control.ask("POST", "/v1/scenarios/bad-deploy"))[0] == 200
    assert await control.refused("POST", "/v1/scenarios/hot-shard") == (409, "bad-deploy is running; stop it first")
    control.pass_time(30)
    running = (await control.ask("GET", "/v1/status"))[1]["scenario"]
    assert (running["name"], running["cured"], running["remedy_since_s"]) == ("bad-deploy", False, None)
    told = (await control.ask("POST", "/v1/scenarios/bad-deploy/cure"))[1]["told"]
    assert told == "orders: from v43 to v42, half of the instances at a time, ready in 80 s"
    control.pass_time(120)
    assert (await control.ask("GET", "/v1/status"))[1]["scenario"]["cured"]
    stopped = (await control.ask("DELETE", "/v1/scenarios"))[1]
    assert stopped == {"stopped": "bad-deploy", "cleared": ["bad_deploy"], "told": "all clear: 1 fault ended"}
    assert (await control.ask("DELETE", "/v1/scenarios"))[1]["told"] == "all is clear"


async def test_a_remedy_of_several_steps_takes_its_time_and_is_not_begun_twice(control: Control) -> None:
    await control.ask("POST", "/v1/scenarios/retry-storm")
    control.pass_time(60)
    answer = (await control.ask("POST", "/v1/scenarios/retry-storm/cure"))[1]
    assert answer["told"] == "gateway-orders: the breaker is open until somebody closes it; the rest follows in 30 s"
    assert (await control.refused("POST", "/v1/scenarios/retry-storm/cure"))[0] == 409
    control.pass_time(31)
    assert (await control.ask("GET", "/v1/breakers/gateway-orders"))[1]["state"] == "closed"


async def test_a_scenario_of_another_architecture_is_refused() -> None:
    other = next(name for name in ARCHITECTURES if name != "shop")
    status, words = await Control(other).refused("POST", "/v1/scenarios/hot-shard")
    assert (status, "needs the architecture shop" in words) == (409, True)


@cache
def shared() -> Control:
    """One plant for the property below: whatever was done to it before, it must answer."""
    return Control()


SMALL_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
NAMES = sorted({p.name for one in OPERATIONS.values() for p in one.parameters})


@settings(max_examples=150, deadline=None)
@given(
    verb=st.sampled_from([f"operations/{one}" for one in OPERATIONS] + [f"faults/{one}" for one in FAULTS]),
    body=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), SMALL_JSON, max_size=4) | st.binary(max_size=40),
)
async def test_no_body_ever_breaks_it(verb: str, body: object) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = await shared().ask("POST", f"/v1/{verb}", raw)
    assert status in (200, 400, 409)
    assert status == 200 or answer["error"]
