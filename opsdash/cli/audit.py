"""`opsdash audit`: the history of alerts and of everything that operators did, and the proof that nobody changed it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.resources import find_config
from opsdash.cli.store import build_store, store_url
from opsdash.cli.wiring import Wiring
from opsdash.cli.zone import zone_of
from opsdash.core.audit import GENESIS, Break, Entry, first_break
from opsdash.core.view.export.alerts_text import timeline_text
from opsdash.core.view.export.json_alerts import entry_document
from opsdash.ports import StateStore

SHOWN = 50
PAGE = 10_000
"""Entries that are verified at a time: a million of them take no more memory than that."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash audit` takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser("show", help="the newest entries", description="The newest entries, newest last.")
    show.add_argument("config", nargs="?", metavar="CONFIG", help="a file, or a folder of files")
    show.add_argument("--subject", metavar="ID", help="only about this alert (its fingerprint) or silence (its id)")
    show.add_argument("--limit", type=int, default=SHOWN, metavar="N", help=f"how many; default {SHOWN}")
    show.add_argument("--json", action="store_true", help="as JSON")
    verify = verbs.add_parser("verify", help="whether it is whole", description="Whether nobody changed the log.")
    verify.add_argument("config", nargs="?", metavar="CONFIG", help="a file, or a folder of files")
    verify.add_argument("--head", metavar="HASH", help="a hash that was noted earlier: it has to be in the log still")


def run(args: argparse.Namespace) -> int:
    """0, or 1 where the log was changed. Raises what the store raises."""
    wiring = Wiring()
    board = wiring.load_board(find_config(args.config, os.environ, Path.cwd()))
    store = build_store(store_url(board, os.environ), wiring.clock)
    return asyncio.run(_with(store, args, board.timezone))


async def _with(store: StateStore, args: argparse.Namespace, timezone: str) -> int:
    try:
        await store.open()
        if args.verb == "show":
            return await _show(store, args, timezone)
        return await _verify(store, args.head)
    finally:
        await store.aclose()


async def _show(store: StateStore, args: argparse.Namespace, timezone: str) -> int:
    entries = tuple(reversed(await store.entries(subject=args.subject, limit=max(args.limit, 1))))
    if args.json:
        documents = [{**entry_document(each), "subject": each.entry.subject, "hash": each.hash} for each in entries]
        print(json.dumps({"entries": documents}, indent=2, ensure_ascii=False))
    else:
        print(timeline_text(entries, zone_of(timezone)), end="")
    return ExitCode.OK


async def _verify(store: StateStore, noted: str | None) -> int:
    found = await verified(store, noted)
    if isinstance(found, Break):
        print(f"entry {found.seq}: {found.why}")
        return ExitCode.WARNING
    count, head = found
    print(f"{count:,} entries, none changed; head {head}")
    return ExitCode.OK


async def verified(store: StateStore, noted: str | None = None) -> tuple[int, str] | Break:
    """How many entries there are and the hash of the last; or the first that is not what was written.

    `noted`: a hash that somebody kept elsewhere. Who can write the file can also write a whole new chain; only a hash
    that is kept where they cannot shows that.
    """
    seq, digest, is_noted = 0, GENESIS, noted is None
    async for page in _pages(store):
        broken = first_break(page, previous=digest, after_seq=seq)
        if broken is not None:
            return broken
        seq, digest = page[-1].seq, page[-1].hash
        is_noted = is_noted or any(entry.hash == noted for entry in page)
    kept_seq, kept = await store.head()
    if (kept_seq, kept) != (seq, digest):
        return Break(seq=seq + 1, why=f"the log ends before it; entry {kept_seq} was the last one written")
    if not is_noted:
        return Break(seq=seq, why="the hash that was noted is not in the log: it was written anew")
    return seq, digest


async def _pages(store: StateStore) -> AsyncIterator[tuple[Entry, ...]]:
    seq = 0
    while page := await store.chain(after_seq=seq, limit=PAGE):
        yield page
        seq = page[-1].seq
