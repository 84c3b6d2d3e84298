"""The alerts of `opsdash once`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from opsdash.cli.store import build_store, store_url
from opsdash.cli.wiring import Wiring
from opsdash.cli.zone import zone_of
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.hubs import Foreign, without_ours
from opsdash.core.alerting.mirroring import shown_silences
from opsdash.core.alerting.picture import AlertsPicture
from opsdash.core.alerting.pictured import pictured
from opsdash.core.text import clean
from opsdash.core.view.board import Board
from opsdash.engine.alerts.hubs_once import foreign_once
from opsdash.engine.alerts.looking import Looking
from opsdash.engine.alerts.once import book_once, stored_book
from opsdash.ports import Source


async def alerts_once(wiring: Wiring, board: Board, sources: Mapping[str, Source], at_s: float | None) -> AlertsPicture:
    """The alerts now, or as one evaluation sees them at an earlier time."""

    spec, now_s = board.alerting, wiring.clock.now_s()
    book, trouble = Book(), ""
    foreign = Foreign()
    if at_s is None:
        store = build_store(store_url(board, os.environ), wiring.clock)
        try:
            book, trouble = await stored_book(store)
        finally:
            await store.aclose()
        foreign, troubles = await foreign_once(spec, wiring.build_hub, now_s)
        for each in troubles:
            print(f"opsdash once: {clean(each)}; its alerts are not known", file=sys.stderr)
    looking = Looking(sources, wiring.clock, {source.name: source.timeout_s for source in board.sources})
    book = await book_once(spec, book, looking, now_s if at_s is None else at_s)
    if trouble:
        print(f"opsdash once: {clean(trouble)}; marks are not known", file=sys.stderr)
    return pictured(
        book,
        spec,
        now_s=now_s if at_s is None else at_s,
        operator="",
        foreign=without_ours(foreign, book.alerts, spec.send_to),
        foreign_silences=shown_silences(foreign.silences, book.mirrors.values()),
        zone_of=zone_of,
    )
