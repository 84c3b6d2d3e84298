"""`opsdash check`: every problem of a configuration at once, and with `--live` what the sources say to its queries."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from opsdash.cli.arguments import add_config
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.resources import find_config, theme_folders
from opsdash.config.loading import Loaded, load
from opsdash.config.problems import Problem, Severity
from opsdash.core.errors import OpsdashError

if TYPE_CHECKING:
    from opsdash.cli.wiring import Wiring
    from opsdash.core.view.board import Board

Finding = tuple[str, Severity, str]
"""What was asked (`source:NAME`, `variable:NAME`, `panel:ID:INDEX`, `rule:GROUP/NAME`), how bad it is, the message."""
Ask = Callable[["Board"], Awaitable[Sequence[Finding]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash check` takes."""
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="the result as JSON (docs/configuration.md)")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--live", action="store_true", help="ask every source and every query once")


def run(args: argparse.Namespace) -> int:
    """Checks, prints, and gives 0 or 78."""
    config = find_config(args.config, os.environ, Path.cwd())
    return check(
        config,
        as_json=args.json,
        strict=args.strict,
        ask=ask_sources if args.live else None,
        themes=theme_folders(os.environ),
        env=os.environ,
    )


def check(  # noqa: PLR0913 - one for each choice of the command line
    config: Path,
    *,
    as_json: bool = False,
    strict: bool = False,
    ask: Ask | None = None,
    themes: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
) -> int:
    """Prints the problems of a configuration; 78 where one is an error (with `strict`: where there is one at all).

    `ask` puts the questions of a sound configuration to its sources. `env` is where its `env:` references are looked
    for; without it they are not.
    """
    loaded = load(config, theme_folders=themes)
    problems = list(loaded.problems) + (_unset(loaded, env) if env is not None else [])
    if ask is not None and loaded.board is not None:
        problems += _placed(loaded, asyncio.run(_answers(ask, loaded.board)))
    bad = [problem for problem in problems if strict or problem.severity == "error"]
    if as_json:
        print(as_document(problems, ok=not bad))
    else:
        for problem in problems:
            print(problem)
        print(_summary(config, loaded, problems), file=sys.stderr)
    return ExitCode.CONFIG if bad else ExitCode.OK


def _unset(loaded: Loaded, env: Mapping[str, str]) -> list[Problem]:
    """A warning, since it may be set where opsdash is going to run."""
    return [
        replace(place, message=f"the environment variable {ref.where} is not set here")
        for ref, place in loaded.references
        if ref.scheme == "env" and not env.get(ref.where, "").strip()
    ]


def as_document(problems: Sequence[Problem], *, ok: bool) -> str:
    """The JSON of `--json`: `{"ok": …, "problems": [{file, line, column, key, severity, message}]}`."""
    listed = [
        {
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "key": problem.key,
            "severity": problem.severity,
            "message": problem.message,
        }
        for problem in problems
    ]
    return json.dumps({"ok": ok, "problems": listed}, ensure_ascii=False, indent=2)


async def ask_sources(board: Board) -> Sequence[Finding]:
    """Asks the real sources."""
    from opsdash.cli.live_check import live_findings  # noqa: PLC0415 - HTTP and engine, for --live only
    from opsdash.cli.wiring import Wiring  # noqa: PLC0415

    wiring = Wiring()
    sources = wiring.build_sources(board)
    try:
        found = await live_findings(board, sources, wiring.clock)
        return (*found, *await _hub_findings(board, wiring), *await _store_findings(board))
    finally:
        for source in sources.values():
            await source.aclose()


async def _hub_findings(board: Board, wiring: Wiring) -> Sequence[Finding]:
    """Which Alertmanagers do not answer, or are none."""
    if not board.alerting.hubs:
        return ()
    from opsdash.engine.alerts.hubs_once import records_once  # noqa: PLC0415 - for --live only

    records = await records_once(board.alerting, wiring.build_hub, wiring.clock.now_s())
    return tuple((f"source:{record.name}", "error", record.trouble) for record in records if record.trouble)


async def _store_findings(board: Board) -> Sequence[Finding]:
    """Whether the store that the configuration names can be used; it is made ready where it is new."""
    if board.alerting.store is None:
        return ()
    from opsdash.adapters.clock import SystemClock  # noqa: PLC0415 - for --live only
    from opsdash.cli.store import build_store  # noqa: PLC0415

    try:
        store = build_store(board.alerting.store, SystemClock())
        try:
            await store.open()
        finally:
            await store.aclose()
    except OpsdashError as error:
        return (("store", "error", error.message),)
    return ()


async def _answers(ask: Ask, board: Board) -> Sequence[Finding]:
    return await ask(board)


def _placed(loaded: Loaded, findings: Sequence[Finding]) -> list[Problem]:
    """The findings as problems at the places of what was asked."""
    places = loaded.places or {}
    nowhere = Problem(file=loaded.files[0], line=1, column=1, key="", message="")
    return [
        replace(places.get(what, nowhere), severity=severity, message=message) for what, severity, message in findings
    ]


def _summary(config: Path, loaded: Loaded, problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    if errors or warnings:
        return f"{config}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    board = loaded.board
    assert board is not None
    panels = sum(len(dashboard.panels) for dashboard in board.dashboards)
    listed = (_count(len(board.sources), "source"), _count(len(board.dashboards), "dashboard"), _count(panels, "panel"))
    return f"{config}: ok: {', '.join(listed)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
