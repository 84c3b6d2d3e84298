"""docs/demo.md is what the demo does: its tables are the catalogues, its examples are asked and answered so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.faces.control import ControlFace
from opsdash.plant.faces.exchange import Request
from opsdash.plant.faces.worker import Worker
from opsdash.plant.faults import FAULTS
from opsdash.plant.operations import OPERATIONS
from opsdash.plant.pace import Pace
from opsdash.plant.plant import Plant
from opsdash.plant.readouts import READOUTS
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.stage import Stage
from opsdash.plant.verbs import Parameter

PAGE = (Path(__file__).parents[2] / "docs" / "demo.md").read_text()
NOW_S = 1_790_000_000
EXAMPLES = re.findall(r"```sh\n(curl -s [^\n]*)\n```\n\n`(\d{3})`\n\n```json\n(.*?)\n```", PAGE, re.DOTALL)


def table(heading: str) -> list[str]:
    """The rows of the first table below a heading."""
    below = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in below.splitlines() if line.startswith("| `")]


def takes(parameter: Parameter) -> str:
    """`replicas` 1 to 40."""
    words = [f"`{parameter.name}`"]
    if parameter.kind in ("integer", "number"):
        words.append(f"{parameter.low:g} to {parameter.high:g}")
    if parameter.unit:
        words.append(parameter.unit)
    if parameter.default is not None:
        words.append(f"({parameter.default})" if isinstance(parameter.default, str) else f"({parameter.default:g})")
    elif parameter.optional:
        words.append("(may be left out)")
    return " ".join(words)


def rows_of_verbs(verbs: Any) -> list[str]:
    return [
        f"| `{verb.name}` | {', '.join(takes(one) for one in verb.parameters) or 'nothing'} | {verb.description} |"
        for verb in verbs.values()
    ]


def test_every_incident_is_described() -> None:
    expected = [
        f"| `{one.name}` | {one.title} | {one.dashboard}: {one.seen} | {one.remedy} |" for one in SCENARIOS.values()
    ]
    assert table("Incidents") == expected


def test_every_operation_is_described_with_its_bounds() -> None:
    assert table("Operations") == rows_of_verbs(OPERATIONS)


def test_every_fault_is_described_with_its_bounds() -> None:
    assert table("Faults") == rows_of_verbs(FAULTS)


def test_everything_that_can_be_read_is_named() -> None:
    assert [name for name in READOUTS if f"`/v1/{name}`" not in PAGE] == []


def test_every_architecture_is_described() -> None:
    assert [name for name in ARCHITECTURES if f"`{name}`" not in table("Architectures").__str__()] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
    assert PAGE.count("curl -s") == len(EXAMPLES)


@pytest.mark.parametrize(("command", "status", "answer"), EXAMPLES, ids=[one[0][8:60] for one in EXAMPLES])
async def test_an_example_is_answered_as_it_says(command: str, status: str, answer: str) -> None:
    words = shlex.split(command.removeprefix("curl -s "))
    method, body, path = "GET", b"", ""
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "--json":
                method, body = "POST", words.pop(0).encode()
            case word:
                path = word.removeprefix("$CONTROL")
    plant = Plant(ARCHITECTURES["shop"], seed=1, now_s=NOW_S)
    plant.history(60)
    face = ControlFace(plant, Stage(plant), Worker("docs"), Pace(float(NOW_S), 1.0))
    given = await face.handler()(
        Request(method=method, path=path, body=body, headers={"content-type": "application/json"})
    )
    said = json.loads(given.body)
    assert given.status == int(status), said
    for name, value in json.loads(answer).items():
        assert said[name] == value
