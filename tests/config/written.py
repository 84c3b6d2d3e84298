"""Small configurations for tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from opsdash.config import Loaded, load

HEAD = """\
version: 1
sources:
  prom: {kind: prometheus, url: "http://127.0.0.1:9090"}
  logs: {kind: elasticsearch, url: "http://127.0.0.1:9200"}
  am: {kind: alertmanager, url: "http://127.0.0.1:9093"}
"""


def loaded(folder: Path, text: str) -> Loaded:
    """What comes of this text as `opsdash.yaml`."""
    file = folder / "opsdash.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return load(file)


def problems(folder: Path, text: str) -> list[str]:
    """Its problems, without the folder; the Alertmanager of `HEAD` is not mentioned."""
    found = [str(problem).removeprefix(f"{folder}/") for problem in loaded(folder, text).problems]
    return [line for line in found if "an Alertmanager is read" not in line]


def of_panel(folder: Path, panel: str, *, variables: str = "{}") -> list[str]:
    """The problems of one panel, which stands in line 10 as the inside of a flow mapping."""
    text = f"{HEAD}variables: {variables}\ndashboards:\n  - title: D\n    panels:\n      - {{{panel}}}\n"
    return [
        line.removeprefix("opsdash.yaml:").replace("dashboards[0].panels[0]", "P") for line in problems(folder, text)
    ]
