"""The rate of a notifier: never over it, nothing waits for ever, and what is urgent comes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting.notice import NoticeKind
from opsdash.core.alerting.outbox import Intent, Thread, Told
from opsdash.core.alerting.pacing import AT_ONCE, PATIENCE, WINDOW_S, Pace, next_ones, pace_of
from opsdash.core.alerting.severity import Severity
from tests.fakes.books import NOW_S, alert


def thread(name: str, kind: NoticeKind = "firing", *, made_s: float = 0.0, severity: int = 3) -> Thread:
    about = alert(name, severity=Severity(severity))
    made_at_s = NOW_S + made_s
    intent = Intent(key=name, kind=kind, alerts=(about,), made_at_s=made_at_s, next_at_s=made_at_s)
    return Thread(notifier="hook", thread=name, group=(), intent=intent)


@given(st.integers(1, 60), st.lists(st.floats(0.0, 40.0), min_size=1, max_size=80))
def test_in_no_minute_are_there_more_than_the_rate(rate: int, gaps: list[float]) -> None:
    pace, now_s, sent = Pace(), NOW_S, list[float]()
    waiting = [thread(f"t{number}") for number in range(AT_ONCE)]
    for gap in gaps:
        now_s += gap
        chosen = len(next_ones(waiting, "hook", pace, float(rate), now_s))
        pace = pace.after(chosen, now_s)
        sent += [now_s] * chosen
    assert sent
    for begin in sent:
        assert sum(1 for at_s in sent if begin <= at_s < begin + WINDOW_S) <= rate


def test_nothing_is_sent_over_the_rate_and_the_next_minute_goes_on() -> None:
    pace = Pace().after(30, NOW_S)
    waiting = [thread("t")]
    assert next_ones(waiting, "hook", pace, 30.0, NOW_S + WINDOW_S - 0.001) == []
    assert next_ones(waiting, "hook", pace, 30.0, NOW_S + WINDOW_S) == waiting


def test_what_fires_comes_before_what_is_over_and_the_worst_first() -> None:
    waiting = [thread("over", "resolved"), thread("low", severity=2), thread("bad", made_s=5.0), thread("worse")]
    found = next_ones(waiting, "hook", Pace(), 3.0, NOW_S + 10)
    assert [one.thread for one in found] == ["worse", "bad", "low"]


def test_the_one_that_waits_longest_has_its_turn_in_any_storm() -> None:
    pace, now_s, sent = Pace(), NOW_S + 1.0, list[str]()
    old = thread("old", "resolved")
    for number in range(PATIENCE):
        chosen = next_ones([old, thread(f"new{number}", made_s=1.0)], "hook", pace, 1.0, now_s)
        pace = pace.after(len(chosen), now_s)
        sent += [one.thread for one in chosen]
        now_s += WINDOW_S
    assert sent.count("old") == 1


def test_a_message_is_not_sent_before_its_time_nor_anothers() -> None:
    assert next_ones([thread("later", made_s=5.0)], "hook", Pace(), 30.0, NOW_S) == []
    assert next_ones([thread("t")], "mail", Pace(), 30.0, NOW_S) == []


def test_the_next_leader_goes_on_with_the_rate_as_the_outbox_tells_it() -> None:
    about = alert()
    told = {about.fingerprint: Told(alert=about, kind="firing", at_s=NOW_S - 5)}
    threads = [
        Thread(notifier="hook", thread=f"t{number}", group=(), told=told) for number in range(29)
    ]  # fmt: skip
    assert pace_of(threads, "hook", NOW_S).free(30.0, NOW_S) == 1
    assert pace_of(threads, "hook", NOW_S + 60).free(30.0, NOW_S) == 30
    assert pace_of(threads, "mail", NOW_S).free(30.0, NOW_S) == 30
