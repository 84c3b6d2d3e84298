"""What operators do with alerts: each verb decides on the book, and the ledger commits it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo

from opsdash.core.alerting import ownership, silencing
from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import seen_operator
from opsdash.core.alerting.deed import Deed, signed
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.overtaking import overtaken_by
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.audit import Entry
from opsdash.core.errors import Overtaken, Refused
from opsdash.engine.alerts.hubs import Hubs
from opsdash.engine.alerts.ledger import Ledger

PAGE = 200
"""Entries of a timeline at a time."""


class Ownership:
    """One operator at one screen. Raises what `opsdash.ui.engine_port.Ownership` says."""

    def __init__(  # noqa: PLR0913
        self,
        ledger: Ledger,
        *,
        operator: str,
        login: str,
        zone: tzinfo | None = None,
        is_operator: Callable[[str], bool] = bool,
        picture: Callable[[], AlertsPicture],
        spec: Callable[[], AlertingSpec],
        look_at: Callable[[Collection[str]], None],
        hubs: Hubs,
    ) -> None:
        """`operator` acts, `login` is who logged in; `is_operator` says whether there is such a user."""
        self._ledger = ledger
        self._operator = operator
        self._login = login
        self._zone = zone
        self._is_operator = is_operator
        self._picture = picture
        self._spec = spec
        self._look_at = look_at
        self._hubs = hubs

    async def acknowledge(self, fingerprints: Collection[str], *, note: str = "", for_s: float | None = None) -> str:
        """Owns these alerts."""
        now_s = self._ledger.now_s()
        return await self._commit(
            lambda: ownership.acknowledge(
                self._ledger.book,
                self._spec(),
                fingerprints,
                by=self._operator,
                now_s=now_s,
                note=note,
                for_s=for_s,
                foreign=self._foreign(),
                zone=self._zone,
            ),
            is_safe_again=True,
        )

    async def unacknowledge(self, fingerprints: Collection[str]) -> str:
        """Gives them back."""
        return await self._commit(
            lambda: ownership.unacknowledge(
                self._ledger.book,
                self._spec(),
                fingerprints,
                by=self._operator,
                now_s=self._ledger.now_s(),
                foreign=self._foreign(),
            )
        )

    async def assign(self, fingerprints: Collection[str], owner: str, *, note: str = "") -> str:
        """Makes somebody the owner."""
        return await self._commit(
            lambda: ownership.assign(
                self._ledger.book,
                self._spec(),
                fingerprints,
                owner,
                by=self._operator,
                now_s=self._ledger.now_s(),
                note=note,
                foreign=self._foreign(),
                zone=self._zone,
                is_operator=self._is_operator,
            )
        )

    async def note(self, fingerprints: Collection[str], text: str) -> str:
        """Writes beside them."""
        return await self._commit(
            lambda: ownership.note(
                self._ledger.book,
                self._spec(),
                fingerprints,
                text,
                by=self._operator,
                now_s=self._ledger.now_s(),
                foreign=self._foreign(),
            ),
            is_safe_again=True,
        )

    async def escalate(self, fingerprints: Collection[str], *, note: str = "") -> str:
        """Hands them to the next level."""
        return await self._commit(
            lambda: ownership.escalate(
                self._ledger.book,
                self._spec(),
                fingerprints,
                by=self._operator,
                now_s=self._ledger.now_s(),
                note=note,
                foreign=self._foreign(),
            )
        )

    async def silence(
        self, matchers: Matchers, *, for_s: float, comment: str, starts_in_s: float = 0.0, everything: bool = False
    ) -> str:
        """Hides what matches, for a while."""
        return await self._commit(
            lambda: silencing.silence(
                self._ledger.book,
                self._spec(),
                matchers,
                by=self._operator,
                now_s=self._ledger.now_s(),
                for_s=for_s,
                comment=comment,
                starts_in_s=starts_in_s,
                everything=everything,
                foreign=self._foreign(),
                zone=self._zone,
            )
        )

    async def extend(self, silence_id: str, for_s: float) -> str:
        """Lets a silence last longer."""
        book, now_s = self._ledger.book, self._ledger.now_s()
        return await self._commit(
            lambda: silencing.extend(
                book, silence_id, for_s, by=self._operator, now_s=now_s, zone=self._zone, foreign=self._held(book)
            )
        )

    async def expire(self, silence_id: str) -> str:
        """Ends a silence now."""
        book, now_s = self._ledger.book, self._ledger.now_s()
        return await self._commit(
            lambda: silencing.expire(book, silence_id, by=self._operator, now_s=now_s, foreign=self._held(book))
        )

    def hidden_by(self, matchers: Matchers) -> tuple[AlertLine, ...]:
        """The preview of a silence."""
        return silencing.hidden_by(self._picture().lines, matchers)

    def proposed(self, fingerprint: str) -> Silence | None:
        """The silence that is offered for an alert."""
        alert = self._ledger.book.alerts.get(fingerprint)
        if alert is None:
            alert = next((each for each in self._foreign() if each.fingerprint == fingerprint), None)
        if alert is None:
            return None
        return silencing.proposed(alert, by=self._operator, now_s=self._ledger.now_s())

    async def timeline(self, fingerprint: str, *, before_seq: int | None = None) -> tuple[Entry, ...]:
        """The newest entries about one alert, newest first."""
        return await self._ledger.store.entries(subject=fingerprint, before_seq=before_seq, limit=PAGE)

    def heard(self) -> None:
        """A key was pressed: this operator is there, and what they own stays theirs."""
        self._ledger.write_beside(seen_operator(self._operator, self._ledger.now_s()))

    def look_at(self, fingerprints: Collection[str]) -> None:
        """These are on the screen."""
        self._look_at(fingerprints)

    def _foreign(self) -> tuple[Alert, ...]:
        return self._hubs.alerts(self._ledger.book)

    def _held(self, book: Book) -> tuple[Silence, ...]:
        return self._hubs.silences(book)

    async def _commit(self, decide: Callable[[], Deed], *, is_safe_again: bool = False) -> str:
        """Decides and commits; once more on what there is by then, where that takes nothing from anybody else."""
        try:
            return await self._sent(decide())
        except Overtaken as overtaken:
            words = overtaken_by(self._ledger.book, overtaken.kind, overtaken.key)
            if not is_safe_again and not self._is_nobody_elses(overtaken):
                raise Refused(words) from overtaken
        try:
            return await self._sent(decide())
        except (Overtaken, Refused) as again:
            raise Refused(words) from again

    def _is_nobody_elses(self, overtaken: Overtaken) -> bool:
        """Whether it was an acknowledgement that ended by itself, or is this operator's own, made elsewhere."""
        ack = self._ledger.book.acks.get(overtaken.key)
        return overtaken.kind == "ack" and (ack is None or ack.by == ack.owner == self._operator)

    async def _sent(self, deed: Deed) -> str:
        seen = seen_operator(self._operator, self._ledger.now_s())
        return await self._ledger.commit(signed(deed, self._login), actor_seen=seen)
