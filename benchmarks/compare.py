"""Measures opsdash beside a peer on the same Prometheus and prints the table of docs/performance.md.

    make bench                                             everything: about 15 minutes a program, on a quiet machine
    python -m benchmarks.compare --programs opsdash --scenarios steady,keys --seconds 60
    python -m benchmarks.compare --quick                   short windows: whether it works, not how fast it is

It starts its own Prometheus on loopback, with two hours of the plant, and the plant. The peer is installed with
`cargo install grafatui`; without it, only opsdash is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plant import Plant
from benchmarks.programs import PROGRAMS, is_installed
from benchmarks.scenarios import SCENARIOS, Bench, Figures, as_json
from tests.servers.prometheus import PrometheusServer, what_is_missing


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    figure: str
    title: str
    unit: str
    decimals: int
    low: float
    """What must be reached: between low and high."""
    high: float

    def target(self) -> str:
        """As it stands in the table."""
        middle = (self.low + self.high) / 2
        return f"{middle:g} {self.unit} ± 5 %" if self.low else f"≤ {self.high:g} {self.unit}"

    def shown(self, value: float | None) -> str:
        """The figure with its unit; `never` for what did not happen, `–` for what was not measured."""
        if value is None:
            return "–"
        return "never" if value != value else f"{value:,.{self.decimals}f} {self.unit}"

    def verdict(self, value: float | None) -> str:
        """`yes`, or a miss as a miss."""
        if value is None:
            return "–"
        return "yes" if self.low <= value <= self.high else "**miss**"


ROWS = (
    Row("live_ms", "exec to live data on screen", "ms", 0, 0, 900),
    Row("period_s", "real period when 5 s is asked", "s", 2, 4.75, 5.25),
    Row("period_1s", "real period when 1 s is asked", "s", 2, 0.95, 1.05),
    Row("hang_live_ms", "one query of 40 hangs: the others on screen", "ms", 0, 0, 1500),
    Row("hang_period_s", "… and the period of the others, 5 s asked", "s", 2, 4.75, 5.25),
    Row("terminal_bytes", "bytes to the terminal a refresh, mean", "B", 0, 0, 5_000),
    Row("response_bytes", "response bytes from Prometheus a refresh", "B", 0, 0, 15_000),
    Row("cpu_ms", "CPU of the program a refresh", "ms", 1, 0, 60),
    Row("memory_mb", "resident memory (PSS)", "MB", 1, 0, 75),
    Row("key_ms", "key to next output, median", "ms", 1, 0, 15),
    Row("key_busy_ms", "… while a refresh is running", "ms", 1, 0, 15),
)


def table(figures: dict[str, Figures]) -> str:
    """Markdown: a row a figure, a column a program, and whether opsdash reaches what it must."""
    names = list(figures)
    lines = ["| work | " + " | ".join(names) + " | must reach | reached |", "|---|" + "---:|" * len(names) + "---|---|"]
    for row in ROWS:
        cells = [row.shown(figures[name].get(row.figure)) for name in names]
        verdict = row.verdict(figures.get("opsdash", {}).get(row.figure))
        lines.append(f"| {row.title} | {' | '.join(cells)} | {row.target()} | {verdict} |")
    return "\n".join(lines)


def measure(bench: Bench, programs: list[str], scenarios: list[str]) -> dict[str, Figures]:
    """All of it, one after the other."""
    figures: dict[str, Figures] = {}
    for name in programs:
        figures[name] = {}
        for scenario in scenarios:
            print(f"{name}: {scenario} …", file=sys.stderr, flush=True)
            figures[name] |= SCENARIOS[scenario](bench, PROGRAMS[name])
    return figures


def options_of(argv: list[str]) -> argparse.Namespace:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", default="opsdash,grafatui")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=300.0, help="the steady window")
    parser.add_argument("--settle", type=float, default=16.0, help="from exec to the steady window")
    parser.add_argument("--size", default="200x50")
    parser.add_argument("--quick", action="store_true", help="short windows")
    parser.add_argument("--out", type=Path, default=Path(".cache/bench"), help="folder for figures and screens")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Prints the table; figures and last screens go to the folder of --out."""
    options = options_of(argv)
    if why := what_is_missing():
        print(f"needs Prometheus: {why}", file=sys.stderr)
        return 1
    wanted = options.programs.split(",")
    programs = [name for name in wanted if is_installed(PROGRAMS[name])]
    for name in sorted(set(wanted) - set(programs)):
        print(f"{name} is not installed: left out", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    columns, lines = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="opsdash-bench-") as folder:
        plant = Plant().start()
        server = PrometheusServer(Path(folder), targets={"plant": plant.address})
        try:
            server.write_plant_history()
            server.start()
            bench = Bench(
                prometheus=server,
                columns=columns,
                lines=lines,
                settle_s=8.0 if options.quick else options.settle,
                seconds=20.0 if options.quick else options.seconds,
                screens=options.out,
            )
            figures = measure(bench, programs, options.scenarios.split(","))
        finally:
            server.stop()
            plant.stop()
    (options.out / "figures.json").write_text(as_json(figures) + "\n")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {options.size}")
    print(f"window {bench.seconds:g} s: `python -m benchmarks.compare {' '.join(argv)}`\n")
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
