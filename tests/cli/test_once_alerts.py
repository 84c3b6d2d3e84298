"""`opsdash once`: panels of the kinds alerts and slo show what there is, as on a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.cli.main import main

CONFIG = """\
version: 1
sources: {prom: {kind: prometheus, url: "http://127.0.0.1:9", timeout: 1s}}
dashboards:
  - title: D
    panels: [{title: Alarms, kind: alerts, grid: {x: 0, y: 0, w: 24, h: 8}}, {title: Budgets, kind: slo}]
alerts:
  groups: [{name: g, rules: [{alert: Blind, source: prom, expr: up, above: 1, error: {state: alert, for: 0s}}]}]
slos: [{name: checkout, objective: 99.9%, window: 30d, source: prom, good: 'sum(rate(g[$window]))', total: 'sum(rate(t[$window]))'}]
"""  # noqa: E501


@pytest.mark.parametrize("form", ["text", "svg"])
def test_alerts_and_objectives_stand_in_their_panels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "opsdash.yaml").write_text(CONFIG, encoding="utf-8")
    main(["once", "--format", form, str(tmp_path / "opsdash.yaml")])
    told = capsys.readouterr().out
    assert "Blind" in told
    assert "checkout" in told
