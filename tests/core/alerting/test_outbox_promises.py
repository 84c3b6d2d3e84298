"""Whatever happens to alerts, owners, silences and endpoints: what was told is in the end what there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.alert import Alert
from opsdash.core.alerting.marks import Silence
from opsdash.core.alerting.matchers import Matcher
from tests.core.alerting.test_outbox import Outbox
from tests.fakes import books
from tests.fakes.books import NOW_S

RULES = 30
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fire", "over", "take", "give", "silence", "deliver", "lose", "deliver"]),
        st.integers(0, RULES - 1),
        st.integers(1, 30),
    ),
    max_size=40,
)


class Town:
    """Thirty rules with one alert each, and what one notifier is told of them."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.fires: dict[int, Alert] = {}
        self.owned: set[int] = set()
        self.silenced: set[int] = set()

    def do(self, what: str, number: int) -> None:
        match what:
            case "fire":
                self.fires.setdefault(number, books.alert(f"Rule{number}", fired_at_s=self.outbox.now_s))
            case "over":
                self.fires.pop(number, None)
            case "take":
                self.owned.add(number)
            case "give":
                self.owned.discard(number)
            case "silence":
                self.silenced ^= {number}
            case "deliver":
                self.outbox.deliver()
            case "lose":
                self.outbox.fail()

    def pass_by(self, seconds: float) -> None:
        self.outbox.now_s += seconds
        values: list[object] = list(self.fires.values())
        values += [books.ack(self.fires[at], expires_at_s=NOW_S + 1e6) for at in self.owned & set(self.fires)]
        names = "|".join(f"Rule{number}" for number in self.silenced)
        hides = Silence(
            id="s", matchers=(Matcher(name="alertname", op="=~", value=names),), starts_at_s=0, ends_at_s=NOW_S * 2,
            by="mina", comment="", created_at_s=0,
        )  # fmt: skip
        self.outbox.plan(*values, *([hides] if self.silenced else []))

    def becomes_calm(self) -> None:
        for _ in range(6):
            self.outbox.deliver()
            self.pass_by(61)


@given(STEPS)
def test_in_the_end_what_was_told_is_what_there_is(steps: list[tuple[str, int, int]]) -> None:
    town = Town()
    for what, number, seconds in steps:
        town.do(what, number)
        town.pass_by(seconds)
    town.becomes_calm()
    threads = town.outbox.threads.values()
    assert all(thread.intent is None for thread in threads), "nothing is said for ever"
    told = {one.alert.name: one for thread in threads for one in thread.told.values()}
    assert len(told) == sum(len(thread.told) for thread in threads), "each alert in one thread"
    assert set(told) <= {f"Rule{number}" for number in town.fires}, "each end is told"
    for number in set(town.fires) - town.silenced - town.owned:
        one = told[f"Rule{number}"]
        assert (one.kind, one.alert.episode) == ("firing", town.fires[number].episode), "nothing is lost"
