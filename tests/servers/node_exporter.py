"""Debian's node_exporter on a free loopback port: the real metrics of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer

_PROGRAM = "prometheus-node-exporter"
_COLLECTORS = ("cpu", "filesystem", "loadavg", "meminfo", "netdev", "stat", "uname")
"""Those that the sample asks for. Each reads only what a container without privileges may read as well."""


def what_is_missing() -> str | None:
    """Why it cannot be started here, or None."""
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} not found on PATH (Debian: apt-get install --no-install-recommends {_PROGRAM})"
    return None


class NodeExporter(RestartableServer):
    """What it says of this machine; a Prometheus scrapes it (`PrometheusServer(machines=…)`)."""

    def __init__(self, folder: Path) -> None:
        """`folder` takes its log."""
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "node_exporter.out"

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    def _launched(self) -> ServerProcess:
        return ServerProcess(
            [
                _PROGRAM,
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--collector.disable-defaults",
                *(f"--collector.{name}" for name in _COLLECTORS),
                "--collector.netdev.device-exclude=^$",  # a container without a network has its loopback only
            ],
            self._log,
        )

    def _port_when_ready(self, process: ServerProcess) -> int:
        return int(process.wait_for(r'msg="?Listening on"? address=[\d.]+:(\d+)', self.READY_WITHIN_S)[1])
