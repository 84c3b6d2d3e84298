"""Starts real servers with living data, runs opsdash on them, and stops all of it.

    scripts/real-demo                 the dashboard
    scripts/real-demo --serve-only    only the servers: prints their URLs and the configuration, until Ctrl-C

What it starts, on free loopback ports, with data in a temporary folder: the plant (benchmarks/plant.py), a Prometheus
with its last two hours that goes on scraping it, and an Elasticsearch with two hours of logs and a writer that goes on.
Every few minutes the writer has an incident of a minute. Without Elasticsearch it runs without logs, and says so.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from benchmarks.plant import Plant
from tests.servers import prometheus, shop_logs
from tests.servers.connections import RefusedPort
from tests.servers.elasticsearch_node import ElasticsearchServer, built_folder
from tests.servers.process import ServerNotStarted
from tests.servers.prometheus import PrometheusServer

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "sample_configs" / "everything.yaml"
INDEX = "logs-shop"
DOCUMENTS_A_SECOND = 4
BURST_FACTOR = 5
INCIDENT_EVERY_S, INCIDENT_LASTS_S = 240, 60


class Ended(Exception):
    """A signal asked us to end."""


def main(argv: list[str]) -> int:
    """The exit code is that of the dashboard."""
    parser = argparse.ArgumentParser(prog="scripts/real-demo", description="A dashboard on living, made-up data.")
    parser.add_argument("--serve-only", action="store_true", help="start the servers, print their URLs, wait")
    parser.add_argument("--hours", type=float, default=2.0, help="how much history there is")
    options, rest = parser.parse_known_args(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsdash-demo-")))
            return run(folder, stack, options, rest)
    except Ended:
        return 143
    except KeyboardInterrupt:
        return 130
    except ServerNotStarted as error:
        say(f"a server did not start: {error}")
        return 1


def run(folder: Path, stack: contextlib.ExitStack, options: argparse.Namespace, rest: list[str]) -> int:
    """Starts the servers into the stack and the dashboard on them."""
    if why := prometheus.what_is_missing():
        say(f"cannot run without Prometheus: {why}")
        return 1
    logs = launch_elasticsearch(folder, stack)  # a slow starter: Prometheus is made ready meanwhile
    metrics = start_prometheus(folder, stack, options.hours)
    if logs is not None:
        fill_elasticsearch(logs, stack, options.hours)
    config = folder / "everything.yaml"
    logs_url = logs.url if logs else stack.enter_context(RefusedPort()).url
    config.write_text(pointed(SAMPLE.read_text(), metrics.url, logs_url))
    if options.serve_only:
        print(f"prometheus     {metrics.url}")
        print(f"elasticsearch  {logs.url if logs else '-'}")
        print(f"config         {config}", flush=True)
        while True:
            signal.pause()
    return dashboard([sys.executable, "-m", "opsdash", str(config), *rest])


def start_prometheus(folder: Path, stack: contextlib.ExitStack, hours: float) -> PrometheusServer:
    """The plant, and a Prometheus with its history that goes on."""
    say("starting Prometheus with the history of a shop …")
    plant = Plant().start()
    stack.callback(plant.stop)
    server = PrometheusServer(folder / "prometheus", targets={"plant": plant.address})
    server.write_plant_history(hours=hours)
    stack.callback(server.stop)
    return server.start()


def launch_elasticsearch(folder: Path, stack: contextlib.ExitStack) -> ElasticsearchServer | None:
    """Elasticsearch, not ready yet; None, and a message, where it cannot be had."""
    program = built_folder()
    if isinstance(program, str):
        say(f"no Elasticsearch, so no logs: {program}")
        return None
    server = ElasticsearchServer(program, folder / "elasticsearch")
    stack.callback(server.stop)
    server.launch()
    return server


def fill_elasticsearch(server: ElasticsearchServer, stack: contextlib.ExitStack, hours: float) -> None:
    """The logs until now, and a writer that goes on."""
    say("starting Elasticsearch with its logs …")
    server.wait_until_ready()
    server.create_index(INDEX)
    now_s = time.time()
    server.add(INDEX, history(now_s, hours))
    halt = threading.Event()
    writer = threading.Thread(target=write_on, args=(server, now_s, halt), name="log writer", daemon=True)
    writer.start()
    stack.callback(writer.join)
    stack.callback(halt.set)


def is_incident(at_s: float) -> bool:
    """Whether something is broken then: a minute in every four."""
    return at_s % INCIDENT_EVERY_S < INCIDENT_LASTS_S


def second(at_s: int) -> Iterator[shop_logs.Document]:
    """The documents of one second; more of them, and worse ones, in an incident."""
    failing = is_incident(at_s)
    count = DOCUMENTS_A_SECOND * (BURST_FACTOR if failing and at_s % 10 < 3 else 1)
    for k in range(count):
        yield shop_logs.document(at_s + k / count, at_s * 97 + k, failing=failing)


def history(now_s: float, hours: float) -> Iterator[shop_logs.Document]:
    """Every document of the hours before."""
    for at_s in range(int(now_s - hours * 3600), int(now_s)):
        yield from second(at_s)


def write_on(server: ElasticsearchServer, since_s: float, halt: threading.Event) -> None:
    """Writes each second's documents once it is over, until halted; a server that is gone is tried again."""
    written_s = int(since_s)
    while not halt.wait(1.0):
        now_s = int(time.time())
        documents = [document for at_s in range(written_s, now_s) for document in second(at_s)]
        with contextlib.suppress(OSError, ValueError):
            server.add(INDEX, documents, refresh=False)
            written_s = now_s


def pointed(sample: str, prometheus_url: str, elasticsearch_url: str) -> str:
    """The sample configuration with the URLs of the servers that were started."""
    return sample.replace("http://127.0.0.1:9090", prometheus_url).replace("http://127.0.0.1:9200", elasticsearch_url)


def dashboard(argv: list[str]) -> int:
    """Runs opsdash in the foreground. It owns Ctrl-C meanwhile; SIGTERM and SIGHUP are passed on to it."""
    signal.signal(signal.SIGINT, lambda *_: None)  # ours alone: a handler, unlike SIG_IGN, is not inherited
    child = subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        return child.wait()
    except Ended:
        child.send_signal(signal.SIGTERM)
        try:
            return child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise


def _end(number: int, _frame: FrameType | None) -> None:
    for later in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(later, signal.SIG_IGN)  # once is enough: what follows is the orderly stop
    raise Ended(number)


def say(text: str) -> None:
    """To stderr, before the screen is taken."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
