"""A real Prometheus on a free loopback port, with history written by promtool."""

from __future__ import annotations

import io
import json
import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.plant import write_history
from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer
from tests.servers.web import Got, ask

SCRAPE_INTERVAL_S = 5


def what_is_missing() -> str | None:
    """Why no Prometheus can be started here, or None."""
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found on PATH (Debian: apt-get install prometheus)" if absent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often, and with how many bytes, an API path was answered since the server started."""

    requests: int
    response_bytes: int


class PrometheusServer(RestartableServer):
    """One Prometheus, which can be emptied too."""

    def __init__(
        self,
        folder: Path,
        *,
        targets: Mapping[str, str] | None = None,
        machines: Mapping[str, str] | None = None,
        rules: str = "",
    ) -> None:
        """`targets` are jobs to scrape, name → host:port, `machines` those of exporters; `rules` a rule file's text."""
        super().__init__()
        self.folder = folder
        self.data = folder / "data"
        self._targets = dict(targets or {})
        self._machines = dict(machines or {})
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rules.yml").write_text(rules or "groups: []\n")
        self._write_config()

    @property
    def query_log(self) -> Path:
        """One JSON object a line for each query it has run."""
        return self.folder / "queries.log"

    # -- its life --------------------------------------------------------------------------------------------------

    def restart_empty(self) -> None:
        """Comes back on the same port with an empty disk."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        self.start()

    def _launched(self) -> ServerProcess:
        return ServerProcess(
            [
                "prometheus",
                f"--config.file={self.folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.data}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--storage.tsdb.retention.time=10y",
                "--web.enable-lifecycle",
                "--web.enable-admin-api",
                "--web.enable-remote-write-receiver",
            ],
            self.folder / "prometheus.out",
        )

    def _port_when_ready(self, process: ServerProcess) -> int:
        found = process.wait_for(r'msg="?Listening on"? address=[\d.]+:(\d+)', self.READY_WITHIN_S)
        process.wait_for("Server is ready to receive web requests", self.READY_WITHIN_S)
        return int(found[1])

    # -- its data --------------------------------------------------------------------------------------------------

    def write_blocks(self, openmetrics: str) -> None:
        """Adds history from OpenMetrics text; before `start`, or call `restart` to have it seen at once."""
        source = self.folder / "history.om"
        source.write_text(openmetrics)
        argv = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(self.data)]
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        source.unlink()
        if made.returncode:
            raise ValueError(f"promtool: {made.stderr.strip() or made.stdout.strip()}")

    def write_plant_history(self, *, hours: float = 2.0, step_s: float = 10.0, end_s: float | None = None) -> None:
        """Backfills the plant (benchmarks/plant.py), ending now unless `end_s` says otherwise."""
        end_s = math.floor(time.time() if end_s is None else end_s)
        text = io.StringIO()
        write_history(text, start_s=end_s - hours * 3600, end_s=end_s, step_s=step_s)
        self.write_blocks(text.getvalue())

    # -- what it says ----------------------------------------------------------------------------------------------

    def api(self, path: str, **params: str | list[str]) -> Got:
        """GET /api/v1/PATH, whatever the status."""
        return ask(f"{self.url}/api/v1/{path}", params=params)

    def query(self, expr: str, *, at_s: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query, as the API gives it."""
        at = {} if at_s is None else {"time": repr(at_s)}
        return list(self.api("query", query=expr, **at).json()["data"]["result"])

    def query_range(self, expr: str, *, start_s: float, end_s: float, step_s: float) -> list[dict[str, Any]]:
        """The result of a range query, as the API gives it."""
        span = {"start": repr(start_s), "end": repr(end_s), "step": repr(step_s)}
        return list(self.api("query_range", query=expr, **span).json()["data"]["result"])

    def label_values(self, label: str) -> list[str]:
        """Every value of a label."""
        return list(self.api(f"label/{label}/values").json()["data"])

    def wait_until(self, holds: Callable[[PrometheusServer], bool], timeout_s: float = 30.0) -> None:
        """Waits until something holds of it, e.g. that a first scrape has arrived."""
        deadline = time.monotonic() + timeout_s
        while not holds(self):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.url}: not true after {timeout_s} s")
            time.sleep(0.1)

    # -- what it was asked -----------------------------------------------------------------------------------------

    def count(self, path: str = "") -> Count:
        """Requests and response bytes of /api/v1/PATH (all of /api/v1 where empty), from its own counters."""
        text = ask(f"{self.url}/metrics").body.decode()
        handler = re.escape(f"/api/v1/{path}") + ("" if path else '[^"]*')
        return Count(
            requests=_total(text, "prometheus_http_request_duration_seconds_count", handler),
            response_bytes=_total(text, "prometheus_http_response_size_bytes_sum", handler),
        )

    def asked(self, expr: str | None = None) -> list[dict[str, Any]]:
        """The entries of the query log, oldest first; only those of one exact expression where it is given."""
        if not self.query_log.exists():
            return []
        entries = [json.loads(line) for line in self.query_log.read_text().splitlines() if line.endswith("}")]
        return [entry for entry in entries if expr is None or entry["params"]["query"] == expr]

    def _write_config(self) -> None:
        jobs = [_job(name, address) for name, address in self._targets.items()]
        jobs += [_machine(name, address) for name, address in self._machines.items()]
        config = {
            "global": {
                "scrape_interval": f"{SCRAPE_INTERVAL_S}s",
                "evaluation_interval": f"{SCRAPE_INTERVAL_S}s",
                "query_log_file": str(self.query_log),
            },
            "rule_files": [str(self.folder / "rules.yml")],
            "scrape_configs": jobs,
        }
        (self.folder / "prometheus.yml").write_text(json.dumps(config, indent=1))  # JSON is YAML


def _job(name: str, address: str) -> dict[str, Any]:
    """A job with honor_labels; series without an instance of their own get none, as in the backfilled history."""
    no_instance = {
        "source_labels": ["instance"],
        "regex": re.escape(address),
        "target_label": "instance",
        "replacement": "",
    }
    return {
        "job_name": name,
        "honor_labels": True,
        "static_configs": [{"targets": [address]}],
        "metric_relabel_configs": [no_instance],
    }


def _machine(name: str, address: str) -> dict[str, Any]:
    """A job as most people write it. Each second: a rate needs two scrapes, and tests wait for them."""
    return {
        "job_name": name,
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "static_configs": [{"targets": [address]}],
    }


def _total(metrics: str, name: str, handler: str) -> int:
    found = re.findall(rf'^{name}\{{handler="{handler}"\}} (\S+)', metrics, re.MULTILINE)
    return int(sum(map(float, found)))
