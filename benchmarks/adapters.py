"""CPU of the client for one poll of Prometheus: our adapter, httpx with json, and prometheus-api-client.

    python -m benchmarks.adapters                 # prints a Markdown table
    python -m benchmarks.adapters --polls 2000    # longer, steadier

The server is a process of its own and answers with recorded bytes, so that only the client is measured. Each way gives
the same thing in the end: numpy columns. Six questions are under way at a time. Times depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import numpy as np
from prometheus_api_client import PrometheusConnect

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.prometheus.source import PrometheusSource
from opsdash.core.metrics.queries import PromQuery, Span
from opsdash.core.sources import SourceSpec

AT_ONCE = 6
START_S = 1_790_000_000
STEP_S = 10
CASES = {
    "3 points × 5 series (a refresh)": (5, 3),
    "361 points × 5 series": (5, 361),
    "361 points × 50 series": (50, 361),
}

Poll = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to poll, and how to end it."""

    name: str
    poll: Poll
    close: Callable[[], Awaitable[None]]


def recorded(series: int, points: int) -> bytes:
    """An answer as Prometheus writes it."""
    result = [
        {
            "metric": {"__name__": "m", "service": f"s{n}", "instance": f"10.0.0.{n}:9090"},
            "values": [[START_S + k * STEP_S, f"{(n * 7919 + k * 104729) % 100003 / 997:.15g}"] for k in range(points)],
        }
        for n in range(series)
    ]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data}, separators=(",", ":")).encode()


async def serve(body: bytes) -> None:
    """Says its port, then gives the same answer to every GET."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def ours(url: str, points: int) -> Way:
    source = PrometheusSource(SourceSpec(name="prom", kind="prometheus", url=url), SystemClock())
    query = PromQuery(source="prom", expr="m")
    span = Span(start_s=START_S, end_s=START_S + (points - 1) * STEP_S, step_s=STEP_S)
    return Way("opsdash", lambda: source.fetch(query, span), source.aclose)


def with_httpx(url: str, points: int) -> Way:
    limits = httpx.Limits(max_connections=AT_ONCE)
    client = httpx.AsyncClient(limits=limits, trust_env=False, timeout=4.0, verify=False)
    end_s = START_S + (points - 1) * STEP_S
    params = {"query": "m", "start": START_S, "end": end_s, "step": STEP_S}

    async def poll() -> object:
        got = await client.get(f"{url}/api/v1/query_range", params=params)
        return columns(got.raise_for_status().json()["data"]["result"])

    return Way("httpx + json", poll, client.aclose)


def with_prometheus_api_client(url: str, points: int) -> Way:
    client = PrometheusConnect(url=url)
    start, end = (datetime.fromtimestamp(s, UTC) for s in (START_S, START_S + (points - 1) * STEP_S))

    async def poll() -> object:
        return columns(await asyncio.to_thread(client.custom_query_range, "m", start, end, str(STEP_S)))

    async def close() -> None:
        client.close()

    return Way("prometheus-api-client in threads", poll, close)


def columns(result: list[dict[str, list[list[str]]]]) -> list[tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    """What a panel needs at least: times and values."""
    return [
        (np.array([at for at, _ in each["values"]]), np.array([float(text) for _, text in each["values"]]))
        for each in result
    ]


async def cpu_ms(way: Way, polls: int) -> float:
    """Milliseconds of this process for one poll; the best of three rounds."""
    for _ in range(3):
        await asyncio.gather(*(way.poll() for _ in range(AT_ONCE)))
    best = float("inf")
    for _ in range(3):
        before = time.process_time()
        for _ in range(max(1, polls // AT_ONCE)):
            await asyncio.gather(*(way.poll() for _ in range(AT_ONCE)))
        best = min(best, (time.process_time() - before) / (max(1, polls // AT_ONCE) * AT_ONCE))
    await way.close()
    return best * 1000


def measure(series: int, points: int, polls: int) -> dict[str, float]:
    argv = [sys.executable, "-m", "benchmarks.adapters", "--serve", str(series), str(points)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"

        async def all_ways() -> dict[str, float]:
            made = [make(url, points) for make in (ours, with_httpx, with_prometheus_api_client)]
            return {way.name: await cpu_ms(way, polls) for way in made}

        try:
            return asyncio.run(all_ways())
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=300)
    parser.add_argument("--serve", nargs=2, type=int, metavar=("SERIES", "POINTS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(recorded(*asked.serve)))
        return
    print("| CPU of the client for one answer, ms | opsdash | httpx + json | prometheus-api-client in threads |")
    print("|---|---|---|---|")
    for name, (series, points) in CASES.items():
        found = measure(series, points, max(30, asked.polls // (1 + series * points // 2000)))
        base = found["opsdash"]
        cells = [f"{ms:.2f} ({ms / base:.1f}×)" if way != "opsdash" else f"{ms:.2f}" for way, ms in found.items()]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
