"""Imports point down, and what is slow to import is imported when it is needed."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.shape.tree import PACKAGE, imports_inside_functions, modules

DEFERRED: dict[tuple[str, str], str] = {
    ("opsdash/cli/*.py", "*"): "a command pays only for what it uses: `version` answers without the rest",
    ("opsdash/config/*.py", "opsdash.*"): "later checks are read only when something is there to check",
    ("opsdash/config/checks/*.py", "opsdash.*"): "the same",
    ("opsdash/config/checks/top.py", "zoneinfo"): "only a named time zone needs it",
    ("opsdash/adapters/http/tls.py", "certifi"): "only where the system has no certificates",
    ("opsdash/adapters/sources/build.py", "opsdash.adapters.sources.*"): "only the clients of the sources there are",
    ("opsdash/adapters/sources/*.py", "opsdash.adapters.sources*"): "what is behind it is a heavy client",
    ("opsdash/adapters/notify/apprise.py", "apprise*"): "an extra that may not be there, and slow to import",
    ("opsdash/adapters/stores/postgres.py", "asyncpg"): "an extra that may not be there",
    ("opsdash/ui/commands/screens.py", "opsdash.ui.overlays.alerts.*"): "the first picture does not wait for them",
    ("opsdash/plant/faces/late_logs.py", "opsdash.plant.*"): "60 ms that the demo's first picture does not wait for",
    ("opsdash/adapters/sources/*.py", "prometheus_api_client*"): "only discovery needs it, 150 ms",
}
"""(file, imported module), as patterns → why it is not imported at the top."""

SLOW_OR_FOREIGN = {"textual", "rich", "httpx", "asyncio", "pydantic", "yaml", "elasticsearch", "prometheus_api_client"}


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after running the code."""
    program = f"import sys\n{code}\nprint(chr(10).join(sys.modules), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.split())


def test_all_of_the_core_can_be_imported_without_anything_slow_or_foreign() -> None:
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / "core").rglob("*.py")]
    names = sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)
    assert len(names) > 20
    loaded = loaded_by("\n".join(f"import {name}" for name in names))
    assert loaded & SLOW_OR_FOREIGN == set()


@pytest.mark.parametrize("arguments", [["version"], ["--help"], ["check", "CONFIG"], ["schema"]])
def test_commands_that_draw_nothing_do_not_import_textual(arguments: list[str], tmp_path: Path) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text("version: 1\ndashboards: []\n")
    argv = [str(config) if argument == "CONFIG" else argument for argument in arguments]
    run = f"from opsdash.cli.main import main\ntry:\n    main({argv!r})\nexcept SystemExit:\n    pass\n"
    assert loaded_by(run) & {"textual", "rich", "httpx", "elasticsearch", "prometheus_api_client"} == set()


def test_the_first_picture_waits_for_no_screen_of_alerts() -> None:
    loaded = loaded_by("import opsdash.ui.app")
    assert {name for name in loaded if name.startswith("opsdash.ui.overlays.alerts")} == set()


def test_only_what_is_listed_is_imported_inside_a_function() -> None:
    found = {(m.name, imported) for m in modules() for _, imported in imports_inside_functions(m)}
    unlisted = {each for each in found if not any(fnmatch(each[0], f) and fnmatch(each[1], i) for f, i in DEFERRED)}
    assert unlisted == set()


def test_every_listed_deferral_is_still_there() -> None:
    found = {(m.name, imported) for m in modules() for _, imported in imports_inside_functions(m)}
    assert {(f, i) for f, i in DEFERRED if not any(fnmatch(a, f) and fnmatch(b, i) for a, b in found)} == set()
