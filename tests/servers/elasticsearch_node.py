"""A real Elasticsearch 8.19.21 on a free loopback port, built by scripts/build-elasticsearch."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from tests.servers import shop_logs
from tests.servers.process import ServerProcess
from tests.servers.restartable import RestartableServer
from tests.servers.web import Got, ask

_BUILD = Path(__file__).parents[2] / "scripts" / "build-elasticsearch"
_BULK = 5000


def built_folder(*, build: bool = True) -> Path | str:
    """Where the server is; builds it first where `build` says so and it is not there. A text says why it cannot be."""
    argv = [str(_BUILD)] if build else [str(_BUILD), "--folder"]
    made = subprocess.run(argv, capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return Path(made.stdout.strip())
    return made.stderr.strip().rpartition("\n")[2] or "not built: run scripts/build-elasticsearch"


class ElasticsearchServer(RestartableServer):
    """One node."""

    READY_WITHIN_S = 90.0

    def __init__(self, program: Path, folder: Path) -> None:
        """`program` is what `built_folder` gave; `folder` takes data and log."""
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._program = program

    # -- its life --------------------------------------------------------------------------------------------------

    def _launched(self) -> ServerProcess:
        argv = [str(self._program / "run"), str(self.port), str(self.folder / "node")]
        return ServerProcess(argv, self.folder / "elasticsearch.out")

    def _port_when_ready(self, process: ServerProcess) -> int:
        port = int(process.wait_for(r"ready on http://[\d.]+:(\d+)", self.READY_WITHIN_S)[1])
        ask(f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=30s")
        return port

    # -- its data --------------------------------------------------------------------------------------------------

    def create_index(self, index: str, mappings: Mapping[str, Any] | None = None) -> None:
        """Makes an index with one shard and no replica; the mappings are those of `shop_logs` unless given."""
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "1s"}
        body = {"settings": settings, "mappings": dict(shop_logs.MAPPINGS if mappings is None else mappings)}
        self._ok(self.api("PUT", f"/{index}", body))

    def delete_index(self, index: str) -> None:
        """Deletes it, if it is there."""
        self.api("DELETE", f"/{index}?ignore_unavailable=true")

    def add(self, index: str, documents: Iterable[Mapping[str, Any]], *, refresh: bool = True) -> int:
        """Indexes the documents through _bulk and gives their number; they can be searched at once."""
        added, rest = 0, iter(documents)
        while chunk := list(islice(rest, _BULK)):
            lines = (f'{{"index":{{}}}}\n{json.dumps(document)}\n' for document in chunk)
            path = f"{self.url}/{index}/_bulk?refresh={str(refresh).lower()}"
            body = "".join(lines).encode()
            answer = self._ok(ask(path, body=body, content_type="application/x-ndjson", timeout_s=120))
            if answer["errors"]:
                failed = next(item["index"]["error"] for item in answer["items"] if "error" in item["index"])
                raise ValueError(f"{index}: {failed}")
            added += len(chunk)
        return added

    def refresh(self, index: str) -> None:
        """Makes everything that was indexed searchable."""
        self._ok(self.api("POST", f"/{index}/_refresh"))

    # -- what it says ----------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: Any = None) -> Got:
        """Any request, whatever the status."""
        return ask(self.url + path, method=method, body=None if body is None else json.dumps(body).encode())

    def search(self, index: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of _search."""
        return self._ok(self.api("POST", f"/{index}/_search", body))

    def matching(self, index: str, query: str = "*") -> int:
        """How many documents match a query_string."""
        body = {"query": {"query_string": {"query": query}}}
        return int(self._ok(self.api("POST", f"/{index}/_count", body))["count"])

    def esql(self, query: str) -> dict[str, Any]:
        """The answer of an ES|QL query: `columns` and `values`."""
        return self._ok(self.api("POST", "/_query", {"query": query}))

    @staticmethod
    def _ok(got: Got) -> dict[str, Any]:
        if got.status >= 300:
            raise ValueError(f"{got.status}: {got.body.decode(errors='replace')[:2000]}")
        answer: dict[str, Any] = got.json()
        return answer
