"""Alerts for `opsdash once`: what the store says where somebody evaluates, else one evaluation of every rule."""

from __future__ import annotations

from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after
from opsdash.core.alerting.deed import Deed, joined
from opsdash.core.alerting.machine import advance, restored
from opsdash.core.alerting.round_deed import deed_of
from opsdash.core.alerting.rules import AlertRule, BurnRate
from opsdash.core.alerting.slo_status import slo_status
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.alerting.templates import expand
from opsdash.core.documents import Changes, Document
from opsdash.core.errors import StoreUnavailable, StoreUnusable
from opsdash.engine.alerts.looking import Looking
from opsdash.ports import StateStore

FRESH_INTERVALS = 3.0
"""Rules that somebody evaluated so many intervals ago at most are taken from the store."""


async def stored_book(store: StateStore) -> tuple[Book, str]:
    """What the store has, and what is wrong with it; marks are as they are there, also without a leader."""
    try:
        await store.open()
        return book_after(Book(), await store.changes(0)), ""
    except (StoreUnavailable, StoreUnusable) as error:
        return Book(), error.message


async def book_once(spec: AlertingSpec, book: Book, looking: Looking, at_s: float) -> Book:
    """The book with every rule evaluated at `at_s` that nobody evaluated just before. Nothing is written.

    A rule with `for` goes on from what the store says; without anything there, what is wrong now is pending.
    """
    due = [rule for group in spec.groups for rule in group.rules if not _is_fresh(book, rule, at_s)]
    seen = await looking.look(due, at_s)
    deeds: list[Deed] = []
    for rule, what in zip(due, seen, strict=True):
        own = [alert for alert in book.alerts.values() if alert.rule == rule.id]
        state = restored(rule, own, at_s=at_s, health=book.health.get(rule.id))
        after, transitions = advance(rule, state, what, at_s=at_s, expand=expand)
        condition = rule.condition
        slo = next((each for each in spec.slos if isinstance(condition, BurnRate) and each.name == condition.slo), None)
        status = slo_status(slo, condition, what, at_s=at_s) if slo and isinstance(condition, BurnRate) else None
        deeds.append(deed_of(transitions, after.health, status))
    writes = joined(deeds, told=" ").writes
    documents = tuple(Document(kind=write.kind, key=write.key, version=0, body=write.body) for write in writes)
    return book_after(book, Changes(revision=book.revision, documents=documents))


def _is_fresh(book: Book, rule: AlertRule, at_s: float) -> bool:
    health = book.health.get(rule.id)
    return health is not None and 0 <= at_s - health.evaluated_at_s <= FRESH_INTERVALS * rule.interval_s
