"""The command line: exit codes, words, and where they go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from opsdash.cli.arguments import COMMANDS, PLANNED
from opsdash.cli.failures import explain
from opsdash.cli.main import guarded
from opsdash.cli.version import VERSION
from opsdash.core.errors import ConfigInvalid, SecretMissing, SourceUnavailable

ROOT = Path(__file__).parents[2]
OPSDASH = [sys.executable, "-m", "opsdash"]


def run(*args: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*OPSDASH, *args], capture_output=True, text=True, check=False, timeout=60, **more)  # type: ignore[call-overload,no-any-return]


def test_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    shown = run("version")
    assert shown.stdout.startswith(f"opsdash {VERSION} (Python 3.")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert run("--version").stdout == shown.stdout


@pytest.mark.parametrize("args", [("version",), ("--help",), ("--version",), ("serve",), ("--nonsense",)])
def test_light_answers_import_nothing_heavy(args: tuple[str, ...]) -> None:
    script = (
        "import sys\nfrom opsdash.cli.main import main\n"
        f"main({list(args)!r})\n"
        "heavy = {'textual', 'rich', 'numpy', 'pydantic', 'yaml', 'httpx', 'asyncio', 'elasticsearch', 'logging'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_help_names_every_command_and_goes_to_stdout() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for name in COMMANDS:
        assert f"opsdash {name}" in done.stdout


@pytest.mark.parametrize("name", PLANNED)
def test_a_command_of_a_later_version_says_so(name: str) -> None:
    done = run(name, "--whatever", "x")
    assert done.returncode == 64
    assert done.stderr == f"opsdash {name} is not there yet: see docs/roadmap.md\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--nonsense",), "--nonsense"),
        (("a.yaml", "b.yaml"), "b.yaml"),
        (("--var", "service", "x.yaml"), "NAME=VALUE"),
        (("--var", "1a=x", "x.yaml"), "NAME=VALUE"),
        (("--ascii", "--unicode"), "not allowed with"),
        (("--log-level", "loud"), "loud"),
        (("--ascii", "check"), "the command comes first"),
        (("chek",), "did you mean opsdash check?"),
        (("versoin",), "did you mean opsdash version?"),
        (("version", "now"), "now"),
        (("completion",), "SHELL"),
        (("completion", "powershell"), "powershell"),
    ],
)
def test_a_usage_error_is_64_and_says_what(args: tuple[str, ...], words: str) -> None:
    done = run(*args)
    assert done.returncode == 64
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_messages_of_a_pipe_go_to_stderr_and_name_what_to_use_instead(tmp_path: Path) -> None:
    done = run(str(tmp_path / "x.yaml"))
    assert done.returncode == 64
    assert done.stderr == (
        "opsdash: the dashboard needs a terminal and the output is not one; for a file or a pipe: opsdash once CONFIG\n"
    )


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m opsdash completion bash | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] in {"0", "141"}


def test_a_pipe_without_a_reader_is_silent() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*OPSDASH, "version"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("args", ["version", "--help", "completion bash"])
def test_a_full_disk_is_said(args: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m opsdash {args} >/dev/full"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 74
    assert done.stderr == "opsdash: the result could not be written: no space left on device\n"


def test_a_closed_stdout_is_said() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m opsdash version >&-"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 74
    assert "could not be written" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_other_closed_streams_do_not_matter(closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m opsdash version {closed}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("opsdash ")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigInvalid("a.yaml:1:1: one\nb.yaml:2:2: two"), 78, "opsdash: a.yaml:1:1: one\nb.yaml:2:2: two"),
        (SecretMissing("env:TOKEN is not set"), 78, "opsdash: env:TOKEN is not set"),
        (SourceUnavailable("prom did not answer\x1b[31m"), 3, "opsdash: prom did not answer␛[31m"),
        (
            FileNotFoundError(2, "No such file or directory", "x\n.yaml"),
            74,
            "opsdash: x␊.yaml: no such file or directory",
        ),
        (ExceptionGroup("g", [ExceptionGroup("h", [ConfigInvalid("no")])]), 78, "opsdash: no"),
        (MemoryError(), 70, "opsdash: out of memory; see docs/operations.md for what it needs"),
    ],
)
def test_errors_become_a_code_and_clean_words(error: Exception, code: int, text: str) -> None:
    assert explain(error) == (code, text)


def test_a_fault_of_our_own_is_one_line_and_its_traceback_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def fail() -> int:
        raise ZeroDivisionError

    assert guarded(fail) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    where = re.search(r"the traceback is in (.*)", said)
    assert where is not None
    log = Path(where[1])
    assert "ZeroDivisionError" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_is_130() -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert guarded(interrupted) == 130
