"""Completion, tried in the shells that are here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opsdash.cli.arguments import COMMANDS

OPSDASH = f"{sys.executable} -m opsdash"


def complete(line: str, folder: Path) -> list[str]:
    """What bash offers for a line whose cursor is at its end."""
    script = f"""
source <({OPSDASH} completion bash)
COMP_WORDS=({line}); [[ "{line}" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_opsdash
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=folder)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [
        ("opsdash ", {"check", "once", "shop.yaml"}, {"--json"}),
        ("opsdash ch", {"check"}, {"once", "shop.yaml"}),
        ("opsdash --th", {"--theme"}, {"--ascii"}),
        ("opsdash once --f", {"--format"}, {"--var"}),
        ("opsdash once --format ", {"text", "json", "svg"}, {"shop.yaml"}),
        ("opsdash once sh", {"shop.yaml"}, set()),
        ("opsdash query --format ", {"csv"}, {"svg"}),
        ("opsdash completion ", {"bash", "zsh", "fish"}, {"shop.yaml"}),
        ("opsdash --log-level ", {"debug"}, {"shop.yaml"}),
        ("opsdash shop.yaml --th", {"--theme"}, {"check"}),
        ("opsdash version ", set(), {"shop.yaml"}),
    ],
)
def test_bash_offers(tmp_path: Path, line: str, offered: set[str], not_offered: set[str]) -> None:
    (tmp_path / "shop.yaml").write_text("")
    found = set(complete(line, tmp_path))
    assert offered <= found
    assert not not_offered & found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_in_the_script(shell: str) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "opsdash", "completion", shell], capture_output=True, text=True, check=True
    )
    for command in COMMANDS.values():
        assert command.name in script.stdout
    for option in ("theme", "ascii", "var", "format", "live"):
        assert option in script.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_accepts_its_script(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    script = tmp_path / "completion"
    script.write_text(
        subprocess.run(
            [sys.executable, "-m", "opsdash", "completion", shell], capture_output=True, text=True, check=True
        ).stdout
    )
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
