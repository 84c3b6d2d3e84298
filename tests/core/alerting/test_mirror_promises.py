"""What holds of mirrors whatever happens in between: leaders killed at any point, answers lost, an Alertmanager that
forgets. In the end each acknowledgement has one silence there, and nothing else of ours is."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.book import Book
from opsdash.core.alerting.codec import book_after, removed, written
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.hubs import Foreign
from opsdash.core.alerting.marks import Ack, Silence
from opsdash.core.alerting.mirror import mirror_written
from opsdash.core.alerting.mirroring import GOSSIP_S, due, ended, is_its, lost, made, planned, to_put
from opsdash.core.alerting.spec import AlertingSpec
from opsdash.core.documents import Changes, Document
from opsdash.core.metrics.labels import labels_of
from tests.fakes.hub import foreign

ALERTS = tuple(
    replace(foreign(labels_of({"alertname": "A", "n": str(number)})), hubs=("am",), origin="am") for number in range(3)
)
SPEC = AlertingSpec()
STEPS = st.one_of(
    st.tuples(st.sampled_from(["ack", "unack", "assign"]), st.integers(0, 2)),
    st.tuples(st.just("look"), st.integers(0, 6)),
    st.tuples(st.just("forget"), st.just(0)),
)


class Life:
    """A store, an Alertmanager, and leaders that die after so many of their steps."""

    def __init__(self) -> None:
        self.book = Book()
        self.there: dict[str, Silence] = {}
        self.ids, self.tokens = count(), count()
        self.now_s = 10_000.0

    def commit(self, deed: Deed) -> None:
        revision = self.book.revision + 1
        documents = tuple(
            Document(kind=each.kind, key=each.key, version=revision, body=each.body) for each in deed.writes
        )
        self.book = book_after(self.book, Changes(revision=revision, documents=documents))

    def ack(self, alert: Alert, owner: str) -> None:
        mark = Ack(
            fingerprint=alert.fingerprint, episode=alert.episode, owner=owner, by=owner, at_s=self.now_s,
            expires_at_s=self.now_s + 100_000, severity=alert.severity, value=0.0, origin="am",
        )  # fmt: skip
        self.commit(Deed(writes=(written(mark),)))

    def foreign(self) -> Foreign:
        return Foreign(alerts=ALERTS, silences=tuple(self.there.values()), clusters=(("am",),))

    def look(self, lives_for: int) -> None:
        """As the leader: each write and each request is a step, and it may die after any of them."""
        plans = planned(self.book, SPEC, self.foreign(), now_s=self.now_s, new_token=lambda: f"t{next(self.tokens)}")
        deeds = [Deed(writes=tuple(map(mirror_written, plans)))]
        deeds += lost(self.book, self.foreign(), {"am": self.now_s}, now_s=self.now_s)
        for deed in deeds[:lives_for]:
            self.commit(deed)
        left = lives_for - len(deeds)
        for mirror in due(self.book.mirrors.values()) if left > 0 else ():
            found = [each for each in self.there.values() if is_its(mirror, each)]
            if mirror.is_ending:
                for each in found:
                    self.there[each.id] = replace(each, ends_at_s=min(each.ends_at_s, self.now_s))
                outcome = ended(self.book, mirror, now_s=self.now_s)
            else:
                outcome = made(self.book, mirror, self.put(to_put(mirror, found, "am")), now_s=self.now_s)
            left -= 2
            if left < 0:
                return
            self.commit(outcome)

    def put(self, silence: Silence) -> str:
        there = silence.id or f"id{next(self.ids)}"
        self.there[there] = replace(silence, id=there, origin="am")
        return there


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_in_the_end_each_acknowledgement_has_one_silence_there_and_nothing_else(
    steps: list[tuple[str, int]],
) -> None:
    life = Life()
    for what, number in steps:
        life.now_s += 5.0
        match what:
            case "ack" | "assign":
                life.ack(ALERTS[number], "mina" if what == "ack" else "jun")
            case "unack":
                life.commit(Deed(writes=(removed("ack", ALERTS[number].fingerprint),)))
            case "forget":
                life.there.clear()
            case _:
                life.look(number)
    for _ in range(3):
        life.now_s += GOSSIP_S + 1
        life.look(1_000)

    active = [each for each in life.there.values() if each.is_active(life.now_s)]
    assert sorted(_number(each) for each in active) == sorted(
        dict(alert.labels)["n"] for alert in ALERTS if alert.fingerprint in life.book.acks
    )
    owners = {_number(each): each.by for each in active}
    for alert in ALERTS:
        ack = life.book.acks.get(alert.fingerprint)
        assert ack is None or owners[dict(alert.labels)["n"]] == ack.owner
    assert len(life.book.mirrors) == len(life.book.acks)


def _number(silence: Silence) -> str:
    return next(matcher.value for matcher in silence.matchers if matcher.name == "n")
