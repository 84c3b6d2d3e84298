"""The measurements: each runs one program once and gives figures."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.cost import cpu_s, memory_mb
from benchmarks.dashboard import WATCHED
from benchmarks.programs import Program, Work
from benchmarks.terminal import Terminal
from tests.servers import replies
from tests.servers.faults import FaultServer
from tests.servers.prometheus import PrometheusServer
from tests.servers.upstream import passing_on

Figures = dict[str, float]
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where everything runs."""

    prometheus: PrometheusServer
    columns: int = 200
    lines: int = 50
    settle_s: float = 16.0
    """From exec to the steady window."""
    seconds: float = 300.0
    """The steady window."""
    screens: Path | None = None
    """A folder for the last screen of each run."""

    @contextmanager
    def running(self, program: Program, work: Work, label: str) -> Iterator[Terminal]:
        """The program at that work; its last screen is kept."""
        with tempfile.TemporaryDirectory(prefix="opsdash-bench-") as folder:
            argv = program.argv(work, Path(folder))
            with Terminal(argv, columns=self.columns, lines=self.lines) as terminal:
                yield terminal
                if self.screens is not None and (shown := terminal.screens()):
                    text = "\n".join(line.rstrip() for line in shown[-1][1].splitlines())
                    (self.screens / f"{program.name}-{label}.txt").write_text(text + "\n")

    def work(self, *, panels: int = 12, refresh_s: float = 5.0, url: str = "", hang: bool = False) -> Work:
        """The usual work."""
        return Work(panels=panels, refresh_s=refresh_s, prometheus_url=url or self.prometheus.url, hang=hang)


def steady(bench: Bench, program: Program) -> Figures:
    """Twelve panels every 5 s: the start, the real period, and what a refresh costs on average."""
    with bench.running(program, bench.work(), "steady") as terminal:
        time.sleep(bench.settle_s)
        begun_s, begun_at_s = time.perf_counter(), time.time()
        cpu_before, asked_before = cpu_s(terminal.pid), bench.prometheus.count()
        time.sleep(bench.seconds)
        cpu_used = cpu_s(terminal.pid) - cpu_before
        asked, ended_at_s = bench.prometheus.count(), time.time()
        written = sum(len(piece.data) for piece in terminal.pieces(begun_s))
        memory = memory_mb(terminal.pid)
        refreshes = asked_times(bench.prometheus, begun_at_s, ended_at_s)
        first_s, live_s = first_and_live(terminal, program)
    count = len(refreshes) or NAN
    return {
        "first_ms": first_s * 1000,
        "live_ms": live_s * 1000,
        "period_s": period(refreshes),
        "terminal_bytes": written / count,
        "response_bytes": (asked.response_bytes - asked_before.response_bytes) / count,
        "requests": (asked.requests - asked_before.requests) / count,
        "cpu_ms": cpu_used / count * 1000,
        "memory_mb": memory,
    }


def quick_period(bench: Bench, program: Program) -> Figures:
    """The real period when one second is asked for."""
    with bench.running(program, bench.work(refresh_s=1.0), "1s"):
        time.sleep(bench.settle_s)
        begun_at_s = time.time()
        time.sleep(min(bench.seconds, 60.0))
        return {"period_1s": period(asked_times(bench.prometheus, begun_at_s, time.time()))}


def hanging(bench: Bench, program: Program) -> Figures:
    """Forty panels, the query of the second is never answered: the others on screen, and their real period."""
    proxy = FaultServer()
    proxy.always(passing_on(bench.prometheus.url))
    proxy.on("hang_me", replies.hang())
    proxy.start()
    try:
        with bench.running(program, bench.work(panels=40, url=proxy.url, hang=True), "hanging") as terminal:
            time.sleep(60.0 if bench.seconds > 60 else 20.0)
            settled_s = time.monotonic() - 30.0 if bench.seconds > 60 else 0.0
            _, live_s = first_and_live(terminal, program, panels=4)
            watched = [each.at_s for each in proxy.asked_for(WATCHED) if is_watched(each.param("query"))]
            return {"hang_live_ms": live_s * 1000, "hang_period_s": period([at for at in watched if at >= settled_s])}
    finally:
        proxy.stop()


def keys(bench: Bench, program: Program) -> Figures:
    """Key to next output: with nothing else going on, and while the answers of a refresh are awaited."""
    with bench.running(program, bench.work(), "keys") as terminal:
        time.sleep(bench.settle_s)
        idle = [latency_ms(terminal, program.key) for _ in range(20)]
    slow = FaultServer()
    slow.always(replies.after(0.7, passing_on(bench.prometheus.url)))
    slow.start()
    try:
        with bench.running(program, bench.work(refresh_s=1.0, url=slow.url), "busy") as terminal:
            time.sleep(bench.settle_s)
            busy = [latency_ms(terminal, program.key) for _ in range(40)]
    finally:
        slow.stop()
    return {"key_ms": median(idle), "key_busy_ms": median(busy), "key_busy_worst_ms": max(busy, default=NAN)}


def latency_ms(terminal: Terminal, key: bytes) -> float:
    """From one key, pressed while the screen is quiet, to the next output; 1000 where there is none in a second."""
    terminal.wait_for_quiet(0.06, 2.0)
    pressed_s = terminal.press(key)
    answered_s = terminal.wait_for_output(pressed_s, 1.0)
    time.sleep(0.23)  # another phase of the refresh each time
    return 1000.0 if answered_s is None else (answered_s - pressed_s) * 1000


def first_and_live(terminal: Terminal, program: Program, *, panels: int = 1) -> tuple[float, float]:
    """Seconds from exec to the first visible character, and to live data in that many panels; NaN for never."""
    first_s = live_s = NAN
    for at_s, shown in terminal.screens():
        if first_s != first_s and shown.strip():
            first_s = at_s - terminal.started_s
        if len(re.findall(program.live, shown)) >= panels:
            live_s = at_s - terminal.started_s
            break
    return first_s, live_s


def asked_times(server: PrometheusServer, begun_at_s: float, ended_at_s: float) -> list[float]:
    """When the watched query was run in that time, from the server's own log."""
    times = []
    for entry in server.asked():
        if "httpRequest" in entry and is_watched(entry["params"]["query"]):
            at_s = datetime.fromisoformat(entry["ts"]).timestamp()
            times += [at_s] if begun_at_s <= at_s <= ended_at_s else []
    return times


def is_watched(query: str) -> bool:
    """Whether it is the query that is counted, however a program writes its spaces."""
    return re.sub(r"\s+", "", query) == re.sub(r"\s+", "", WATCHED)


def period(times: list[float]) -> float:
    """Mean distance in seconds."""
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else NAN


def median(values: list[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median(values) if values else NAN


SCENARIOS = {"steady": steady, "quick": quick_period, "hanging": hanging, "keys": keys}


def as_json(figures: dict[str, Figures]) -> str:
    """For a file beside the table."""
    return json.dumps(figures, indent=1)
