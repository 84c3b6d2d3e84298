"""What asking an Elasticsearch costs: the official client on our HTTP, on httpx, and our HTTP without it.

    python -m benchmarks.elasticsearch            # against a canned answer on loopback, no Elasticsearch needed

CPU of this process alone (the server is another one), per question, best of several rounds; the three ways take turns,
so that a busy machine hits them alike. Imports are measured in new processes.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.http.client import HttpClient
from opsdash.adapters.sources.elasticsearch.request import grid_of, metric_body
from opsdash.adapters.sources.elasticsearch.source import ElasticsearchSource
from opsdash.core.metrics.queries import EsMetric, EsQuery, Span
from opsdash.core.sources import SourceSpec

SPAN = Span(start_s=1_790_000_000.0, end_s=1_790_003_590.0, step_s=10.0)
TAIL = Span(start_s=1_790_003_520.0, end_s=1_790_003_590.0, step_s=10.0)
GROUPS, PERCENTS = 10, (50.0, 95.0, 99.0)


def answer(span: Span, groups: int) -> bytes:
    """Percentiles of some services, as a real server writes them."""

    def bucket(place: int) -> dict[str, Any]:
        values = {str(percent): percent * 3.7 + place % 7 for percent in PERCENTS}
        key = int((span.start_s + place * span.step_s) * 1000)
        return {"key_as_string": "2026-09-21T14:13:20.000Z", "key": key, "doc_count": 40, "metric": {"values": values}}

    buckets = [bucket(place) for place in range(span.points)]
    shown = [{"key": f"service-{each}", "doc_count": 999, "time": {"buckets": buckets}} for each in range(groups)]
    group = {"doc_count_error_upper_bound": 0, "sum_other_doc_count": 0, "buckets": shown}
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    return json.dumps({"took": 3, "timed_out": False, "_shards": shards, "aggregations": {"group": group}}).encode()


def serve(port: Any, bodies: dict[bytes, bytes]) -> None:
    """Answers each path with its canned body until it is stopped."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                if lengths:
                    await reader.readexactly(int(lengths[0].split(b":")[1]))
                body = next(body for path, body in bodies.items() if path in head)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\nContent-Encoding: gzip\r\n"
                    b"Content-Type: application/vnd.elasticsearch+json;compatible-with=8\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(main())


def query(index: str) -> EsQuery:
    metric = EsMetric(function="percentiles", field="latency_ms", percents=PERCENTS)
    return EsQuery(source="logs", query="level:error", metric=metric, group_by=("service",), index=index)


async def measure(url: str, rounds: int, questions: int) -> dict[str, dict[str, float]]:
    """CPU milliseconds a question, by way and by size of the answer."""
    from elasticsearch import AsyncElasticsearch  # noqa: PLC0415 - its import is measured, too

    warnings.simplefilter("ignore")
    spec = SourceSpec(name="logs", kind="elasticsearch", url=url)
    source, http = ElasticsearchSource(spec, SystemClock()), HttpClient(spec, SystemClock())
    httpx_client = AsyncElasticsearch([url], node_class="httpxasync", http_compress=True, max_retries=0)
    ours = HttpClient(spec, SystemClock())

    def body(span: Span) -> dict[str, Any]:
        return metric_body(query(""), grid_of(span), time_field="@timestamp", deadline_ms=3600, group_limit=1000)

    async def bare(index: str, span: Span) -> None:
        content = json.dumps(body(span)).encode()
        headers = [("Content-Type", "application/json")]
        async with ours.request("POST", f"/{index}/_search", body=content, headers=headers) as response:
            json.loads(b"".join([piece async for piece in response.pieces()]))

    ways: dict[str, Callable[[str, Span], Awaitable[Any]]] = {
        "opsdash (client on our HTTP, decoded to a window)": lambda index, span: source.fetch(query(index), span),
        "client on httpx, JSON only": lambda index, span: httpx_client.search(index=index, body=body(span)),
        "our HTTP without the client, JSON only": bare,
    }
    taken: dict[str, dict[str, list[float]]] = {way: {"tail": [], "hour": []} for way in ways}
    for _ in range(rounds):
        for way, ask in ways.items():
            for size, span in (("tail", TAIL), ("hour", SPAN)):
                count = questions if size == "tail" else max(3, questions // 5)
                await ask(size, span)
                before = time.process_time()
                for _ in range(count):
                    await ask(size, span)
                taken[way][size].append((time.process_time() - before) * 1000 / count)
    await source.aclose()
    await http.aclose()
    await ours.aclose()
    await httpx_client.close()
    return {way: {size: min(times) for size, times in sizes.items()} for way, sizes in taken.items()}


def imported(module: str) -> tuple[float, float]:
    """(CPU seconds, MiB of memory) that importing a module costs on top of ours."""
    code = (
        "import time, resource, opsdash.adapters.sources.elasticsearch.source\n"
        "rss = lambda: int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize() / 2**20\n"
        f"before, memory = time.process_time(), rss()\nimport {module}\n"
        "print(time.process_time() - before, rss() - memory)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    pairs = [tuple(map(float, run.stdout.split())) for run in runs]
    return min(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


async def longest_pause_ms(url: str) -> float:
    """How long the event loop was away at most while the first question was asked, the import of the client in it."""
    source = ElasticsearchSource(SourceSpec(name="logs", kind="elasticsearch", url=url), SystemClock())
    longest, running = 0.0, True

    async def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last - 0.001), now

    watching = asyncio.ensure_future(watch())
    await source.fetch(query("tail"), TAIL)
    running = False
    await watching
    await source.aclose()
    return longest * 1000


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--questions", type=int, default=50)
    asked = parser.parse_args()
    bodies = {b"/tail/_search": answer(TAIL, GROUPS), b"/hour/_search": answer(SPAN, GROUPS)}
    packed = {path: gzip.compress(body, 6) for path, body in bodies.items()}
    port = multiprocessing.Value("i", 0)
    server = multiprocessing.Process(target=serve, args=(port, packed), daemon=True)
    server.start()
    while not port.value:
        time.sleep(0.02)
    url = f"http://127.0.0.1:{port.value}"
    for path, body in bodies.items():
        print(f"{path.decode():16} {len(body) / 1000:8.1f} kB, packed {len(packed[path]) / 1000:.1f} kB")
    pause = asyncio.run(longest_pause_ms(url))
    print(f"longest pause of the event loop at the first question: {pause:.0f} ms")
    for way, sizes in asyncio.run(measure(url, asked.rounds, asked.questions)).items():
        print(f"{way:50} tail {sizes['tail']:6.2f} ms   hour {sizes['hour']:6.2f} ms")
    for module in ("elastic_transport", "elasticsearch", "opsdash.adapters.sources.elasticsearch.wire"):
        cpu, memory = imported(module)
        print(f"import {module:46} {cpu * 1000:5.0f} ms CPU {memory:5.1f} MiB")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    server.terminate()


if __name__ == "__main__":
    main()
