"""`opsdash alerts`: see and own alerts from a second terminal or a script; no dashboard has to run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from opsdash.adapters.operator import Operator, this_operator
from opsdash.cli.alerts_store import Desk, commit_deed, read_book
from opsdash.cli.alerts_verbs import BULK, Chosen, decided, is_plain
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.resources import find_config
from opsdash.cli.store import build_store, store_url
from opsdash.cli.usage import UsageWrong, take_minus_as_value
from opsdash.cli.version import VERSION
from opsdash.cli.wiring import Wiring
from opsdash.cli.zone import zone_of
from opsdash.core.alerting.hubs import Foreign, without_ours
from opsdash.core.alerting.mirroring import shown_silences
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.alerting.selecting import all_selected, selected
from opsdash.core.alerting.words import called_all
from opsdash.core.text import clean
from opsdash.core.view.board import Board
from opsdash.core.view.export.alerts_text import alert_text, alerts_table, silences_table, timeline_text
from opsdash.core.view.export.json_alerts import alert_document, alerts_document, entry_document
from opsdash.engine.alerts.hubs_once import foreign_once
from opsdash.ports import StateStore

NONE = Foreign()
HISTORY = 50
"""Entries of a timeline that `show` prints where nobody says how many."""
_STATES = ("firing", "pending", "resolved")
_SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Where results and messages go, and where an answer comes from; None: nobody can be asked."""

    out: TextIO
    err: TextIO
    ask: Callable[[str], str] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash alerts` takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    add = partial(_verb, verbs)
    _add_reading(add)
    _add_owning(add)
    _add_silencing(add)


def _add_reading(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    listing = add("list", "the alerts, what has to be looked at first, first")
    listing.add_argument("--state", choices=_STATES, action="append", help="only these; again for another")
    listing.add_argument("--severity", choices=_SEVERITIES, help="from this severity on")
    listing.add_argument("--mine", action="store_true", help="only what you own")
    listing.add_argument("--unowned", action="store_true", help="only what fires, is nobody's and not quiet")
    listing.add_argument("--silences", action="store_true", help="the silences instead")
    show = add("show", "one alert with its timeline")
    show.add_argument("--history", type=int, default=HISTORY, metavar="N", help=f"entries; default {HISTORY}, 0: none")


def _add_owning(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    ack = add("ack", "acknowledge: you own these alerts")
    ack.add_argument("--for", dest="for_", metavar="4h", help="for so long; default: what the rule says")
    assign = add("assign", "make somebody the owner, or take over")
    assign.add_argument("--to", metavar="USER", help="whose they are from now on; default: yours")
    assign.add_argument("--for", dest="for_", metavar="4h", help="for so long; default: what the rule says")
    unack = add("unack", "nobody owns these alerts any more")
    escalate = add("escalate", "hand these alerts to the next level")
    note = add("note", "write beside these alerts: ALERT … TEXT, the text last")
    for parser in (ack, assign, escalate):
        parser.add_argument("--note", default="", metavar="TEXT", help="why; a comment can be required")
    for parser in (ack, assign, unack, escalate, note):
        parser.add_argument("--all", action="store_true", help="every alert that fires and is nobody's")
        _add_yes(parser)


def _add_silencing(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    silence = add("silence", 'quiet what matches, as in: silence \'service="orders", team=~"shop|pay"\' --for 2h')
    silence.add_argument("--alert", metavar="ALERT", help="the silence that is offered for this alert, no matchers")
    silence.add_argument("--for", dest="for_", metavar="2h", help="for so long; default 2h")
    silence.add_argument("--in", dest="in_", metavar="10m", help="beginning in so long; default: now")
    silence.add_argument("--comment", default="", metavar="TEXT", help="why; required")
    silence.add_argument("--everything", action="store_true", help="it may hide every alert")
    silence.add_argument("--dry-run", action="store_true", help="only print what it would hide")
    _add_yes(silence)
    extend = add("extend", "a silence ends later: extend ID --for 1h")
    extend.add_argument("--for", dest="for_", metavar="1h", help="by so much; default 1h")
    add("unsilence", "a silence ends now: unsilence ID")


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="several at once without being asked")


def _verb(verbs: object, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)  # type: ignore[attr-defined]
    take_minus_as_value(parser)
    parser.add_argument("words", nargs="*", metavar="CONFIG", help="a file or a folder of files; then what it is about")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """Does it; the exit code. Raises what the store raises: `main` makes a line and a code of it."""
    config, args.words = config_and_rest(args.words)
    wiring = Wiring()
    board = wiring.load_board(find_config(config, os.environ, Path.cwd()))
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    streams = Streams(out=sys.stdout, err=sys.stderr, ask=_ask if asked else None)
    try:
        return asyncio.run(_run(wiring, board, args, streams))
    except UsageWrong as wrong:
        print(f"opsdash alerts {args.verb}: {clean(str(wrong))}", file=sys.stderr)
        return ExitCode.USAGE


async def _run(wiring: Wiring, board: Board, args: argparse.Namespace, streams: Streams) -> int:
    store = build_store(store_url(board, os.environ), wiring.clock)
    try:
        await store.open()
        foreign, troubles = await foreign_once(board.alerting, wiring.build_hub, wiring.clock.now_s())
        for trouble in troubles:
            streams.err.write(f"opsdash alerts: {clean(trouble)}; its alerts are not known\n")
        return await alerts(store, board, args, streams, this_operator(os.environ), foreign=foreign)
    finally:
        await store.aclose()


async def alerts(  # noqa: PLR0913 - what a command has
    store: StateStore,
    board: Board,
    args: argparse.Namespace,
    streams: Streams,
    operator: Operator,
    *,
    foreign: Foreign = NONE,
) -> int:
    """One verb on an open store; the exit code. Raises UsageWrong and `opsdash.core.errors`."""
    book, now_s = await read_book(store)
    desk = Desk(
        book=book,
        spec=board.alerting,
        operator=operator,
        now_s=now_s,
        zone=zone_of(board.timezone),
        zone_of=zone_of,
        foreign=without_ours(foreign, book.alerts, board.alerting.send_to),
        held=shown_silences(foreign.silences, book.mirrors.values()),
    )
    picture = desk.picture()
    match args.verb:
        case "list":
            return _list(desk, picture, args, streams)
        case "show":
            return await _show(store, desk, picture, args, streams)
        case _:
            return await _do(store, desk, picture, args, streams)


def _list(desk: Desk, picture: AlertsPicture, args: argparse.Namespace, streams: Streams) -> int:
    lines = _filtered(picture, args)
    if args.json:
        streams.out.write(_dumped(alerts_document(picture, lines, VERSION)))
        return ExitCode.OK
    if args.silences:
        streams.out.write(silences_table(picture.silences, desk.now_s, desk.zone))
    else:
        streams.out.write(alerts_table(lines, desk.now_s))
    if not (picture.silences if args.silences else lines):
        streams.err.write(f"opsdash alerts list: no {'silences' if args.silences else 'alerts'}\n")
    return ExitCode.OK


def _filtered(picture: AlertsPicture, args: argparse.Namespace) -> tuple[AlertLine, ...]:
    lines = all_selected(picture.lines, args.words) if args.words else picture.lines
    least = _SEVERITIES.index(args.severity) + 1 if args.severity else 0
    open_ones = set(map(id, picture.firing())) if args.unowned else set()
    return tuple(
        line
        for line in lines
        if (not args.state or line.alert.phase in args.state)
        and line.alert.severity >= least
        and (not args.mine or (line.ack is not None and line.ack.owner == picture.operator))
        and (not args.unowned or id(line) in open_ones)
    )


async def _show(
    store: StateStore, desk: Desk, picture: AlertsPicture, args: argparse.Namespace, streams: Streams
) -> int:
    if len(args.words) != 1:
        raise UsageWrong("show takes one alert: a fingerprint, NAME or NAME{matchers}")
    if not 0 <= args.history <= 10_000:
        raise UsageWrong("--history is from 0 to 10,000")
    lines = selected(picture.lines, args.words[0])
    if len(lines) > 1:
        streams.out.write("" if args.json else alerts_table(lines, desk.now_s))
        raise UsageWrong(f"{len(lines):,} alerts are called so; name one by its id")
    fingerprint = lines[0].alert.fingerprint
    entries = await store.entries(subject=fingerprint, limit=args.history) if args.history else ()
    if args.json:
        document = {**alert_document(lines[0]), "timeline": [entry_document(entry) for entry in entries]}
        streams.out.write(_dumped(document))
        return ExitCode.OK
    streams.out.write(alert_text(lines[0], desk.now_s, desk.zone))
    if entries:
        streams.out.write(f"\n{timeline_text(entries, desk.zone)}")
    return ExitCode.OK


async def _do(store: StateStore, desk: Desk, picture: AlertsPicture, args: argparse.Namespace, streams: Streams) -> int:
    chosen = decided(desk, picture, args)
    if chosen.preview and not args.json:
        streams.err.write(chosen.preview)
    if getattr(args, "dry_run", False):
        return _told(chosen, "", args, streams)
    if not _may(chosen, args, streams):
        streams.err.write(f"opsdash alerts {args.verb}: nothing was done\n")
        return ExitCode.UNKNOWN
    deed = await commit_deed(store, desk, chosen.decide)
    return _told(chosen, deed.told, args, streams)


def _told(chosen: Chosen, told: str, args: argparse.Namespace, streams: Streams) -> int:
    about = [line.alert.fingerprint for line in chosen.lines]
    if args.json:
        streams.out.write(_dumped({"opsdash": VERSION, "done": bool(told), "told": told, "alerts": about}))
    else:
        text = told or f"it would hide {called_all([line.alert for line in chosen.lines]) if about else 'nothing'} now"
        streams.out.write(f"{clean(text)}\n")
    return ExitCode.OK


def _may(chosen: Chosen, args: argparse.Namespace, streams: Streams) -> bool:
    """Whether several may be done at once: `--yes`, or a person who says so after the count."""
    if chosen.count < BULK or getattr(args, "yes", True):
        return True
    question = f"{args.verb}: {chosen.count:,} alerts at once"
    if streams.ask is None:
        raise UsageWrong(f"{chosen.count:,} alerts at once; --yes says that this is meant")
    return streams.ask(f"{question}; go on? [y/N] ").strip().casefold() in {"y", "yes"}


def config_and_rest(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """CONFIG, where the first word is one, and the rest. A word that is a file, or looks like a path, is one."""
    first = words[0] if words else None
    if first is not None and is_plain(first) and (_looks_like_path(first) or os.path.lexists(first)):
        return first, list(words[1:])
    return None, list(words)


def _looks_like_path(word: str) -> bool:
    return "/" in word or word.endswith((".yaml", ".yml"))


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _dumped(document: object) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
