"""Whatever a configuration holds, it becomes problems or a board."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.config import load
from opsdash.config.models.panel import Dashboard, Panel
from opsdash.config.models.query import Metric, PanelQuery
from opsdash.config.models.root import Root
from opsdash.config.models.sections import SECTION_MODELS
from opsdash.config.models.source import Auth, Source, TlsFiles
from opsdash.config.models.variable import Variable

CONTRACT = Path(__file__).parent / "data" / "contract.yaml"

WORDS = sorted(
    {key for model in (Root, Source, Auth, TlsFiles, Variable, Dashboard, Panel, PanelQuery, Metric)
     for key in model.model_fields} | {key for model, _ in SECTION_MODELS.values() for key in model.model_fields}
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
    | st.sampled_from(["prometheus", "elasticsearch", "timeseries", "logs", "env:X", "5s", "$a ${b:c}", "(a+)+", "http://x"])
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner),
    max_leaves=40,
)


@given(st.dictionaries(st.sampled_from(sorted(Root.model_fields)), TREES))
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_tree_of_known_words_never_raises(tmp_path: Path, tree: object) -> None:
    file = tmp_path / "opsdash.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="replace")
    found = load(file)
    assert (found.board is None) == bool(found.errors)
    for problem in found.problems:
        assert problem.message
        assert "Input should" not in problem.message
        assert "\n" not in str(problem)


@pytest.mark.parametrize("seed", range(60))
def test_a_contract_with_one_thing_changed_never_raises(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    tree = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    node, key = chance.choice(_places(tree))
    node[key] = chance.choice([None, True, -1, 1e400, "", "x" * 3000, "$nothing", [], {}, [[]], {"x": 1}, "\u202e\x85"])
    file = tmp_path / "opsdash.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    found = load(file)
    assert (found.board is None) == bool(found.errors)
    assert all(problem.line > 0 and problem.column > 0 for problem in found.problems)


def _places(tree: object) -> list[tuple[object, object]]:
    found: list[tuple[object, object]] = []
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            found += [(tree, key), *_places(value)]
    return found
