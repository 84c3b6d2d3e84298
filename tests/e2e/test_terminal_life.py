"""While it runs: job control, sizes, slow and odd terminals, and hosts that lack something."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.programs import SHOWN, UNREACHABLE, dashboard, home, write
from tests.e2e.tty import Tty

SOON_S = 5.0


def state(tty: Tty) -> str:
    """`S` sleeping, `T` stopped, …"""
    return Path(f"/proc/{tty.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def shell(folder: Path, **more: str) -> Tty:
    """An interactive shell with job control, as after a login."""
    tty = Tty(["bash", "--norc", "--noprofile", "-i"], env={**home(folder), "PS1": "shell> ", **more}, cwd=folder)
    tty.wait_for("shell> ")
    return tty


# Job control


@pytest.mark.parametrize("how", ["Ctrl-Z", "SIGTSTP", "SIGSTOP"])
def test_it_sleeps_and_comes_back_painted(tmp_path: Path, how: str) -> None:
    write(tmp_path)
    with shell(tmp_path) as tty:
        tty.send(f"{sys.executable} -m opsdash opsdash.yaml\r")
        tty.wait_for(SHOWN)
        if how == "Ctrl-Z":
            tty.send("\x1a")
        else:
            child = Path(f"/proc/{tty.process.pid}/task/{tty.process.pid}/children").read_text().split()[0]
            os.kill(int(child), signal.SIGTSTP if how == "SIGTSTP" else signal.SIGSTOP)
        tty.wait_until(lambda: b"Stopped" in tty.output, "the shell says that it is stopped")
        if how != "SIGSTOP":
            assert tty.left_on() == ["bracketed paste"] or tty.left_on() == []
        tty.send("clear; echo in the meantime\r")
        tty.wait_for("(?m)^in the meantime")
        tty.send("fg\r")
        tty.wait_for(SHOWN)
        tty.wait_for("Requests")
        tty.wait_until(lambda: "in the meantime" not in tty.text, "all of the window is painted again")
        tty.send("2")
        tty.wait_for("nothing to see here")
        tty.send("q")
        tty.wait_until(lambda: tty.output.rstrip().endswith(b"shell>"), "the shell has the terminal again")
        tty.send("clear; stty -a\r")
        tty.wait_for(r"(?s)\bicanon\b.*\becho\b")
        assert [mode for mode in tty.left_on() if mode != "bracketed paste"] == []


def test_in_the_background_it_leaves_the_shell_in_peace_and_comes_back(tmp_path: Path) -> None:
    write(tmp_path)
    with shell(tmp_path) as tty:
        tty.send(f"{sys.executable} -m opsdash opsdash.yaml\r")
        tty.wait_for(SHOWN)
        tty.send("\x1a")
        tty.wait_until(lambda: b"Stopped" in tty.output, "the shell says that it is stopped")
        tty.send("clear; bg; echo in the meantime\r")
        tty.wait_for("(?m)^in the meantime")
        time.sleep(1)
        tty.send("echo still $((40+2))\r")
        tty.wait_for("(?m)^still 42")
        assert "Shop" not in tty.text
        tty.send("fg\r")
        tty.wait_for(SHOWN)
        tty.send("q")
        tty.wait_until(lambda: tty.output.rstrip().endswith(b"shell>"), "the shell has the terminal again")


@pytest.mark.parametrize("sleeping", [True, False], ids=["stopped", "in the background"])
def test_a_signal_ends_it_also_when_it_sleeps(tmp_path: Path, sleeping: bool) -> None:
    write(tmp_path)
    with shell(tmp_path) as tty:
        tty.send(f"{sys.executable} -m opsdash opsdash.yaml\r")
        tty.wait_for(SHOWN)
        tty.send("\x1a")
        tty.wait_until(lambda: b"Stopped" in tty.output, "the shell says that it is stopped")
        # -f: a plain `wait` is content with a job that is still stopped
        tty.send(
            "clear; kill %1; wait -f %1; echo code $?\r"
            if sleeping
            else "clear; bg; kill %1; wait -f %1; echo code $?\r"
        )
        tty.wait_for("(?m)^code 143")


def test_ctrl_z_where_no_shell_could_wake_it_goes_on(tmp_path: Path) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.send("\x1a")
        time.sleep(0.5)
        tty.send("2")
        tty.wait_for("nothing to see here")
        assert state(tty) != "T"
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


# Sizes


def test_a_resize_storm_ends_in_the_last_size(tmp_path: Path) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        for number in range(500):
            tty.resize(60 + number % 90, 20 + number % 40)
        tty.resize(100, 30)
        tty.wait_until(lambda: "quit" in tty.lines[-1] or "help" in tty.lines[-1], "the footer is in the last line")
        assert all(len(line.rstrip()) <= 100 for line in tty.lines)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (39, 11), (500, 200)], ids=str)
def test_any_window_is_lived_with(tmp_path: Path, size: tuple[int, int]) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.resize(*size)
        time.sleep(0.5)
        tty.send("2jv\x1b[A")
        time.sleep(0.3)
        tty.resize(120, 34)
        tty.wait_for(r"Shop › ")
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


@pytest.mark.parametrize("size", [(1, 1), (20, 4), (80, 24), (500, 200)], ids=str)
def test_any_window_can_be_started_in(tmp_path: Path, size: tuple[int, int]) -> None:
    with dashboard(tmp_path, size=size) as tty:
        tty.wait_until(lambda: b"\x1b[?1049h" in tty.output, "it draws")
        time.sleep(0.7)
        tty.signal(signal.SIGTERM)
        assert tty.wait(SOON_S) == 143
        assert tty.left_on() == []


def test_a_window_that_is_too_small_says_so(tmp_path: Path) -> None:
    with dashboard(tmp_path, size=(30, 8)) as tty:
        tty.wait_for("the window is 30×8; opsdash")
        tty.send("q")
        assert tty.wait(SOON_S) == 0


def test_a_forgotten_columns_variable_does_not_fix_the_size(tmp_path: Path) -> None:
    with dashboard(tmp_path, size=(150, 40), env={"COLUMNS": "80", "LINES": "24"}) as tty:
        tty.wait_for(SHOWN)
        tty.wait_until(lambda: max(len(line.rstrip()) for line in tty.lines) > 80, "the whole width is used")


# Terminals that read slowly


def test_a_terminal_that_does_not_read_costs_no_memory_and_keys_still_work(tmp_path: Path) -> None:
    with dashboard(tmp_path, size=(250, 80)) as tty:
        tty.wait_for(SHOWN)
        tty.stop_reading()
        before = tty.memory_mb()
        for number in range(300):
            tty.send("\x0c12?\x1b"[number % 5])
            time.sleep(0.01)
        time.sleep(1)
        assert tty.memory_mb() < before + 10
        tty.send("\x1b\x1b2")
        tty.read_again()
        tty.wait_for("nothing to see here")
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


def test_a_terminal_at_one_kilobyte_a_second_is_never_far_behind(tmp_path: Path) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.stop_reading()
        for _ in range(20):
            tty.send("\x0c")
            tty.read_slowly(100)
            time.sleep(0.1)
        tty.signal(signal.SIGTERM)
        assert tty.process.wait(SOON_S) == 143


def test_it_does_not_spin_on_a_terminal_that_does_not_read(tmp_path: Path) -> None:
    with dashboard(tmp_path, size=(200, 60)) as tty:
        tty.wait_for("refused")
        tty.stop_reading()
        tty.send("\x0c\x0c\x0c")
        time.sleep(1)
        before = tty.cpu_s()
        time.sleep(4)
        assert tty.cpu_s() - before < 2.0
        tty.read_again()


# Kinds of terminals


@pytest.mark.parametrize(
    "term",
    [
        "xterm",
        "xterm-256color",
        "screen",
        "screen-256color",
        "tmux-256color",
        "linux",
        "vt100",
        "rxvt-unicode",
        "nonsense",
    ],
)
def test_it_works_on(tmp_path: Path, term: str) -> None:
    with dashboard(tmp_path, env={"TERM": term}) as tty:
        tty.wait_for(SHOWN)
        tty.send("2")
        tty.wait_for("nothing to see here")
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


@pytest.mark.parametrize(("term", "words"), [("dumb", "TERM=dumb"), ("", "TERM is not set")])
def test_a_terminal_that_cannot_be_drawn_on_is_refused(tmp_path: Path, term: str, words: str) -> None:
    with dashboard(tmp_path, env={"TERM": term}) as tty:
        assert tty.wait(SOON_S) == 64
        assert words in tty.text
        assert b"\x1b" not in tty.output


def test_a_plain_terminal_is_asked_nothing(tmp_path: Path) -> None:
    with dashboard(tmp_path, env={"TERM": "vt100"}) as tty:
        tty.wait_for(SHOWN)
        assert b"$p" not in tty.output


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": ""}, {"LANG": "C"}, {"LANG": "en_US.ISO-8859-1"}],
    ids=lambda env: "-".join(map("=".join, env.items())),
)
def test_without_utf8_only_ascii_is_written(tmp_path: Path, env: dict[str, str]) -> None:
    with dashboard(tmp_path, env=env) as tty:
        tty.wait_for("Golden signals")
        tty.wait_for("Requests")
        tty.send("?")
        time.sleep(0.3)
        tty.send("\x1b")
        time.sleep(0.3)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.output.isascii()


@pytest.mark.parametrize(
    ("args", "env", "ascii_only"),
    [
        (("--ascii",), {}, True),
        (("--unicode",), {"LC_ALL": "C"}, False),
        ((), {"LC_ALL": "en_US.utf8"}, False),
    ],
)
def test_what_is_asked_for_wins_over_the_locale(
    tmp_path: Path, args: tuple[str, ...], env: dict[str, str], ascii_only: bool
) -> None:
    with dashboard(tmp_path, *args, env=env) as tty:
        tty.wait_for("Requests")
        assert tty.output.isascii() == ascii_only


def test_no_color_means_none(tmp_path: Path) -> None:
    with dashboard(tmp_path, env={"NO_COLOR": "1"}) as tty:
        tty.wait_for(SHOWN)
        tty.wait_for("refused")
        codes = {code for found in re.findall(rb"\x1b\[([\d;]*)m", tty.output) for code in found.split(b";")}
        assert not {code for code in codes if code[:1] in (b"3", b"4", b"9") and len(code) > 1} - {b"39", b"49"}


# Hosts that lack something


def test_sixty_four_descriptors_are_enough(tmp_path: Path) -> None:
    with dashboard(tmp_path, around=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh")) as tty:
        tty.wait_for("refused")
        tty.send("q")
        assert tty.wait(SOON_S) == 0


@pytest.mark.parametrize(
    "env",
    [{"HOME": "/nonexistent"}, {"HOME": ""}, {"XDG_RUNTIME_DIR": ""}, {"HOME": "/proc"}, {"TMPDIR": "/nonexistent"}],
    ids=lambda env: "-".join(map("=".join, env.items())),
)
def test_no_home_is_said_where_it_matters_and_it_runs(tmp_path: Path, env: dict[str, str]) -> None:
    with dashboard(tmp_path, env={"XDG_STATE_HOME": "", **env}) as tty:
        tty.wait_for(SHOWN)
        if "HOME" in env and os.geteuid() != 0:
            tty.wait_for("no log: ")
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert b"Traceback" not in tty.output


def test_a_log_on_a_full_disk_is_said_and_it_runs(tmp_path: Path) -> None:
    with dashboard(tmp_path, "--log-file", "/dev/full") as tty:
        tty.wait_for("no log: /dev/full cannot be written")
        tty.wait_for(SHOWN)
        tty.send("q")
        assert tty.wait(SOON_S) == 0


def test_a_strict_umask_changes_nothing(tmp_path: Path) -> None:
    with dashboard(tmp_path, around=("sh", "-c", 'umask 077; exec "$@"', "sh")) as tty:
        tty.wait_for(SHOWN)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
    assert (tmp_path / ".local/state/opsdash/opsdash.log").stat().st_mode & 0o777 == 0o600


def test_closed_stderr_changes_nothing(tmp_path: Path) -> None:
    with dashboard(tmp_path, around=("sh", "-c", 'exec "$@" 2>&-', "sh")) as tty:
        tty.wait_for(SHOWN)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


def test_messages_of_libraries_never_reach_the_screen(tmp_path: Path) -> None:
    with dashboard(tmp_path, "--log-level", "debug", env={"PYTHONWARNINGS": "always", "PYTHONDEVMODE": "1"}) as tty:
        tty.wait_for("refused")
        tty.send("\x0c")
        time.sleep(0.5)
        assert "Warning" not in tty.text
        tty.send("q")
        assert tty.wait(SOON_S) == 0


# Terminals inside terminals


@pytest.mark.skipif(shutil.which("script") is None, reason="needs script (bsdutils)")
def test_inside_script(tmp_path: Path) -> None:
    path = write(tmp_path)
    command = f"{sys.executable} -m opsdash {path}"
    with Tty(["script", "-qec", command, str(tmp_path / "typescript")], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert tty.left_on() == []


def test_a_text_of_the_configuration_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    text = UNREACHABLE.replace('"nothing to see here"', '"\\e]0;owned\\a\\e[2J\\e[31mred"')
    with dashboard(tmp_path, text=text) as tty:
        tty.wait_for(SHOWN)
        tty.send("2")
        tty.wait_for("owned")
        assert b"\x1b]0;" not in tty.output
        assert b"\x1b[31mred" not in tty.output
