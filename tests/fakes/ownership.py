"""Ownership that asks no store: it notes what it was told and answers by heart."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher, Matchers, all_match
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.audit import GENESIS, Entry, NewEntry, chained


@dataclass(eq=False)
class ScriptedOwnership:
    """Does what `Ownership` promises, without doing it."""

    picture: AlertsPicture
    calls: list[tuple[object, ...]] = field(default_factory=list)
    error: Exception | None = None
    entries: tuple[Entry, ...] = ()
    page: int = 20
    slow: asyncio.Event | None = None
    """A deed waits for it."""
    looked_at: frozenset[str] = frozenset()
    done: int = 0
    heard_count: int = 0

    async def acknowledge(self, fingerprints: Collection[str], *, note: str = "", for_s: float | None = None) -> str:
        return await self._told("acknowledge", tuple(fingerprints), note, for_s)

    async def unacknowledge(self, fingerprints: Collection[str]) -> str:
        return await self._told("unacknowledge", tuple(fingerprints))

    async def assign(self, fingerprints: Collection[str], owner: str, *, note: str = "") -> str:
        return await self._told("assign", tuple(fingerprints), owner, note)

    async def note(self, fingerprints: Collection[str], text: str) -> str:
        return await self._told("note", tuple(fingerprints), text)

    async def escalate(self, fingerprints: Collection[str], *, note: str = "") -> str:
        return await self._told("escalate", tuple(fingerprints), note)

    async def silence(
        self, matchers: Matchers, *, for_s: float, comment: str, starts_in_s: float = 0.0, everything: bool = False
    ) -> str:
        return await self._told("silence", matchers, for_s, comment, starts_in_s, everything)

    async def extend(self, silence_id: str, for_s: float) -> str:
        return await self._told("extend", silence_id, for_s)

    async def expire(self, silence_id: str) -> str:
        return await self._told("expire", silence_id)

    def hidden_by(self, matchers: Matchers) -> tuple[AlertLine, ...]:
        self.calls.append(("hidden_by", matchers))
        return tuple(line for line in self.picture.lines if all_match(matchers, line.alert.labels))

    def proposed(self, fingerprint: str) -> Silence | None:
        line = next((line for line in self.picture.lines if line.alert.fingerprint == fingerprint), None)
        if line is None:
            return None
        now = self.picture.at_s
        lasting = tuple(pair for pair in line.alert.labels if pair[0] != "pod")
        matchers = tuple(Matcher(name=name, op="=", value=value) for name, value in lasting)
        return Silence(
            id="", matchers=matchers, starts_at_s=now, ends_at_s=now + 7200, by="mina", comment="", created_at_s=now
        )

    async def timeline(self, fingerprint: str, *, before_seq: int | None = None) -> tuple[Entry, ...]:
        self.calls.append(("timeline", fingerprint, before_seq))
        if self.error is not None:
            raise self.error
        older = [entry for entry in self.entries if before_seq is None or entry.seq < before_seq]
        return tuple(sorted(older, key=lambda entry: -entry.seq))[: self.page]

    def look_at(self, fingerprints: Collection[str]) -> None:
        self.looked_at = frozenset(fingerprints)

    def heard(self) -> None:
        self.heard_count += 1

    async def _told(self, verb: str, *what: object) -> str:
        self.calls.append((verb, *what))
        if self.slow is not None:
            await self.slow.wait()
        if self.error is not None:
            raise self.error
        self.done += 1
        return f"{verb}: done"


def entries_of(subject: str, at_s: float, count: int = 4) -> tuple[Entry, ...]:
    """A history: it fired, was owned, noted, …, in turn; the oldest first."""
    kinds = (
        ("alert.pending", "opsdash", "over 5% for the first time"),
        ("alert.firing", "opsdash", "5.8% > 5%"),
        ("mark.acknowledged", "mina", "acknowledged until 18:02: looking"),
        ("mark.noted", "jun", "the payments pool is full"),
        ("notify.sent", "opsdash", "told slack"),
    )
    found: list[Entry] = []
    previous = GENESIS
    for number in range(count):
        kind, actor, text = kinds[number % len(kinds)]
        new = NewEntry(kind=kind, subject=subject, actor=actor, at_s=at_s - 60.0 * (count - number), text=text)
        found.append(chained(previous, number + 1, new))
        previous = found[-1].hash
    return tuple(found)
