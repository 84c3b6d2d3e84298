"""`opsdash demo`: a whole high-traffic system on loopback, and the dashboard on it.

The plant runs in a process of its own behind the protocols of the real servers; the dashboard is the ordinary one, on
the ordinary adapters. Only the addresses in the configuration are put in, in a temporary copy of `sample_configs/demo`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import shutil
import signal
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from opsdash.adapters.clock import PacedClock, SystemClock
from opsdash.cli.arguments import add_screen_arguments
from opsdash.cli.dashboard import can_draw, draw
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.plant_process import PlantOptions, PlantProcess
from opsdash.cli.resources import shipped
from opsdash.core.errors import NeedsFixing
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.plant.architecture_names import ARCHITECTURE_NAMES
from opsdash.plant.pace import FASTEST, SLOWEST, Pace
from opsdash.plant.scenarios.catalogue import SCENARIOS
from opsdash.plant.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from opsdash.ports import Clock, Drills

WRITTEN = {"prometheus": "http://127.0.0.1:9090", "elasticsearch": "http://127.0.0.1:9200"}
"""Face → the address that stands for it in the shipped configuration."""
_HIGHEST_PORT = 65_533
_LIST_CELLS = 80


class NoFolder(NeedsFixing):
    """There is no place for the demo's configuration."""


class _Ended(Exception):
    """A signal asked us to end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash demo` takes."""
    architectures = ", ".join(ARCHITECTURE_NAMES)
    parser.add_argument("--architecture", default="shop", metavar="NAME", help=f"{architectures}; default shop")
    parser.add_argument("--list", action="store_true", help="the incidents that it can show, and what cures them")
    parser.add_argument("--scenario", metavar="NAME", help="begin with this incident; --list has them")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="how fast its time goes; default 1")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one gives other noise; default 1")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="its faces at N, N+1 and N+2; default any")
    parser.add_argument("--serve-only", action="store_true", help="no dashboard: print the addresses, and wait")
    add_screen_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Runs until the operator leaves; the exit code. Raises CannotListen, NoFolder."""
    if (wrong := _wrong_choice(args)) is not None:
        print(f"opsdash demo: {wrong}", file=sys.stderr)
        return ExitCode.USAGE
    if args.list:
        print("\n".join(listed(SCENARIOS.values())))
        return ExitCode.OK
    if not args.serve_only and not can_draw():
        return ExitCode.USAGE
    pace = Pace(SystemClock().now_s(), args.speed)
    options = PlantOptions(
        topology=args.architecture, seed=args.seed, pace=pace, first_port=args.port, scenario=args.scenario
    )
    with _folder() as folder, PlantProcess(options, folder) as plant:
        configuration = write_configuration(folder, args.architecture, plant.urls)
        if args.serve_only:
            return _serve(plant, configuration)
        clock = PacedClock(pace.now_s, pace.speed)
        return draw(configuration, args, clock, partial(_drills, plant.urls["control"], args.architecture, clock))


def _drills(url: str, architecture: str, clock: Clock) -> Drills:
    """Made when the first questions are on their way: nobody plays an incident before."""
    from opsdash.adapters.plant_control import PlantControl  # noqa: PLC0415 - the HTTP client, not for --list
    from opsdash.ports import Drill  # noqa: PLC0415 - numpy

    playable = (one for one in SCENARIOS.values() if architecture in one.architectures)
    drills = tuple(
        Drill(name=one.name, title=one.title, seen=f"{one.dashboard}: {one.seen}", label=one.label) for one in playable
    )
    return PlantControl(url, drills, clock)


def listed(scenarios: Iterable[Scenario]) -> list[str]:
    """The scenarios as lines of at most 80 cells."""
    lines = ["Incidents of the demo. Start one: opsdash demo --scenario NAME,", "or inside, from the palette (:)."]
    for scenario in scenarios:
        lines += ["", f"{scenario.name}  {scenario.title}"]
        for what, words in (("see", f"{scenario.dashboard}: {scenario.seen}"), ("cure", scenario.remedy)):
            lines += textwrap.wrap(words, _LIST_CELLS, initial_indent=f"  {what:<6}", subsequent_indent=" " * 8)
    return lines


def dashboard_files(architecture: str) -> list[Path]:
    """The shop's files, each replaced by the architecture's own of that name where it has one; in their order."""
    demo = shipped("sample_configs") / "demo"
    found = {file.name: file for folder in ("shop", architecture) for file in (demo / folder).glob("*.yaml")}
    return [found[name] for name in sorted(found)]


def write_configuration(folder: Path, architecture: str, urls: dict[str, str]) -> Path:
    """The shipped dashboards of the demo, with these addresses; the folder of files to open."""
    target = folder / "config"
    try:
        target.mkdir()
        for source in dashboard_files(architecture):
            text = source.read_text(encoding="utf-8")
            for face, written in WRITTEN.items():
                text = text.replace(written, urls[face])
            (target / source.name).write_text(text, encoding="utf-8")
        (target / "state.yaml").write_text(
            f'store: {{url: "sqlite://{folder.absolute()}/state.db"}}\n', encoding="utf-8"
        )
    except OSError as error:
        raise _no_folder(error) from error
    return target


def _serve(plant: PlantProcess, configuration: Path) -> int:
    """Prints where everything is and waits for a signal, or for the plant to fail."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    for face, url in plant.urls.items():
        print(f"{face:<14} {url}")
    print(f"{'configuration':<14} {configuration}", flush=True)
    try:
        code = plant.wait()
    except _Ended:
        return ExitCode.OK
    print(f"opsdash demo: the plant has ended ({code}): {clean(plant.last_words())}", file=sys.stderr)
    return ExitCode.INTERNAL


def _end(number: int, _frame: FrameType | None) -> None:
    raise _Ended(number)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for this run, removed at its end. Raises NoFolder."""
    try:
        # a TMPDIR that does not serve is said, not replaced by another place without a word
        folder = Path(tempfile.mkdtemp(prefix="opsdash-demo-", dir=os.environ.get("TMPDIR") or None))
    except OSError as error:
        raise _no_folder(error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _no_folder(error: OSError) -> NoFolder:
    place = clean(os.fsdecode(error.filename or tempfile.gettempdir()))
    reason = (error.strerror or "it cannot be written").lower()
    return NoFolder(f"the demo needs a folder for its configuration: {place}: {reason}; set TMPDIR to another place")


def _wrong_choice(args: argparse.Namespace) -> str | None:
    if args.architecture not in ARCHITECTURE_NAMES:
        hint = did_you_mean(args.architecture, ARCHITECTURE_NAMES)
        return f'there is no architecture "{clean(args.architecture)}"{hint}'
    if args.scenario is None:
        return None
    if args.scenario not in SCENARIOS:
        hint = did_you_mean(args.scenario, tuple(SCENARIOS)) or "; opsdash demo --list has them"
        return f'there is no scenario "{clean(args.scenario)}"{hint}'
    needed = SCENARIOS[args.scenario].architectures
    if args.architecture not in needed:
        return f"{args.scenario} is an incident of {' and '.join(needed)}; this is {args.architecture}"
    return None


def _speed(text: str) -> float:
    with contextlib.suppress(ValueError):
        speed = float(text)
        if math.isfinite(speed) and SLOWEST <= speed <= FASTEST:
            return speed
    raise argparse.ArgumentTypeError(f"{text!r} is not a speed: {SLOWEST:g} to {FASTEST:g}")


def _port(text: str) -> int:
    with contextlib.suppress(ValueError):
        port = int(text)
        if 0 <= port <= _HIGHEST_PORT:
            return port
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to {_HIGHEST_PORT}")
