"""However it ends, the terminal is as it was, the exit code says why, and nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.programs import OPSDASH, SHOWN, UNREACHABLE, dashboard, home, write
from tests.e2e.tty import Tty, plain_environment

SOON_S = 5.0
"""Generous for a machine that does other things; alone it is below one second."""


def assert_as_it_was(tty: Tty) -> None:
    assert tty.left_on() == []
    assert tty.settings_now() == tty.settings
    assert b"Traceback" not in tty.output


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "(zombie)" not in Path(f"/proc/{pid}/status").read_text()


def children_of(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


ENDINGS: dict[str, tuple[Callable[[Tty], None], int]] = {
    "q": (lambda tty: tty.send("q"), 0),
    "Ctrl-C": (lambda tty: tty.send("\x03"), 130),
    "SIGINT": (lambda tty: tty.signal(signal.SIGINT), 130),
    "SIGINT twice": (lambda tty: (tty.signal(signal.SIGINT), tty.signal(signal.SIGINT))[0], 130),
    "SIGTERM": (lambda tty: tty.signal(signal.SIGTERM), 143),
    "SIGTERM twice": (lambda tty: (tty.signal(signal.SIGTERM), tty.signal(signal.SIGTERM))[0], 143),
    "SIGHUP": (lambda tty: tty.signal(signal.SIGHUP), 129),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_it_leaves_the_terminal_as_it_was(tmp_path: Path, how: str) -> None:
    act, code = ENDINGS[how]
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        assert tty.settings_now() != tty.settings
        act(tty)
        assert tty.wait(SOON_S) == code
        assert_as_it_was(tty)


@pytest.mark.parametrize("how", ["q", "SIGTERM"])
def test_nothing_is_left_running(tmp_path: Path, how: str) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        children = children_of(tty.process.pid)
        ENDINGS[how][0](tty)
        tty.wait(SOON_S)
        assert not [child for child in children if alive(child)]


@pytest.mark.parametrize("ignored", [False, True], ids=["", "SIGHUP ignored"])
def test_a_terminal_that_is_closed_ends_it(tmp_path: Path, ignored: bool) -> None:
    around = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh") if ignored else ()
    with dashboard(tmp_path, around=around) as tty:
        tty.wait_for(SHOWN)
        tty.hang_up()
        assert tty.process.wait(SOON_S) == 129


def test_an_end_of_file_of_the_terminal_ends_it(tmp_path: Path) -> None:
    """With SIGHUP blocked for good, reading is what tells that the terminal is gone."""
    blocked = "import os, signal, sys; signal.pthread_sigmask(0, [signal.SIGHUP]); os.execv(sys.argv[1], sys.argv[1:])"
    with dashboard(tmp_path, around=(OPSDASH[0], "-c", blocked)) as tty:
        tty.wait_for(SHOWN)
        tty.hang_up()
        assert tty.process.wait(SOON_S) == 129


def test_a_signal_before_anything_is_drawn_ends_it(tmp_path: Path) -> None:
    for delay_s in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7):
        with dashboard(tmp_path) as tty:
            time.sleep(delay_s)
            tty.signal(signal.SIGTERM)
            assert tty.process.wait(SOON_S) in {143, -signal.SIGTERM}
            tty.wait(SOON_S)
            assert_as_it_was(tty)


def test_a_terminal_that_does_not_read_cannot_keep_it(tmp_path: Path) -> None:
    with dashboard(tmp_path, size=(300, 100)) as tty:
        tty.wait_for(SHOWN)
        tty.stop_reading()
        for _ in range(30):
            tty.send("\x0c")
            time.sleep(0.02)
        tty.signal(signal.SIGTERM)
        assert tty.process.wait(SOON_S) == 143
        tty.read_again()
        tty.wait_until(lambda: not tty.left_on(), "the terminal is given back")
        assert tty.settings_now() == tty.settings


def test_kill_9_leaves_a_terminal_that_reset_mends(tmp_path: Path) -> None:
    """Nothing of ours stays on the terminal's own description that `reset` does not know."""
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.process.kill()
        tty.process.wait(SOON_S)
        flags = subprocess.run(
            ["python3", "-c", "import fcntl, os; print(fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK)"],
            stdin=tty.slave,
            capture_output=True,
            text=True,
            check=True,
        )
        assert flags.stdout.strip() == "0"
        subprocess.run(["stty", "sane"], stdin=tty.slave, check=True)
        assert tty.settings_now()[3] == tty.settings[3]


def changed(folder: Path, *lines: str) -> Tty:
    """The dashboard with a fault put into it."""
    program = folder / "program.py"
    program.write_text("\n".join(["import sys", *lines, "from opsdash.cli.main import main", "sys.exit(main())"]))
    return Tty([OPSDASH[0], str(program), str(write(folder))], env=home(folder), cwd=folder)


FAULTS = {
    "a key": (
        "from opsdash.ui import session",
        "def pressed(self, key): raise ZeroDivisionError('secret-value')",
        "session.Session.pressed = pressed",
    ),
    "the engine": (
        "import asyncio",
        "from opsdash.engine import engine",
        "async def run(self):\n    await asyncio.sleep(2)\n    raise ZeroDivisionError('secret-value')",
        "engine.Engine.run = run",
    ),
    "the reload": (
        "import asyncio",
        "from opsdash.cli import reload",
        "async def run(self):\n    await asyncio.sleep(2)\n    raise ZeroDivisionError('secret-value')",
        "reload.ConfigWatcher.run = run",
    ),
}


@pytest.mark.parametrize("where", FAULTS)
def test_a_fault_of_its_own_gives_the_terminal_back_and_says_where_the_log_is(tmp_path: Path, where: str) -> None:
    with changed(tmp_path, *FAULTS[where]) as tty:
        tty.wait_for("Golden signals")
        tty.send("j")
        assert tty.wait(SOON_S) == 70
        assert_as_it_was(tty)
        said = tty.output.decode().rpartition("\x1b[?25h")[2]
        found = re.fullmatch(r"opsdash: stopped by a fault of its own; the traceback is in (.+)\r\n", said)
        assert found is not None, said
        assert "ZeroDivisionError: secret-value" in Path(found[1]).read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_program_that_hangs_is_ended_by_a_signal_and_gives_the_terminal_back(tmp_path: Path, number: int) -> None:
    hang = (
        "import time",
        "from opsdash.ui import session",
        "session.Session.pressed = lambda self, key: time.sleep(1000)",
    )
    with changed(tmp_path, *hang) as tty:
        tty.wait_for(SHOWN)
        tty.send("j")
        time.sleep(0.5)
        tty.signal(number)
        assert tty.wait(SOON_S) == 128 + number
        assert_as_it_was(tty)


def test_a_name_lookup_that_hangs_cannot_keep_it(tmp_path: Path) -> None:
    stuck = (
        "import socket, time",
        "socket.getaddrinfo = lambda *args, **kwargs: time.sleep(1000)",
    )
    with changed(tmp_path, *stuck) as tty:
        (tmp_path / "opsdash.yaml").write_text(UNREACHABLE.replace("127.0.0.1:9", "prometheus.invalid:9"))
        tty.wait_for("Golden signals")
        time.sleep(1.5)
        tty.send("q")
        assert tty.wait(SOON_S) == 0
        assert_as_it_was(tty)


def test_without_a_terminal_it_says_what_to_use(tmp_path: Path) -> None:
    path = write(tmp_path)
    env = plain_environment(home(tmp_path))
    with Tty(["sh", "-c", '"$@" </dev/null', "sh", *OPSDASH, str(path)], env=home(tmp_path)) as tty:
        assert tty.wait(SOON_S) == 64
        assert "the input is not one" in tty.text
        assert "opsdash once" in tty.text
    with Tty(["sh", "-c", '"$@" | cat; exit 7', "sh", *OPSDASH, str(path)], env=home(tmp_path)) as tty:
        assert tty.wait(SOON_S) == 7
        assert "the output is not one" in tty.text
    done = subprocess.run(
        ["setsid", *OPSDASH, str(path)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 64
    assert os.linesep.join(done.stderr.splitlines()).count("\n") == 0


def test_nohup_says_what_to_use(tmp_path: Path) -> None:
    with Tty(["nohup", *OPSDASH, str(write(tmp_path))], env=home(tmp_path), cwd=tmp_path) as tty:
        assert tty.wait(SOON_S) == 64
    assert "opsdash once" in (tmp_path / "nohup.out").read_text()
