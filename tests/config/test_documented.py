"""What the documentation shows as a configuration is one. Warnings are about certificates that only a reader has."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from opsdash.config import load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = """\
sources:
  prom: {kind: prometheus, url: "http://127.0.0.1:9090"}
  logs: {kind: elasticsearch, url: "http://127.0.0.1:9200", index: "logs-*"}
"""
VARIABLES = "variables: {service: {values: [orders, users]}}\n"
DASHBOARD = 'dashboards: [{title: One, panels: [{title: Words, kind: text, text: "as it is"}]}]\n'


def blocks(page: Path) -> list[str]:
    """Its blocks of YAML, without the indentation of the list that they stand in."""
    found = re.findall(r"(?ms)^( *)```yaml\n(.*?)^ *```", page.read_text())
    return [textwrap.dedent(block) for _, block in found]


BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
    if "colours:" not in block  # a theme, which is another kind of file
]


def whole(block: str) -> str:
    """A file around what is only a part of one."""
    if re.search(r"(?m)^version:", block):
        return block
    if block.startswith("queries:"):
        return whole("".join(_panel(query) for query in re.findall(r"(?m)^  (- .*)$", block)))
    if block.startswith("  - title"):
        return f"version: 1\n{SOURCES}{VARIABLES}dashboards:\n- title: One\n  panels:\n{block}"
    parts = [
        "version: 1\n",
        *(part for part in (SOURCES, VARIABLES, DASHBOARD) if part.split(":")[0] + ":" not in block),
    ]
    return "".join(parts) + block


def _panel(query: str) -> str:
    source = "prom" if "expr:" in query else "logs"
    return f"  - title: One\n    kind: timeseries\n    source: {source}\n    queries:\n      {query}\n"


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_yaml_has_no_error(tmp_path: Path, block: str) -> None:
    path = tmp_path / "opsdash.yaml"
    path.write_text(whole(block))
    found = load(path)
    assert [str(problem) for problem in found.problems if problem.severity == "error"] == []
    assert found.board is not None
