"""The dashboards of `opsdash demo`: clean in every architecture, explained, within reach of the keys, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsdash.cli.demo import dashboard_files
from opsdash.config import load
from opsdash.core.view.board import Board
from opsdash.core.view.layout import place
from opsdash.core.view.panels import PanelKind
from opsdash.plant.architectures import ARCHITECTURES
from opsdash.plant.operations import OPERATIONS
from opsdash.plant.scenarios.catalogue import SCENARIOS

_WITHOUT_UNIT = {PanelKind.TABLE, PanelKind.STATUS, PanelKind.LOGS, PanelKind.TEXT}
KEYS = 9
ON_A_PAGE = (160, 42)
"""What a window of 160 × 45 leaves for panels."""


@pytest.fixture(params=sorted(ARCHITECTURES))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def board(architecture: str, tmp_path: Path) -> Board:
    """What the demo opens, with the addresses as they are shipped."""
    for file in dashboard_files(architecture):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    found = load(tmp_path)
    assert [str(problem) for problem in found.problems] == []
    assert found.board is not None
    return found.board


def test_it_opens_on_the_golden_signals_and_every_dashboard_has_a_key(board: Board) -> None:
    titles = [dashboard.title for dashboard in board.dashboards]
    assert titles[0] == "Golden signals"
    assert titles[-1] == "Cost"
    assert len(titles) <= KEYS
    assert [dashboard.title for dashboard in board.dashboards if not dashboard.description] == []


def test_each_panel_says_what_it_is_for_and_in_which_unit(board: Board) -> None:
    panels = [panel for dashboard in board.dashboards for panel in dashboard.panels]
    assert [panel.title for panel in panels if panel.kind is not PanelKind.TEXT and not panel.description] == []
    assert [panel.title for panel in panels if panel.kind not in _WITHOUT_UNIT and not panel.unit] == []


def test_every_kind_of_panel_is_shown(board: Board) -> None:
    kinds = {panel.kind for dashboard in board.dashboards for panel in dashboard.panels}
    assert kinds == set(PanelKind) - {PanelKind.ALERTS, PanelKind.SLO}


def test_each_dashboard_is_one_page_on_a_large_terminal(board: Board) -> None:
    pages = {one.title: place(one.panels, *ON_A_PAGE).pages for one in board.dashboards}
    assert pages == dict.fromkeys(pages, 1)


def test_remedies_in_descriptions_are_operations_that_exist(board: Board) -> None:
    texts = [panel.description or "" for dashboard in board.dashboards for panel in dashboard.panels]
    named = {word for text in texts for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text)}
    assert named != set()
    assert named <= set(OPERATIONS)


def test_incidents_are_seen_on_dashboards_that_exist(board: Board, architecture: str) -> None:
    titles = {dashboard.title for dashboard in board.dashboards}
    told = {one.dashboard for one in SCENARIOS.values() if architecture in one.architectures}
    assert told <= titles
