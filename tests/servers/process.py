"""A server process that cannot outlive the tests: it dies with its parent, whatever ends that."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_RUNNING: set[ServerProcess] = set()


class ServerNotStarted(Exception):
    """The server ended or said nothing in time; carries the end of its log."""


class ServerProcess:
    """One started program, its log in a file. `stop` asks, then kills; `kill` is kill -9."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*_die_with_parent(), *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # a Ctrl-C at the test run reaches pytest, which stops us in order
            )
        _RUNNING.add(self)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def output(self) -> str:
        """What it has printed since this start."""
        with self.log.open("rb") as printed:
            printed.seek(self._log_start)
            return printed.read().decode(errors="replace")

    def wait_for(self, pattern: str, timeout_s: float) -> re.Match[str]:
        """The first match of the pattern in its output; ServerNotStarted when it ends or stays silent."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            ended = not self.is_running
            if found := re.search(pattern, self.output()):
                return found
            if ended:
                break
            time.sleep(0.05)
        tail = "\n".join(self.output().splitlines()[-15:])
        self.kill()
        raise ServerNotStarted(f"{pattern!r} did not appear in {self.log}:\n{tail}")

    def freeze(self) -> None:
        """SIGSTOP: it keeps its port and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def stop(self, patience_s: float = 10.0) -> None:
        """SIGTERM, then SIGKILL after the patience."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, to the process and what it started."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        _RUNNING.discard(self)

    def _signal(self, number: signal.Signals) -> None:
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _die_with_parent() -> list[str]:
    """A prefix that has the kernel kill the child when we die; nothing where util-linux is not there."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


@atexit.register
def _stop_all() -> None:
    for process in list(_RUNNING):
        process.kill()
