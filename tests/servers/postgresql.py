"""Debian's PostgreSQL on a free loopback port, with its data in a folder of its own.

`initdb` and `postgres` refuse to be root: as root they are run as the user `postgres`, or `nobody` where there is none.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer

_FOLDERS = Path("/usr/lib/postgresql")
_SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 50
shared_buffers = 16MB
fsync = off
autovacuum = off
log_min_messages = log
timezone = 'UTC'
log_timezone = 'UTC'
"""


def programs() -> Path | None:
    """The folder of the newest release that is here."""
    found = [path for path in _FOLDERS.glob("*/bin") if (path / "initdb").exists() and (path / "postgres").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def what_is_missing() -> str | None:
    """Why it cannot be started here, or None."""
    if programs() is None:
        debian = "Debian: apt-get install --no-install-recommends postgresql"
        return f"initdb and postgres not found in {_FOLDERS}/*/bin ({debian})"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "as root it needs setpriv (Debian: util-linux) to run as another user"
    return None


class PostgresServer(RestartableServer):
    """One with the superuser `ops` and the database `postgres`, which lets everybody on loopback in."""

    def __init__(self) -> None:
        """Its data is made here, which takes a second."""
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="opsdash-postgresql-"))
        self.data = self._folder / "data"
        _own(self._folder)
        self._bin = programs() or Path()
        options = ["--auth=trust", "--username=ops", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self.data), *options)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)

    def dsn(self, database: str = "postgres", user: str = "ops") -> str:
        """The address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints of it, without headings."""
        argv = [str(self._bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(database), "-c", statement]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout.strip()

    def stop(self) -> None:
        """SIGTERM would wait until every client has left; SIGINT sends them away."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGINT)
        super().stop()

    def freeze(self) -> None:
        """Its children are in sessions of their own."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on after `freeze`."""
        self._signal_all(signal.SIGCONT)

    def remove(self) -> None:
        """Stops it, and its data is gone."""
        self.thaw()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _launched(self) -> ServerProcess:
        with suppress(FileNotFoundError):  # of one that was killed
            (self.data / "postmaster.pid").unlink()
        if not self._port:
            self._port = _free_port()
        argv = [str(self._bin / "postgres"), "-D", str(self.data), "-p", str(self._port), "-k", str(self._folder)]
        return ServerProcess([*_as_its_user(), *argv], self._folder / "log")

    def _port_when_ready(self, process: ServerProcess) -> int:
        process.wait_for("database system is ready to accept connections", self.READY_WITHIN_S)
        return self._port

    def _run(self, program: str, *words: str) -> None:
        argv = [*_as_its_user(), str(self._bin / program), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self._folder)
        assert done.returncode == 0, done.stderr

    def _signal_all(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        for pid in (process.pid, *_children(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if re.sub(r".*\) \S ", "", stat.read_text()).split()[0] == str(parent):
                found.append(int(stat.parent.name))
    return found


def _user() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _as_its_user() -> Sequence[str]:
    if os.geteuid() != 0:
        return ()
    group = pwd.getpwnam(_user()).pw_gid
    return ("setpriv", f"--reuid={_user()}", f"--regid={group}", "--clear-groups", "--pdeathsig", "KILL", "--")


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, _user())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
