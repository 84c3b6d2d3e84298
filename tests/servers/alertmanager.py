"""Debian's Alertmanager on a free loopback port, alone or as a member of a cluster."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer

_PROGRAM = "prometheus-alertmanager"
_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
_ALONE = ["--cluster.listen-address="]


def what_is_missing() -> str | None:
    """Why it cannot be started here, or None."""
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} not found on PATH (Debian: apt-get install --no-install-recommends {_PROGRAM})"
    return None


def free_port() -> int:
    """One for a member of a cluster to listen on, which has to be known before it starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AlertmanagerServer(RestartableServer):
    """One that tells nobody."""

    def __init__(self, folder: Path, *, cluster_port: int = 0, peers: tuple[int, ...] = ()) -> None:
        """`folder` takes its configuration, state and log; with a `cluster_port` it joins those of `peers`."""
        super().__init__()
        self._cluster = [f"--cluster.listen-address=127.0.0.1:{cluster_port}"] if cluster_port else _ALONE
        self._cluster = [*self._cluster, *(f"--cluster.peer=127.0.0.1:{port}" for port in peers)]
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        (folder / "alertmanager.yml").write_text(_CONFIG)

    def _launched(self) -> ServerProcess:
        return ServerProcess(
            [
                _PROGRAM,
                f"--config.file={self._folder / 'alertmanager.yml'}",
                f"--storage.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                *self._cluster,
            ],
            self._folder / "alertmanager.out",
        )

    def _port_when_ready(self, process: ServerProcess) -> int:
        return int(process.wait_for(r'msg="?Listening on"? address=[\d.]+:(\d+)', self.READY_WITHIN_S)[1])
