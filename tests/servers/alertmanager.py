"""Debian's Alertmanager on a free loopback port, alone or as a member of a cluster."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer

_PROGRAM = "prometheus-alertmanager"
_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def what_is_missing() -> str | None:
    """Why it cannot be started here, or None."""
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} not found on PATH (Debian: apt-get install --no-install-recommends {_PROGRAM})"
    return None


class AlertmanagerServer(RestartableServer):
    """One that tells nobody."""

    def __init__(self, folder: Path) -> None:
        """`folder` takes its configuration, state and log."""
        super().__init__()
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
                "--cluster.listen-address=",
            ],
            self._folder / "alertmanager.out",
        )

    def _port_when_ready(self, process: ServerProcess) -> int:
        return int(process.wait_for(r'msg="?Listening on"? address=[\d.]+:(\d+)', self.READY_WITHIN_S)[1])
