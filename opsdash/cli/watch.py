"""`opsdash watch`: no screen. Evaluates, notifies and records, and tells how it does at /metrics and /-/healthy."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from opsdash.adapters.http.server import Page, StatusServer
from opsdash.cli.arguments import add_config
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.reading import read_apart
from opsdash.cli.reload import ConfigWatcher, Receivers
from opsdash.cli.resources import find_config
from opsdash.cli.version import VERSION
from opsdash.cli.wiring import Wiring
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.view.board import Board
from opsdash.core.view.export.status_metrics import KIND, status_metrics
from opsdash.engine.alerts.alerting import Alerting
from opsdash.engine.engine import Engine

logger = logging.getLogger(__name__)

DEFAULT_LISTEN = "127.0.0.1:9808"
SILENT_S = 60.0
"""A process that leads and evaluated nothing for so long is not healthy."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash watch` takes."""
    add_config(parser)
    parser.add_argument("--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help=f"default {DEFAULT_LISTEN}")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", metavar="LEVEL",
        help="debug, info, warning or error; default info",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Watches until it is told to end: 0 after SIGTERM, 130 after Ctrl-C."""
    logging.basicConfig(
        level=args.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    path = find_config(args.config, os.environ, Path.cwd())
    wiring = Wiring()
    board = wiring.load_board(path)
    host, _, port = args.listen.rpartition(":")
    if not port.isdigit() or int(port) > 65_535 or not host:
        print(f"opsdash watch: --listen: {args.listen!r} is not HOST:PORT", file=sys.stderr)
        return ExitCode.USAGE
    if board.alerting.is_empty:
        print("opsdash watch: this configuration has nothing to evaluate: no alerts and no slos", file=sys.stderr)
        return ExitCode.CONFIG
    return asyncio.run(Watch(path, board, wiring).run(host, int(port)))


class Watch:
    """One run."""

    def __init__(self, path: Path, board: Board, wiring: Wiring) -> None:
        self._path = path
        self._board = board
        self._wiring = wiring

    async def run(self, host: str, port: int) -> int:
        """Until a signal; the exit code."""
        engine = self._wiring.build_engine(self._board)
        alerting = self._wiring.alerting
        if alerting is None:
            raise RuntimeError("a configuration without alerts was not refused")
        leave = asyncio.Event()
        code = self._own_signals(leave)
        server = StatusServer(host, port, _pages(alerting))
        await server.start()
        engine.show(0, panels=())
        logger.info("watching %s; /metrics and /-/healthy on %s:%d", self._path, host, server.port)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(engine.run(), name="engine"),
                group.create_task(self._reload(engine), name="reload"),
                group.create_task(_keep_alive(alerting, os.environ), name="watchdog"),
            ]
            await leave.wait()
            _tell_systemd(os.environ, "STOPPING=1")
            await server.aclose()
            for task in tasks:
                task.cancel()
        return code()

    def _own_signals(self, leave: asyncio.Event) -> _Code:
        code = _Code()
        loop = asyncio.get_running_loop()

        def ask(what: ExitCode) -> None:
            code.set(what)
            leave.set()

        loop.add_signal_handler(signal.SIGTERM, ask, ExitCode.OK)
        loop.add_signal_handler(signal.SIGINT, ask, ExitCode.INTERRUPTED)
        return code

    async def _reload(self, engine: Engine) -> None:
        """A changed configuration takes effect by itself; SIGHUP reads it at once."""

        def run_board(board: Board) -> None:
            engine.replace_board(board, self._wiring.build_sources(board))
            logger.info("the changed configuration runs")

        def refuse(problem: str, count: int) -> None:
            logger.error("the changed configuration has %d problems and does not run: %s", count, problem)

        receivers = Receivers(on_board=run_board, on_problem=refuse)
        watcher = ConfigWatcher(self._path, self._board, self._read_again, receivers)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watcher.poke)
        await watcher.run()

    def _read_again(self, path: Path) -> Board:
        return self._wiring.accept(read_apart(path, os.environ))


class _Code:
    """The exit code, once somebody said to leave."""

    def __init__(self) -> None:
        self._code = ExitCode.OK

    def set(self, code: ExitCode) -> None:
        """The last one counts."""
        self._code = code

    def __call__(self) -> int:
        return self._code


def _pages(alerting: Alerting) -> Mapping[str, Callable[[], Page]]:
    def metrics() -> Page:
        counters = {"evaluation_rounds": alerting.evaluating.rounds, "store_failures": alerting.evaluating.failures}
        if alerting.notifying is not None:
            counters.update(alerting.notifying.outcomes)
        hubs = {view.name: view.state is Freshness.FRESH for view in alerting.sources()}
        return Page(text=status_metrics(alerting.picture(None), counters, VERSION, hubs=hubs), kind=KIND)

    def healthy() -> Page:
        why = why_not_healthy(alerting)
        return Page(text="healthy\n") if not why else Page(text=f"{why}\n", status=503)

    def ready() -> Page:
        is_open = alerting.ledger.is_reachable
        return Page(text="ready\n") if is_open else Page(text="the store was not read yet\n", status=503)

    return {"/metrics": metrics, "/-/healthy": healthy, "/-/ready": ready}


def why_not_healthy(alerting: Alerting) -> str:
    """Empty while this process does what it should: it evaluates, or waits for its turn."""
    leader = alerting.picture(None).leader
    if leader is not None and leader.is_us and leader.silent_s > SILENT_S:
        return f"leads, and evaluated nothing for {leader.silent_s:.0f} s"
    return ""


async def _keep_alive(alerting: Alerting, env: Mapping[str, str]) -> None:
    """Tells systemd that it is ready, and then that it lives, for as long as it is healthy."""
    while not alerting.ledger.is_reachable:  # noqa: ASYNC110 - it may be gone again the moment it was there
        await asyncio.sleep(0.2)
    _tell_systemd(env, "READY=1")
    period_s = int(env.get("WATCHDOG_USEC", "0") or "0") / 2_000_000
    while True:
        await asyncio.sleep(period_s or 3600.0)
        if not why_not_healthy(alerting):
            _tell_systemd(env, "WATCHDOG=1")


def _tell_systemd(env: Mapping[str, str], state: str) -> None:
    """sd_notify(3): a datagram to the socket that systemd names; nothing without one."""
    address = env.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(state.encode())
