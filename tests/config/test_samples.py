"""Every file of sample_configs/ loads clean, and together they show everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config import load
from opsdash.core.view.panels import PanelKind

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "sample_configs").glob("*.yaml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_has_no_problem_at_all(sample: Path) -> None:
    found = load(sample, theme_folders=[ROOT / "themes"])
    assert [str(problem) for problem in found.problems] == []
    assert found.board is not None


def test_the_shop_has_every_kind_of_panel() -> None:
    found = load(ROOT / "sample_configs" / "shop.yaml").board
    assert found is not None
    kinds = {panel.kind for dashboard in found.dashboards for panel in dashboard.panels}
    assert kinds == set(PanelKind) - {PanelKind.ALERTS, PanelKind.SLO}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_explains_itself(sample: Path) -> None:
    assert sample.read_text(encoding="utf-8").startswith("# ")
