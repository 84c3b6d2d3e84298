"""The JSON Schema and the manual say the same as the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opsdash.cli import schema as command
from opsdash.config.models.model import Model
from opsdash.config.models.root import Root
from opsdash.config.models.sections import SECTION_MODELS
from opsdash.config.nodes import parse, plain
from opsdash.config.parsing import _by_key, _model_in
from opsdash.config.schema import json_schema

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "configuration.md"
SAMPLES = [*sorted((ROOT / "sample_configs").glob("*.yaml")), Path(__file__).parent / "data" / "contract.yaml"]
SCHEMA = json_schema()


def models() -> Iterator[type[Model]]:
    """Every model, each once."""
    waiting: list[type[Model]] = [Root, *(model for model, _ in SECTION_MODELS.values())]
    seen: set[type[Model]] = set()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        yield model
        waiting += [
            inner for field in model.model_fields.values() if (inner := _model_in(field.annotation)) is not None
        ]


KEYS = sorted({(model.__name__, key) for model in models() for key in _by_key(model)})


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_is_valid_in_the_schema(sample: Path) -> None:
    root = parse(sample.read_text(encoding="utf-8"))
    assert root is not None
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(plain(root))] == []


@pytest.mark.parametrize(
    "broken",
    [
        {"titel": "x"},
        {"refresh": 5},
        {"sources": {"a": {"kind": "prometeus", "url": "http://h"}}},
        {"sources": {"a": {"kind": "prometheus", "url": "h"}}},
        {"sources": {"a": {"kind": "prometheus", "url": "http://h", "auth": {"bearer": "plain"}}}},
        {"dashboards": [{"title": "D", "panels": [{"title": "P", "kind": "timeserie"}]}]},
        {"dashboards": [{"title": "D", "panels": [{"title": "P", "kind": "stat", "grid": {"x": 24}}]}]},
        {"alerts": {"groups": [{"name": "a", "rules": [{"alert": "a"}]}]}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(broken: dict[str, Any]) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(broken))


def test_every_key_has_a_description_for_the_editor() -> None:
    without = [
        f"{model.__name__}.{key}"
        for model in models()
        for key, field in _by_key(model).items()
        if not field.description
    ]
    assert without == []


def test_nothing_in_the_schema_points_nowhere_and_nothing_lies_around() -> None:
    text = json.dumps(SCHEMA)
    used = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert used == set(SCHEMA["$defs"])


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run() == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


@pytest.mark.parametrize(("model", "key"), KEYS, ids=lambda part: part)
def test_every_key_has_a_row_in_the_manual(model: str, key: str) -> None:
    assert f"| `{key}` |" in section(model)


def section(model: str) -> str:
    """The part of the manual that an anchor names after a model."""
    text = MANUAL.read_text(encoding="utf-8")
    assert f"<!-- {model} -->" in text, f"docs/configuration.md has no part for {model}"
    return text.partition(f"<!-- {model} -->")[2].partition("<!-- ")[0]


def test_the_manual_has_no_part_for_what_is_gone() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    named = {part.partition(" -->")[0] for part in text.split("<!-- ")[1:]}
    assert named == {model.__name__ for model in models() if model.model_fields} | {"end"}
