"""Each import contract, seen failing once: a copy of the package with one bad import breaks exactly that contract."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.shape.tree import PACKAGE, ROOT

CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

OFFENCES = {
    "Layers: imports point down only": ("engine/engine.py", "import opsdash.cli.main"),
    "The core does no I/O and reads no clock": ("core/errors.py", "import socket"),
    "Textual and Rich stay in the UI": ("engine/engine.py", "import rich.text"),
    "HTTP and SQL clients stay in the adapters": ("ui/__init__.py", "import httpx"),
    "pydantic and YAML stay in config": ("adapters/clock.py", "import pydantic"),
    "Adapters, config and plant know the ports, not the engine": ("adapters/clock.py", "import opsdash.engine.engine"),
    "Sources do not know each other": (
        "adapters/sources/prometheus/decode.py",
        "import opsdash.adapters.sources.elasticsearch.decode",
    ),
    "Only core/promql knows the parser of PromQL": ("plant/__init__.py", "import promql_parser"),
    "Inside the core, imports point down only": ("core/metrics/labels.py", "import opsdash.core.view.panels"),
}
"""Contract → the file and the import that break it."""


def lint(folder: Path, contract: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """lint-imports in the folder, with only that contract."""
    lines = [
        "[importlinter]",
        "root_package = opsdash",
        "include_external_packages = True",
        "[importlinter:contract:one]",
    ]
    for key, value in contract.items():
        lines.append(f"{key} =" if isinstance(value, list) else f"{key} = {value}")
        lines += [f"    {item}" for item in value] if isinstance(value, list) else []
    (folder / "contract.ini").write_text("\n".join(lines) + "\n")
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    argv = [sys.executable, "-c", program, "--config", "contract.ini", "--no-cache"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package, which is imported from there."""
    shutil.copytree(PACKAGE, tmp_path / "opsdash", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_contract_has_its_offence() -> None:
    assert {contract["name"] for contract in CONTRACTS} == set(OFFENCES)


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: str(contract["name"]))
def test_each_contract_fails_when_it_is_broken(contract: dict[str, Any], copy: Path) -> None:
    kept = lint(copy, contract)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    file, offence = OFFENCES[contract["name"]]
    path = copy / "opsdash" / file
    path.write_text(path.read_text() + f"\n{offence}  # the offence\n")
    broken = lint(copy, contract)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "BROKEN" in broken.stdout
