"""Every file of sample_configs/ loads clean, and together they show everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config import load
from opsdash.core.view.panels import PanelKind

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "sample_configs").glob("*.yaml"))
DEMO_FILES = sorted((ROOT / "sample_configs" / "demo").glob("*/*.yaml"))


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


@pytest.mark.parametrize("sample", [*SAMPLES, *DEMO_FILES], ids=lambda sample: f"{sample.parent.name}-{sample.stem}")
def test_a_sample_explains_itself(sample: Path) -> None:
    assert sample.read_text(encoding="utf-8").startswith("# ")


_WITHOUT_UNIT = {PanelKind.TABLE, PanelKind.STATUS, PanelKind.LOGS, PanelKind.TEXT, PanelKind.ALERTS, PanelKind.SLO}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_panel_of_a_sample_says_what_it_is_for_and_in_which_unit(sample: Path) -> None:
    board = load(sample, theme_folders=[ROOT / "themes"]).board
    assert board is not None
    panels = [panel for dashboard in board.dashboards for panel in dashboard.panels]
    assert [panel.title for panel in panels if panel.kind is not PanelKind.TEXT and not panel.description] == []
    assert [panel.title for panel in panels if panel.kind not in _WITHOUT_UNIT and not panel.unit] == []
