"""The wheel is all that is needed: installed into an empty environment, it runs from any folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(argv: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program with nothing in its environment that could lend it this checkout."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "OPSDASH"))}
    return subprocess.run([*map(str, argv)], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def uv(*arguments: str | Path) -> None:
    """The pinned uv, with the settings of this project; from its cache, and where that is not enough from outside."""
    argv = [Path(sys.executable).with_name("uv"), *arguments]
    done = run([*argv, "--offline"], ROOT)
    if done.returncode:
        done = run(argv, ROOT)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], ROOT)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("opsdash-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel and what it names, at the pinned versions."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    uv("venv", "-q", "--no-project", "--python", sys.executable, folder)
    constraint = ROOT / "requirements" / "dev.txt"
    uv("pip", "install", "-q", "--python", folder / "bin" / "python", "--constraint", constraint, wheel)
    return folder / "bin"


def files_below(folder: Path) -> set[str]:
    """What is committed there, as names relative to it."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")}


@pytest.mark.parametrize(
    ("folder", "inside"), [("themes", "themes"), ("sample_configs", "sample_configs"), ("opsdash/packs", "packs")]
)
def test_it_carries_themes_sample_configs_and_packs(wheel: Path, folder: str, inside: str) -> None:
    wanted = {f"opsdash/{inside}/{name}" for name in files_below(ROOT / folder) if "__pycache__" not in name}
    with zipfile.ZipFile(wheel) as archive:
        assert wanted <= set(archive.namelist())


def test_it_carries_styles_and_every_module_and_no_tests(wheel: Path) -> None:
    sources = {f"opsdash/{name}" for name in files_below(ROOT / "opsdash") if not name.endswith(".pyc")}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert sources <= names
    assert {name for name in names if not name.startswith(("opsdash/", "opsdash-"))} == set()


def test_version_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    said = run([installed / "opsdash", "version"], tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("opsdash ")


def test_every_shipped_sample_config_is_good(installed: Path, tmp_path: Path) -> None:
    found = run([installed / "python", "-c", "import opsdash; print(opsdash.__path__[0])"], tmp_path)
    package = Path(found.stdout.strip())
    assert package.is_relative_to(installed.parent)
    samples = sorted((package / "sample_configs").glob("*.yaml"))
    assert samples
    for sample in samples:
        copied = shutil.copy(sample, tmp_path)
        checked = run([installed / "opsdash", "check", copied], tmp_path)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_unknown_theme_is_answered_with_the_shipped_ones(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "opsdash.yaml"
    config.write_text("version: 1\ntheme: no-such-theme\ndashboards: []\n")
    checked = run([installed / "opsdash", "check", config], tmp_path)
    assert checked.returncode == 78, checked.stdout + checked.stderr
    assert "default" in checked.stdout + checked.stderr
