"""`opsdash once`: one refresh of everything, printed."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from opsdash.cli.arguments import add_config, add_variables
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.resources import find_config
from opsdash.cli.usage import UsageWrong, take_minus_as_value
from opsdash.cli.version import VERSION
from opsdash.cli.wiring import Overrides, Wiring, overridden
from opsdash.cli.zone import zone_of
from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.severity import Severity
from opsdash.core.instant import parse_instant
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.core.variables import ALL, Binding
from opsdash.core.view.board import Board
from opsdash.core.view.export.ansi import Depth, to_ansi
from opsdash.core.view.export.json_once import once_json
from opsdash.core.view.export.once_cells import grid_cells, reading_cells
from opsdash.core.view.export.svg import to_svg
from opsdash.core.view.export.text import to_text
from opsdash.core.view.look import Look
from opsdash.core.view.snapshot import Snapshot
from opsdash.core.view.theme import Theme

if TYPE_CHECKING:
    from opsdash.core.alerting.picture import AlertsPicture

FORMATS = ("text", "json", "svg")
SVG_WIDTH = 160
"""Cells across an SVG where nobody asked for another width."""
TEXT_WIDTH = 100
"""Cells across a text that does not go to a terminal."""


class AskOnce(Protocol):
    """What is needed of the engine."""

    async def once(self, *, dashboards: Collection[int] | None = None, at_s: float | None = None) -> Snapshot:
        """One refresh of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be printed, and how."""

    form: str = "text"
    dashboards: tuple[int, ...] | None = None
    at_s: float | None = None
    width: int | None = None
    colours: Depth | None = None
    """None for plain text."""
    ascii_only: bool = False
    zone: tzinfo = field(default=UTC)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash once` takes."""
    take_minus_as_value(parser)
    add_config(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, json or svg; default text")
    parser.add_argument("--dashboard", metavar="TITLE", help="only this dashboard")
    parser.add_argument(
        "--at", metavar="TIME", help="the range ends then: 2026-11-23T14:00:00Z, 14:00, -15m, Unix seconds"
    )
    add_variables(parser)
    parser.add_argument(
        "--width", type=int, metavar="CELLS", help="how wide text and svg are; default: the terminal, 100, 160"
    )
    parser.add_argument("--theme", metavar="NAME", help="colours, instead of the configuration's")


def run(args: argparse.Namespace) -> int:
    """Asks and prints; the exit code."""
    wiring = Wiring(Overrides(theme=args.theme))
    board = wiring.load_board(find_config(args.config, os.environ, Path.cwd()))
    zone = zone_of(board.timezone)
    try:
        board = with_variables(board, args.var)
        wanted = Wanted(
            form=args.format,
            dashboards=chosen_dashboards(board, args.dashboard),
            at_s=None if args.at is None else parse_instant(args.at, wiring.clock.now_s(), zone),
            width=args.width,
            colours=colours_of(os.environ, is_terminal=sys.stdout.isatty()),
            ascii_only=board.ascii_only or not _can_encode(sys.stdout, "╭⣿▂●"),
            zone=zone,
        )
        theme = chosen_theme(wiring.themes(), board.theme) if wanted.form == "svg" or wanted.colours else None
    except ValueError as wrong:
        print(f"opsdash once: {clean(str(wrong))}", file=sys.stderr)
        return ExitCode.USAGE
    return asyncio.run(_ask(wiring, board, wanted, theme))


async def _ask(wiring: Wiring, board: Board, wanted: Wanted, theme: Theme | None) -> int:
    from opsdash.engine.engine import Engine  # noqa: PLC0415 - after the command line is known to be right

    sources = wiring.build_sources(board)
    try:
        picture = None
        if not board.alerting.is_empty:
            from opsdash.cli.alerts_once import alerts_once  # noqa: PLC0415 - only with rules

            picture = await alerts_once(wiring, board, sources, wanted.at_s)
        engine = Engine(board, sources, wiring.clock)
        return await once(engine, board, wanted, theme, (sys.stdout, sys.stderr), picture=picture)
    finally:
        for source in sources.values():
            await source.aclose()


async def once(  # noqa: PLR0913 - all of them are the picture
    engine: AskOnce,
    board: Board,
    wanted: Wanted,
    theme: Theme | None,
    streams: tuple[TextIO, TextIO],
    *,
    picture: AlertsPicture | None = None,
) -> int:
    """Asks everything once and prints it to the first stream, remarks to the second; the exit code.

    2 when a critical alert fires, 1 when a warning does; else 3 when a source did not answer a question or a rule has
    nothing to judge, 0 when all is well. A panel without data and a threshold that is reached are not failures.
    """
    out, err = streams
    snapshot = with_picture(await engine.once(dashboards=wanted.dashboards, at_s=wanted.at_s), picture)
    out.write(rendered(snapshot, board, wanted, theme))
    out.flush()
    for remark in remarks_of(snapshot):
        err.write(f"opsdash once: {clean(remark)}\n")
    return verdict_of(snapshot)


def with_picture(snapshot: Snapshot, picture: AlertsPicture | None) -> Snapshot:
    """The snapshot with its alerts, and each panel with those that belong to it: a screen does the same."""
    if picture is None:
        return snapshot
    from opsdash.core.view.alerts.on_panels import with_alerts  # noqa: PLC0415 - only with rules

    panels = {
        name: with_alerts(view, picture, snapshot.dashboard_of.get(name, "")) for name, view in snapshot.panels.items()
    }
    return replace(snapshot, alerts=picture, panels=panels)


def verdict_of(snapshot: Snapshot) -> ExitCode:
    """The convention of monitoring plugins. What is silenced, inhibited or expected does not count."""
    picture = snapshot.alerts
    lines = picture.lines if picture is not None else ()
    firing = [line.alert.severity for line in lines if line.alert.phase is Phase.FIRING and not line.is_quiet]
    worst = max(firing, default=None)
    if worst is Severity.CRITICAL:
        return ExitCode.CRITICAL
    if worst is Severity.WARNING:
        return ExitCode.WARNING
    blind = picture is not None and any(
        line.health is None or line.health.state is not Freshness.FRESH for line in picture.rules
    )
    return ExitCode.UNKNOWN if blind or has_failed(snapshot) else ExitCode.OK


def rendered(snapshot: Snapshot, board: Board, wanted: Wanted, theme: Theme | None) -> str:
    """The snapshot in the format that is asked for. `svg` and colours need a theme."""
    if wanted.form == "json":
        return once_json(snapshot, VERSION)
    chosen = range(len(board.dashboards)) if wanted.dashboards is None else wanted.dashboards
    dashboards = [board.dashboards[index] for index in chosen]
    look = Look(now_s=snapshot.at_s, zone=wanted.zone, ascii_only=wanted.ascii_only and wanted.form == "text")
    if wanted.form == "svg" and theme is not None:
        cells = grid_cells(snapshot, dashboards, wanted.width or SVG_WIDTH, look)
        return to_svg(cells, theme, title=f"{snapshot.title} {snapshot.environment}".strip())
    cells = reading_cells(snapshot, dashboards, wanted.width or _text_width(wanted), look)
    return to_ansi(cells, theme, wanted.colours) if theme is not None and wanted.colours else to_text(cells)


def has_failed(snapshot: Snapshot) -> bool:
    """Whether a question was not answered, so that the picture is not whole."""
    broken = {Freshness.ERROR, Freshness.LATE, Freshness.STALE}
    return any(view.state in broken or view.waiting for view in snapshot.panels.values()) or any(
        source.state in broken for source in snapshot.sources
    )


def remarks_of(snapshot: Snapshot) -> list[str]:
    """What a person should know beside the result: what was cut, what a server warned of, a value that is not there."""
    remarks = [f"{view.spec.title}: {note}" for view in snapshot.panels.values() for note in view.notes]
    for binding in snapshot.bindings:
        remarks += _binding_remarks(binding)
    return list(dict.fromkeys(remarks))


def _binding_remarks(binding: Binding) -> list[str]:
    name = binding.spec.name
    if binding.error is not None:
        return [f"${name}: {binding.error}"]
    if not binding.options or ALL in binding.selected:
        return []
    strange = [value for value in binding.selected if value not in binding.options]
    return [
        f"${name}: {value} is not among its {len(binding.options):,} values{did_you_mean(value, binding.options)}"
        for value in strange
    ]


def with_variables(board: Board, pairs: Sequence[tuple[str, str]]) -> Board:
    """The board with these values. Several values are given by several `--var`, or with commas.

    Raises ValueError for a variable that there is not, and for several values of one that takes one.
    """
    specs = {spec.name: spec for spec in board.variables}
    values: list[tuple[str, str]] = []
    for name, text in pairs:
        if name not in specs:
            raise UsageWrong(f'there is no variable "{name}"{did_you_mean(name, specs)}')
        parts = [part.strip() for part in text.split(",") if part.strip()] if specs[name].multi else [text]
        values += [(name, _all_or(part)) for part in parts or [text]]
    for name, spec in specs.items():
        count = sum(1 for given, _ in values if given == name)
        if count > 1 and not spec.multi:
            raise UsageWrong(f"${name} takes one value and {count} were given; multi: true lets it take several")
    return overridden(board, Overrides(variables=tuple(values)))


def _all_or(text: str) -> str:
    return ALL if text in {"All", ALL} else text


def chosen_dashboards(board: Board, title: str | None) -> tuple[int, ...] | None:
    """The index of the dashboard of this title, without regard to case; None for all. Raises ValueError."""
    if title is None:
        return None
    titles = [dashboard.title for dashboard in board.dashboards]
    for wanted, known in ((title, titles), (title.casefold(), [known.casefold() for known in titles])):
        if wanted in known:
            return (known.index(wanted),)
    near = did_you_mean(title, titles) or f"; there are: {', '.join(titles)}"
    raise UsageWrong(f'there is no dashboard "{title}"{near}')


def chosen_theme(themes: Sequence[Theme], name: str) -> Theme:
    """The theme of this name. Raises ValueError."""
    for theme in themes:
        if theme.name == name:
            return theme
    raise UsageWrong(f'there is no theme "{name}"{did_you_mean(name, [theme.name for theme in themes])}')


def colours_of(env: Mapping[str, str], *, is_terminal: bool) -> Depth | None:
    """How many colours to print with: none at all into a pipe, with NO_COLOR or on a dumb terminal."""
    term = env.get("TERM", "")
    if not is_terminal or env.get("NO_COLOR") or term in {"", "dumb"}:
        return None
    if env.get("COLORTERM", "") in {"truecolor", "24bit"}:
        return "truecolor"
    return "256" if "256" in term else "16"


def _text_width(wanted: Wanted) -> int:
    """The terminal's, when it goes to one."""
    return shutil.get_terminal_size((TEXT_WIDTH, 24)).columns if wanted.colours else TEXT_WIDTH


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
